/**
 * Whoever asks: people with a token, and a GitHub App with a key.
 * @module
 */
import { z } from "zod";
import { type Identity, missing, Refusal, type Routes } from "./exchange.ts";
import { nodeId, now, numberOf, ownUser, type Place, user } from "./shapes.ts";

/** A GitHub App that is installed on the repository. */
export interface App {
  readonly id: number;
  /** In PEM, of an RSA key. */
  readonly publicKey: string;
}

const INSTALLATION = 77;
const LIMIT = 5000;
const LIFE = 3_600_000;
const SLUG = "plumb";
const PERMISSIONS = {
  metadata: "read",
  contents: "write",
  pull_requests: "write",
  issues: "write",
  checks: "write",
};

/** What only a key opens. */
export const KEY_ROUTES: readonly string[] = [
  "POST /app/installations/{installation_id}/access_tokens",
  "GET /repos/{owner}/{repo}/installation",
];

/** Who may ask, and how much is left to him. */
export class Access {
  readonly #tokens = new Map<string, { readonly who: Identity; readonly ends: number }>();
  readonly #app: App | undefined;
  used = 0;

  constructor(token: string, who: Identity, app: App | undefined) {
    this.#tokens.set(token, { who, ends: Infinity });
    this.#app = app;
  }

  /** A token for the installed App, as long as GitHub lets it live. */
  issue(): { token: string; ends: number } {
    const token = `ghs_${crypto.randomUUID().replaceAll("-", "")}`;
    const ends = Date.now() + LIFE;
    this.#tokens.set(token, { who: { login: `${SLUG}[bot]`, kind: "app" }, ends });
    return { token, ends };
  }

  /** Who asks for a route; refused when the token isn't known. Absent for nobody. */
  async identify(header: string | null, route: string): Promise<Identity | undefined> {
    const value = header?.match(/^(?:token|bearer) +(\S+)$/i)?.[1];
    if (KEY_ROUTES.includes(route)) {
      await this.#checkKey(value);
      return { login: SLUG, kind: "app" };
    }
    if (header === null) return undefined;
    const known = this.#tokens.get(value ?? "");
    if (known === undefined || known.ends < Date.now()) throw new Refusal(401, "Bad credentials");
    return known.who;
  }

  async #checkKey(token: string | undefined): Promise<void> {
    const undecodable = () => new Refusal(401, "A JSON web token could not be decoded");
    const parts = token?.split(".") ?? [];
    if (this.#app === undefined || parts.length !== 3) throw undecodable();
    const [head, claims, signature] = parts as [string, string, string];
    const [bytes, shown, said] = [signature, head, claims].map(decode);
    const right = bytes !== undefined &&
      await crypto.subtle.verify(
        "RSASSA-PKCS1-v1_5",
        await readKey(this.#app.publicKey),
        bytes,
        new TextEncoder().encode(`${head}.${claims}`),
      );
    const algorithm = z.object({ alg: z.literal("RS256") }).safeParse(read(shown));
    const { success, data } = z.object({
      iss: z.union([z.string(), z.number()]).transform(String),
      iat: z.number(),
      exp: z.number(),
    }).safeParse(read(said));
    if (!right || !algorithm.success || !success || data.iss !== String(this.#app.id)) {
      throw undecodable();
    }
    const seconds = Date.now() / 1000;
    if (data.exp < seconds) {
      throw new Refusal(
        401,
        "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
      );
    }
    if (data.exp > seconds + 600 || data.exp - data.iat > 660) {
      throw new Refusal(401, "'Expiration time' claim ('exp') is too far in the future");
    }
    if (data.iat > seconds + 5) {
      throw new Refusal(
        401,
        "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
      );
    }
  }

  /** How much is left, as it stands in the headers of each answer. */
  get rate(): { limit: number; remaining: number; reset: number; used: number } {
    const reset = Math.ceil(Date.now() / LIFE) * (LIFE / 1000);
    return { limit: LIMIT, remaining: LIMIT - this.used, reset, used: this.used };
  }
}

function decode(part: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.fromBase64(part, { alphabet: "base64url" });
  } catch {
    return undefined;
  }
}

function read(bytes: Uint8Array | undefined): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

async function readKey(pem: string): Promise<CryptoKey> {
  const bytes = Uint8Array.fromBase64(pem.replaceAll(/-----[^-]+-----|\s/g, ""));
  const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  return await crypto.subtle.importKey("spki", bytes, algorithm, false, ["verify"]);
}

/** The App as it stands beside what it made. */
export const appShape = (place: Place, id: number): Record<string, unknown> => ({
  id,
  slug: SLUG,
  node_id: nodeId("A", id),
  owner: user(place, place.owner),
  name: SLUG,
  description: null,
  external_url: "https://example.com",
  html_url: `https://github.com/apps/${SLUG}`,
  created_at: now(),
  updated_at: now(),
  permissions: PERMISSIONS,
  events: [],
});

/** The routes about whoever asks. */
export function accessRoutes(place: Place, access: Access, app: App | undefined): Routes {
  const id = app?.id ?? 1;
  return {
    "GET /user": ({ who }) => {
      if (who.kind === "app") throw new Refusal(403, "Resource not accessible by integration");
      return { status: 200, body: ownUser(place, who) };
    },
    "GET /rate_limit": () => ({
      status: 200,
      body: {
        resources: { core: access.rate, search: access.rate, graphql: access.rate },
        rate: access.rate,
      },
    }),
    [KEY_ROUTES[0]!]: ({ parameters, body }) => {
      if (parameters.installation_id !== String(INSTALLATION)) throw missing();
      const { repositories } = z.object({ repositories: z.array(z.string()).optional() })
        .parse(body ?? {});
      if (repositories?.some((name) => name !== place.name)) {
        throw new Refusal(
          422,
          "There is at least one repository that does not exist or is not accessible to the parent installation.",
        );
      }
      const { token, ends } = access.issue();
      const expires = new Date(ends).toISOString().replace(/\.\d+Z$/, "Z");
      return {
        status: 201,
        body: {
          token,
          expires_at: expires,
          permissions: PERMISSIONS,
          repository_selection: "selected",
        },
      };
    },
    [KEY_ROUTES[1]!]: () => ({
      status: 200,
      body: {
        id: INSTALLATION,
        account: user(place, place.owner),
        repository_selection: "selected",
        access_tokens_url: `${place.api}/app/installations/${INSTALLATION}/access_tokens`,
        repositories_url: `${place.api}/installation/repositories`,
        html_url: `https://github.com/settings/installations/${INSTALLATION}`,
        app_id: id,
        app_slug: SLUG,
        target_id: numberOf(place.owner),
        target_type: "User",
        permissions: PERMISSIONS,
        events: [],
        created_at: now(),
        updated_at: now(),
        single_file_name: null,
        suspended_by: null,
        suspended_at: null,
      },
    }),
  };
}
