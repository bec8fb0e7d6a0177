/**
 * The one shape of an error that a user can cause or meet: what happened, where, and what to do next.
 * @module
 */

/** Where something went wrong. Every part is optional; a file is relative to the component's root. */
export interface Place {
  readonly file?: string | undefined;
  /** 1-based line in `file`. */
  readonly line?: number | undefined;
  /** A Kubernetes object in words, as {@link "./object.ts".describe} writes it. */
  readonly object?: string | undefined;
  /** An address without credentials. */
  readonly url?: string | undefined;
}

/** What an error may carry beside its code and message. */
export interface ErrorDetails {
  readonly place?: Place | undefined;
  /** What the user should do next, as a sentence. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

/**
 * Base of all errors that Plumb raises on purpose. Each room derives one class with a closed set of codes.
 *
 * @example
 * ```ts
 * import { PlumbError } from "./errors.ts";
 * import assert from "node:assert/strict";
 *
 * const error = new PlumbError("ref-not-found", "The ref `v9` does not exist", {
 *   place: { url: "https://git.example.com/team/platform.git" },
 *   hint: "List what there is with `git ls-remote`.",
 * });
 * assert.equal(error.code, "ref-not-found");
 * ```
 */
export class PlumbError extends Error {
  override readonly name: string = "PlumbError";
  readonly place: Place | undefined;
  readonly hint: string | undefined;

  constructor(readonly code: string, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.place = details.place;
    this.hint = details.hint;
  }
}

/**
 * Writes a place the way an editor can jump to it.
 *
 * @example
 * ```ts
 * import { describePlace } from "./errors.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(describePlace({ file: "backend.yaml", line: 12 }), "backend.yaml:12");
 * assert.equal(describePlace({ object: "Secret cvat/tls" }), "Secret cvat/tls");
 * ```
 */
export function describePlace(place: Place): string {
  const file = place.file === undefined
    ? undefined
    : place.line === undefined
    ? place.file
    : `${place.file}:${place.line}`;
  return [file, place.object, place.url].filter((part) => part !== undefined).join(", ");
}

/** The message of anything that was thrown, without a stack. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
