/** Who asks, and what he may. @module */
import { createHmac, randomBytes } from "node:crypto";
import type { Bearer } from "./bearer.ts";
import type { Me, Role } from "./contract.ts";
import { ServeError } from "./errors.ts";
import { hostOf } from "./guard.ts";
import { isLoopback, type Range } from "./network.ts";
import { isSame, type Sessions } from "./sessions.ts";

/** Somebody, as a token or a proxy names him. */
export interface Person {
  readonly name: string;
  readonly groups: readonly string[];
}

/** Somebody who asks. */
export interface Visitor extends Person {
  readonly role: Role;
  readonly by: Me["by"];
  /** What proves that a request was made by the page, and not by another one with the same cookie. */
  readonly csrf: string;
}

/** How people are known, and what they may. */
export interface Access {
  /** Whether the server listens on loopback only: then who is on this machine may look. */
  readonly loopback: boolean;
  /** Sessions of the printed token, where there is one. */
  readonly sessions?: Sessions | undefined;
  /** Who has printed it. */
  readonly owner: string;
  readonly bearer?: Bearer | undefined;
  /** Addresses whose headers X-Auth-Request-* are believed. */
  readonly proxies?: Range | undefined;
  /** Groups whose members may look; everybody who is known, if there is none. */
  readonly viewers: readonly string[];
  /** Groups whose members may act. */
  readonly operators: readonly string[];
}

/** Name of the cookie. Cookies don't know ports, and there may be several dashboards on one machine. */
export function cookieName(request: Request): string {
  const [, port = ""] = /:(\d+)$/.exec(hostOf(request)) ?? [];
  return port === "" ? "plumb-session" : `plumb-session-${port}`;
}

/** The value of a cookie. */
export function cookieOf(request: Request, name: string): string | undefined {
  const pairs = (request.headers.get("cookie") ?? "").split(";").map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
}

/** Says who asks. */
export type Identify = (request: Request, address: string) => Promise<Visitor>;

/**
 * Knows people by, in this order: a bearer token; the headers of a trusted proxy; the cookie of the printed token;
 * and on loopback as somebody who may look. What is wrong is refused, never passed over.
 */
export function identifyBy(access: Access): Identify {
  const key = randomBytes(32);
  const csrfOf = (by: string, who: string) =>
    createHmac("sha256", key).update(`${by}\n${who}`).digest("base64url");
  return async (request, address) => {
    const authorization = request.headers.get("authorization");
    if (authorization !== null) {
      const person = await byBearer(authorization, access.bearer);
      return { ...person, role: roleOf(person, access), by: "bearer", csrf: "" };
    }
    if (access.proxies?.(address)) {
      const person = byHeaders(request.headers);
      const role = roleOf(person, access);
      return { ...person, role, by: "proxy", csrf: csrfOf("proxy", person.name) };
    }
    const session = cookieOf(request, cookieName(request));
    if (session !== undefined && access.sessions?.has(session)) {
      const person = { name: access.owner, groups: [] };
      return { ...person, role: "operator", by: "start-token", csrf: csrfOf("session", session) };
    }
    if (access.loopback && access.proxies === undefined && isLoopback(address)) {
      const person = { name: "somebody on this machine", groups: [] };
      return { ...person, role: "viewer", by: "nothing", csrf: csrfOf("nothing", "") };
    }
    throw new ServeError("not-signed-in", "Who are you?", { hint: hintFor(access) });
  };
}

/** Refuses what a visitor may not, or what another page made his browser send. */
export function authorize(visitor: Visitor, role: Role, request: Request): void {
  if (role === "operator" && visitor.role !== "operator") {
    throw new ServeError("not-allowed", `${visitor.name} may only look`, {
      hint: visitor.by === "nothing"
        ? "Open the address that the server printed when it started: its token lets you act."
        : "Ask to be put into a group of operators.",
    });
  }
  if (request.method === "GET" || visitor.by === "bearer") return;
  if (!isSame(request.headers.get("x-plumb-csrf") ?? "", visitor.csrf)) {
    throw new ServeError("cross-site", "The request does not carry the page's token", {
      hint: "Send the `csrf` of GET /api/me as the header x-plumb-csrf. Reloading the page helps.",
    });
  }
}

async function byBearer(authorization: string, bearer: Bearer | undefined): Promise<Person> {
  const [, token] = /^Bearer ([^\s,]+)$/i.exec(authorization) ?? [];
  if (bearer === undefined || token === undefined) {
    throw new ServeError("wrong-token", "This authorization is not accepted", {
      hint: bearer === undefined
        ? "The server was started without --oidc-issuer."
        : "Send `authorization: Bearer TOKEN`.",
    });
  }
  return await bearer(token);
}

/** The headers that OAuth2 Proxy answers an `auth_request` with, and no others: only these does the ingress overwrite. */
function byHeaders(headers: Headers): Person {
  const [name, user, groups] = ["preferred-username", "user", "groups"].map((field) =>
    headers.get(`x-auth-request-${field}`)?.trim() ?? ""
  );
  const shown = name || user || "";
  // A header that was sent twice arrives as one, with a comma.
  if (!/^[^,\s\p{C}]{1,200}$/u.test(shown)) {
    throw new ServeError("not-signed-in", "The proxy in front names nobody", {
      hint:
        "Sign in there. The ingress must hand on X-Auth-Request-User and X-Auth-Request-Groups.",
    });
  }
  const list = (groups ?? "").split(",").map((group) => group.trim().replace(/^\//, ""));
  return { name: shown, groups: list.filter((group) => group !== "").slice(0, 1_000) };
}

function roleOf({ name, groups }: Person, { viewers, operators }: Access): Role {
  if (groups.some((group) => operators.includes(group))) return "operator";
  if (viewers.length === 0 || groups.some((group) => viewers.includes(group))) return "viewer";
  throw new ServeError("not-allowed", `${name} is in no group that may look`, {
    hint: `Ask to be put into one of: ${[...viewers, ...operators].join(", ")}.`,
  });
}

function hintFor({ bearer, proxies, sessions }: Access): string {
  if (proxies !== undefined) return "Come through the proxy in front, and sign in there.";
  if (bearer !== undefined) return "Send a bearer token of the issuer.";
  return sessions === undefined
    ? "The server knows nobody: start it with --oidc-issuer or --trust-proxy."
    : "Open the address that the server printed when it started.";
}
