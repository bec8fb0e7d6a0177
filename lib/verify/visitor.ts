/** A visitor of a web site, as checks play him. @module */
import { CookieJar } from "tough-cookie";
import { type CheckContext, CheckFailure } from "./check.ts";
import type { Answer } from "./http.ts";
import { reached } from "./reached.ts";

const MAX_HOPS = 12;

/** A browser without a window: keeps cookies, and goes where it is sent, one step at a time. */
export class Visitor {
  readonly jar = new CookieJar();
  readonly #context: CheckContext;
  hops = 0;

  constructor(context: CheckContext) {
    this.#context = context;
  }

  async ask(address: string, form?: Readonly<Record<string, string>>): Promise<Answer> {
    this.hops++;
    const cookie = await this.jar.getCookieString(address);
    const http = this.#context.publicHttp(address);
    const answer = await reached(() =>
      http.ask(address, {
        ...(form === undefined ? {} : { method: "POST", body: new URLSearchParams(form) }),
        headers: {
          accept: "text/html, */*;q=0.5",
          ...(cookie === "" ? {} : { cookie }),
          ...(form === undefined
            ? {}
            : { "content-type": "application/x-www-form-urlencoded", origin: http.origin }),
        },
      }), UNREACHED);
    for (const set of answer.headers.getSetCookie()) {
      await this.jar.setCookie(set, address, { ignoreError: true });
    }
    return answer;
  }

  /** Follows redirects while they lead somewhere else. @returns each address, and the last answer. */
  async follow(address: string, answer: Answer): Promise<{ path: string[]; answer: Answer }> {
    const path = [address];
    let last = answer;
    for (
      let next = target(address, last);
      next !== undefined;
      next = target(path.at(-1) ?? "", last)
    ) {
      // Where he wanted to go he comes by twice, before the login and after it.
      const before = path.filter((address) => address === next).length;
      if (before > 1 || path.length >= MAX_HOPS) throw loop([...path, next]);
      last = await this.ask(next);
      path.push(next);
    }
    return { path, answer: last };
  }
}

/** Where an answer sends a browser on: a redirect, or the page of a login that moves on at once. */
export function target(from: string, { status, headers, text }: Answer): string | undefined {
  const location = status >= 300 && status < 400 ? headers.get("location") : refreshOf(text);
  return location === null ? undefined : new URL(location, from).href;
}

function refreshOf(page: string): string | null {
  const found = /<meta http-equiv="refresh" content="0; ?url=([^"]+)"/i.exec(page);
  return found?.[1]?.replaceAll("&amp;", "&") ?? null;
}

/** Addresses as they may be shown: state and codes are secrets of a login. */
export function shown(address: string): string {
  const { origin, pathname } = new URL(address);
  return origin + pathname;
}

function loop(path: readonly string[]): CheckFailure {
  return new CheckFailure(
    `The redirects go round in a circle: ${path.slice(-4).map(shown).join(" → ")}`,
    {
      probably:
        "The cookie does not come back: its domain, Secure or SameSite does not fit, or the session store is away.",
      hint:
        "Look at the log of OAuth2 Proxy and at its --cookie-domain, and whether its Valkey answers.",
    },
  );
}

const UNREACHED = {
  away: "The ingress or Keycloak is away, or its name does not resolve here.",
  timeout: "A server on the way hangs.",
  hint: "Ask yourself: curl -v the address.",
};
