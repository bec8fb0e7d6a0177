/** Commits as people write them. @module */

/**
 * A revision with its commit shortened.
 *
 * @example
 * ```ts
 * import { shortRevision } from "./revision.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(shortRevision("4f1c02d35b6a4f1c02d35b6a4f1c02d35b6a4f1c"), "4f1c02d35b6a");
 * assert.equal(shortRevision("local"), "local");
 * ```
 */
export function shortRevision(revision: string): string {
  return revision.replace(/\b([0-9a-f]{12})[0-9a-f]{28}\b/, "$1");
}
