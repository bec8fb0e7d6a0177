/** A session at OAuth2 Proxy: its cookie, where it is kept, and that signing out ends it. @module */
import { Buffer } from "node:buffer";
import { z } from "zod";
import { type CheckContext, CheckFailure } from "../check.ts";
import { reached } from "../reached.ts";
import { ValkeyClient, type ValkeyPlace } from "../valkey_client.ts";
import type { Visitor } from "../visitor.ts";

/** What the cookie of a session must be. */
export const cookieSettings = z.strictObject({
  name: z.string(),
  domain: z.string(),
  sameSite: z.enum(["none", "lax", "strict"]).default("none"),
});

interface Settings {
  readonly url: string;
  readonly cookie: z.output<typeof cookieSettings>;
  readonly sessions?: ValkeyPlace | undefined;
}

/**
 * Looks at the session of a visitor who has just signed in, and ends it. An interrupted check ends it, too.
 *
 * @param meanwhile what is to be seen while it lasts.
 * @throws {CheckFailure}
 */
export async function followSession(
  visitor: Visitor,
  given: Settings,
  context: CheckContext,
  meanwhile: () => Promise<void>,
): Promise<void> {
  const cookie = await checkCookie(visitor, given, context);
  const header = `${cookie.key}=${cookie.value}`;
  const state = { ended: false };
  context.cleanup("the session at OAuth2 Proxy", async ({ publicHttp }) => {
    if (state.ended) return;
    await publicHttp(given.url).ask("/oauth2/sign_out", { headers: { cookie: header } });
  });
  const key = given.sessions && sessionKey(cookie.value, given);
  await expectKept(given, key, true, context);
  await meanwhile();
  await signOut(visitor, given);
  state.ended = true;
  await expectKept(given, key, false, context);
  await expectEnded(given, header, context);
  context.evidence("sign-out", "the session is gone, and its cookie opens nothing any more");
}

async function checkCookie(
  visitor: Visitor,
  given: Settings,
  context: CheckContext,
): Promise<{ readonly key: string; readonly value: string }> {
  const { name, domain, sameSite } = given.cookie;
  const cookies = await visitor.jar.getCookies(`${given.url}/`);
  const cookie = cookies.find(({ key }) => key === name || key.startsWith(`${name}_`));
  if (cookie === undefined) {
    throw new CheckFailure(`There is no cookie ${name} after the login`, {
      probably: "OAuth2 Proxy names it otherwise, or sets it for a domain that is not this host's.",
      hint: "Look at --cookie-name and --cookie-domain of OAuth2 Proxy.",
    });
  }
  const wrong = [
    ...(cookie.secure ? [] : ["not Secure"]),
    ...(cookie.httpOnly ? [] : ["not HttpOnly"]),
    ...(cookie.sameSite === sameSite
      ? []
      : [`SameSite=${cookie.sameSite ?? "absent"}, not ${sameSite}`]),
    ...(cookie.domain === domain.replace(/^\./, "") ? [] : [`for ${cookie.domain}, not ${domain}`]),
  ];
  if (wrong.length > 0) {
    throw new CheckFailure(`The cookie ${name} is ${wrong.join(", ")}`, {
      probably: "OAuth2 Proxy's arguments are not those in Git.",
      hint: "Look at its --cookie-* arguments, and reconcile.",
    });
  }
  context.evidence("cookie", `${name}: Secure, HttpOnly, SameSite=${sameSite}, ${domain}`);
  return cookie;
}

/**
 * The key under which OAuth2 Proxy keeps a session: its cookie is a signed ticket, `v2.ID.SECRET` in base64, of which the
 * id is the key. Undefined where the cookie is no ticket, but the session itself.
 *
 * @example
 * ```ts
 * import { ticketId } from "./session.ts";
 * import assert from "node:assert/strict";
 *
 * const ticket = btoa(`v2.${btoa("_oauth2_proxy-0123")}.c2VjcmV0`);
 * assert.equal(ticketId(`${ticket}|1700000000|signature`), "_oauth2_proxy-0123");
 * assert.equal(ticketId(`${btoa("an encrypted session")}|1700000000|signature`), undefined);
 * ```
 */
export function ticketId(cookie: string): string | undefined {
  const ticket = Buffer.from(cookie.split("|")[0] ?? "", "base64").toString();
  const [, id] = /^v2\.([\w-]+=*)\.[\w-]+=*$/.exec(ticket) ?? [];
  if (id !== undefined) return Buffer.from(id, "base64url").toString();
  return /^([\w-]+-[0-9a-f]{32})\.[\w-]+=*$/.exec(ticket)?.[1];
}

function sessionKey(value: string, { cookie }: Settings): string {
  const key = ticketId(decodeURIComponent(value));
  if (key !== undefined) return key;
  throw new CheckFailure(`The cookie ${cookie.name} is no ticket of a session in Valkey`, {
    probably: "OAuth2 Proxy keeps sessions in the cookies themselves: --session-store-type is off.",
    hint: "kubectl get deployment oauth2-proxy -o yaml, and reconcile.",
  });
}

/** What keeps sessions from being kept, in words; undefined where nothing does, or where nobody knows the store. */
export async function storeProblem(
  sessions: ValkeyPlace | undefined,
  context: CheckContext,
): Promise<string | undefined> {
  if (sessions === undefined) return undefined;
  try {
    using client = await ValkeyClient.open(sessions, context);
    await client.ask((redis) => redis.set(`${context.marker}:session`, "word", "PX", 300));
    return undefined;
  } catch (error) {
    if (error instanceof CheckFailure) return error.message;
    throw error;
  }
}

/** The session of this visit is in the store, or no longer. */
async function expectKept(
  { sessions }: Settings,
  key: string | undefined,
  kept: boolean,
  context: CheckContext,
): Promise<void> {
  if (sessions === undefined || key === undefined) return;
  using client = await ValkeyClient.open(sessions, context);
  const found = await client.ask((redis) => redis.exists(key)) === 1;
  if (found !== kept) {
    throw kept
      ? new CheckFailure(`The session of this visit is not in ${sessions.service}`, {
        probably: "OAuth2 Proxy keeps sessions in another Valkey, or this one evicts them at once.",
        hint: "Look at --redis-connection-url of OAuth2 Proxy.",
      })
      : new CheckFailure(`After signing out the session is still in ${sessions.service}`, {
        probably: "OAuth2 Proxy could not delete it: its Valkey takes no writes.",
        hint: "Look at the log of OAuth2 Proxy, and at the memory of its Valkey.",
      });
  }
  if (!kept) return;
  const seconds = await client.ask((redis) => redis.ttl(key));
  context.evidence(
    "session",
    `in ${sessions.service}, for ${Math.round(seconds / 60)} minutes more`,
  );
}

async function signOut(visitor: Visitor, given: Settings): Promise<void> {
  await visitor.ask(`${given.url}/oauth2/sign_out`);
  const { status } = await visitor.ask(`${given.url}/oauth2/auth`);
  if (status === 401) return;
  throw new CheckFailure(`After signing out /oauth2/auth answers ${status}, not 401`, {
    probably: "The cookie was not removed: it was set for another domain than it is removed for.",
    hint: "Look at --cookie-domain of OAuth2 Proxy.",
  });
}

/** Who has kept the cookie is a stranger, too. */
async function expectEnded(
  { url, sessions }: Settings,
  cookie: string,
  context: CheckContext,
): Promise<void> {
  // A session that the cookie itself holds lasts until it runs out, whoever signs out.
  if (sessions === undefined) return;
  const http = context.publicHttp(url);
  const { status } = await reached(
    () => http.ask("/oauth2/auth", { headers: { cookie } }),
    { away: "The ingress is away.", hint: `Ask yourself: curl -i ${url}/oauth2/auth` },
  );
  if (status === 401) return;
  throw new CheckFailure(`After signing out the old cookie still opens /oauth2/auth (${status})`, {
    probably: "The session was not deleted where it is kept.",
    hint: "Look at the log of OAuth2 Proxy, and at its Valkey.",
  });
}
