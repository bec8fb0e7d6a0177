/** What a request must be like before anybody looks at what it wants: for this host, from this site, small. @module */
import type { MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { ServeError } from "./errors.ts";

/** Which names the server goes by. */
export interface Hosts {
  /** Public names, such as `plumb.example.com`; those of loopback besides, if it listens there. */
  readonly names: readonly string[];
  readonly loopback: boolean;
}

const LOOPBACK_NAMES: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);
const MAX_BODY_BYTES = 64 * 1024;

/**
 * Refuses requests for other hosts. A page of somebody else whose name was led to this address (DNS rebinding) has
 * the browser's trust for that name only.
 */
export function checkHost({ names, loopback }: Hosts): MiddlewareHandler {
  const known = new Set(names.map((name) => name.toLowerCase()));
  return async (context, next) => {
    const host = hostOf(context.req.raw);
    const name = host.replace(/:\d+$/, "");
    if (!known.has(host) && !known.has(name) && !(loopback && LOOPBACK_NAMES.has(name))) {
      throw new ServeError("wrong-host", `This server is not ${host || "without a name"}`, {
        hint: "Use the address that it printed, or give the name by --host.",
      });
    }
    await next();
  };
}

/**
 * Refuses what pages of other sites send. A link to the dashboard may be followed; anything else must come from the
 * page itself, or from a program, which no other site can make send anything.
 */
export function checkSite(): MiddlewareHandler {
  return async (context, next) => {
    const { req } = context;
    const origin = req.header("origin");
    const site = req.header("sec-fetch-site");
    const link = req.method === "GET" && req.header("sec-fetch-mode") === "navigate" &&
      req.header("sec-fetch-dest") === "document";
    const foreign = site !== undefined && !isFromHere(req.raw);
    if ((foreign && !link) || (origin !== undefined && !isOwn(origin, hostOf(req.raw)))) {
      throw new ServeError("cross-site", "The request comes from another site", {
        hint: "Open the dashboard itself.",
      });
    }
    await next();
  };
}

/**
 * Whether the browser says that no other site is behind a request: an address was typed, or the page itself asks. Only
 * another site's window must lose its hold on this one, for which the browser begins a process: 30 ms before anything
 * is seen.
 */
export function isFromHere({ headers }: Request): boolean {
  return ["none", "same-origin"].includes(headers.get("sec-fetch-site") ?? "");
}

/** Refuses bodies that are large or not JSON. A form, which any site may send, is not JSON. */
export function checkBody(): MiddlewareHandler {
  const limit = bodyLimit({
    maxSize: MAX_BODY_BYTES,
    onError: () => {
      throw new ServeError("too-large", `A request has at the most ${MAX_BODY_BYTES} bytes`);
    },
  });
  return async (context, next) => {
    if (context.req.method !== "POST") return await next();
    const type = context.req.header("content-type") ?? "";
    if (!/^application\/json\s*(;|$)/i.test(type)) {
      throw new ServeError("not-json", "The request's body is not JSON", {
        hint: "Send it with `content-type: application/json`.",
      });
    }
    return await limit(context, next);
  };
}

/** Host and port that a request is for, in small letters. */
export function hostOf(request: Request): string {
  return (request.headers.get("host") ?? new URL(request.url).host).toLowerCase();
}

function isOwn(origin: string, host: string): boolean {
  try {
    return new URL(origin).host.toLowerCase() === host;
  } catch {
    // `null`, as from a sandboxed frame.
    return false;
  }
}
