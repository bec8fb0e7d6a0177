/** Bearer tokens of an OpenID Connect provider. @module */
import { createRemoteJWKSet, errors, jwtVerify, type JWTVerifyGetKey } from "jose";
import { z } from "zod";
import { messageOf, PlumbError } from "../errors.ts";
import { ServeError } from "./errors.ts";
import type { Person } from "./identity.ts";

/** Whose tokens are believed. */
export interface IssuerOptions {
  /** As the tokens say it: `https://auth.example.com/realms/thinkube`. */
  readonly issuer: string;
  /** Whom the tokens must be for. */
  readonly audience: string;
}

/** Signatures that only the issuer can make: none with a shared secret, and not `none`. */
const ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "EdDSA",
];
const MAX_TOKEN = 16 * 1024;
const PATIENCE_MILLISECONDS = 10_000;

const discovery = z.object({ issuer: z.string(), jwks_uri: z.url() });
const claims = z.object({
  sub: z.string().optional(),
  preferred_username: z.string().optional(),
  email: z.string().optional(),
  groups: z.array(z.string()).max(1_000).optional(),
});

/** Judges bearer tokens. */
export type Bearer = (token: string) => Promise<Person>;

/**
 * Believes the tokens of one issuer, by the keys that it publishes. They are fetched with the first token.
 *
 * @throws {PlumbError} `usage` for an issuer that is not reached by https.
 */
export function bearerOf({ issuer, audience }: IssuerOptions): Bearer {
  const { protocol, hostname } = new URL(issuer);
  if (protocol !== "https:" && !["127.0.0.1", "localhost", "[::1]"].includes(hostname)) {
    throw new PlumbError("usage", `The issuer ${issuer} is not reached by https`, {
      hint: "Whoever stands between could hand out keys of his own.",
    });
  }
  let keys: Promise<JWTVerifyGetKey> | undefined;
  return async (token) => {
    if (token.length > MAX_TOKEN) throw wrong("it is too long");
    keys ??= keysOf(issuer);
    let getKey: JWTVerifyGetKey;
    try {
      getKey = await keys;
    } catch (cause) {
      keys = undefined;
      throw new PlumbError("issuer-unreachable", `The issuer can't be asked: ${messageOf(cause)}`, {
        place: { url: issuer },
        hint: "Check --oidc-issuer, and that this machine reaches it.",
        cause,
      });
    }
    try {
      const { payload } = await jwtVerify(token, getKey, {
        issuer,
        audience,
        algorithms: ALGORITHMS,
        requiredClaims: ["exp"],
        clockTolerance: 30,
      });
      const { sub, preferred_username, email, groups = [] } = claims.parse(payload);
      const name = preferred_username ?? email ?? sub;
      if (name === undefined) throw wrong("it names nobody");
      return { name, groups: groups.map((group) => group.replace(/^\//, "")) };
    } catch (error) {
      if (error instanceof ServeError) throw error;
      if (error instanceof errors.JOSEError || error instanceof z.ZodError) {
        throw wrong(reasonOf(error));
      }
      throw error;
    }
  };
}

async function keysOf(issuer: string): Promise<JWTVerifyGetKey> {
  const address = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const answer = await fetch(address, {
    redirect: "error",
    signal: AbortSignal.timeout(PATIENCE_MILLISECONDS),
  });
  const told = discovery.parse(await answer.json());
  if (told.issuer !== issuer) throw new Error(`it calls itself ${told.issuer}`);
  return createRemoteJWKSet(new URL(told.jwks_uri), { timeoutDuration: PATIENCE_MILLISECONDS });
}

/** Nothing of the token itself. */
function reasonOf(error: Error): string {
  if (error instanceof errors.JWTExpired) return "it has expired";
  if (error instanceof errors.JWTClaimValidationFailed) return `its ${error.claim} is not right`;
  return error instanceof z.ZodError ? "its claims are not as expected" : "it is not of the issuer";
}

function wrong(reason: string): ServeError {
  return new ServeError("wrong-token", `The bearer token is not accepted: ${reason}`, {
    hint: "Get a new one from the issuer, for the audience of --oidc-audience.",
  });
}
