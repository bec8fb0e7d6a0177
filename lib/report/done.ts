/** What a run has done, in words. @module */
import type { Action } from "../event.ts";

/** The past of each action. */
export const DONE: Readonly<Record<Action, string>> = {
  create: "created",
  update: "updated",
  adopt: "adopted",
  delete: "deleted",
  replace: "replaced",
  conflict: "refused",
  unchanged: "unchanged",
};

/**
 * What a run has done, in words.
 *
 * @param changes how many objects for each action.
 * @example
 * ```ts
 * import { changesInWords } from "./done.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(changesInWords({ update: 2, create: 1 }), "1 created, 2 updated");
 * ```
 */
export function changesInWords(changes: Readonly<Record<string, number>>): string {
  return Object.entries(DONE).filter(([action]) => (changes[action] ?? 0) > 0)
    .map(([action, done]) => `${changes[action]} ${done}`).join(", ");
}
