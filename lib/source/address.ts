/**
 * Addresses of repositories: checked, and without credentials where they are shown.
 * @module
 */
import { SourceError } from "./errors.ts";

/** An address that is safe to hand to git. */
export interface GitAddress {
  /** As git gets it, on its command line. */
  readonly url: string;
  /** For messages and events: without user name or password. */
  readonly display: string;
  /** From an http address with a password; not in `url` then. */
  readonly credentials: { readonly username: string; readonly password: string } | undefined;
}

const SCHEMES = ["https:", "http:", "ssh:", "git:", "file:"];

/**
 * Checks an address of a repository.
 *
 * @throws {SourceError} `unsafe-url` for what git could take for an option, or that could start a program (`ext::`).
 *
 * @example
 * ```ts
 * import { parseAddress } from "./address.ts";
 * import assert from "node:assert/strict";
 *
 * const address = parseAddress("https://bot:token@git.example.com/team/platform.git");
 * assert.equal(address.url, "https://git.example.com/team/platform.git");
 * assert.equal(address.display, "https://git.example.com/team/platform.git");
 * assert.throws(() => parseAddress("ext::sh -c id"), { code: "unsafe-url" });
 * ```
 */
export function parseAddress(url: string): GitAddress {
  const scheme = /^([a-z][a-z0-9+.-]*:)\/\//i.exec(url)?.[1]?.toLowerCase();
  if (scheme === undefined) return parsePath(url);
  if (!SCHEMES.includes(scheme)) throw refused(url, `git must not use ${scheme} here`);
  if (!URL.canParse(url) || hasControlCharacters(url)) throw refused(url, "it is not a URL");
  if (scheme !== "https:" && scheme !== "http:") {
    return { url, display: redact(url), credentials: undefined };
  }
  const parsed = new URL(url);
  const { username, password } = parsed;
  if (password === "") return { url, display: redact(url), credentials: undefined };
  parsed.username = "";
  parsed.password = "";
  return {
    url: parsed.href,
    display: parsed.href,
    credentials: { username: decodeURIComponent(username), password: decodeURIComponent(password) },
  };
}

/** A local path, or `user@host:path`. */
function parsePath(url: string): GitAddress {
  if (url === "" || hasControlCharacters(url)) throw refused(url, "it is not an address");
  if (url.startsWith("-")) throw refused(url, "it looks like an option");
  if (/^[a-z0-9+.-]+::/i.test(url)) throw refused(url, "it could start a program");
  return { url, display: url, credentials: undefined };
}

function hasControlCharacters(text: string): boolean {
  // deno-lint-ignore no-control-regex
  return /[\x00-\x1f\x7f]/.test(text);
}

function refused(url: string, reason: string): SourceError {
  return new SourceError("unsafe-url", `The address of the repository is refused: ${reason}`, {
    place: { url: redact(url) },
    hint: "Use https://, ssh://, user@host:path, file://, or a path.",
  });
}

/** Text without the user names and passwords of the URLs in it. */
export function redact(text: string): string {
  return text.replaceAll(/(\b[a-z][a-z0-9+.-]*:\/\/)[^/\s]*@/gi, "$1");
}
