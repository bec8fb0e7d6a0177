/** The token of the printed address, and the cookies that it is exchanged for. @module */
import { Buffer } from "node:buffer";
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** Older sessions are forgotten. */
const MAX_SESSIONS = 100;

/** A text that nobody guesses. */
export function randomToken(): string {
  return randomBytes(32).toString("base64url");
}

/** Who has shown the token; kept in memory, so that all end with the server. */
export class Sessions {
  readonly #token: string;
  readonly #sessions = new Set<string>();

  constructor(token: string) {
    this.#token = token;
  }

  /** @returns the value of a cookie, or undefined for a wrong token. */
  open(token: string): string | undefined {
    if (!isSame(token, this.#token)) return undefined;
    const session = randomToken();
    this.#sessions.add(digest(session));
    const [oldest = ""] = this.#sessions;
    if (this.#sessions.size > MAX_SESSIONS) this.#sessions.delete(oldest);
    return session;
  }

  /** Whether this is the value of a cookie that was handed out. Only digests are compared, so time tells nothing. */
  has(session: string): boolean {
    return this.#sessions.has(digest(session));
  }

  /** Forgets a cookie. */
  close(session: string): void {
    this.#sessions.delete(digest(session));
  }
}

/** Compares in a time that does not depend on where two texts differ. */
export function isSame(left: string, right: string): boolean {
  return timingSafeEqual(Buffer.from(digest(left)), Buffer.from(digest(right)));
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}
