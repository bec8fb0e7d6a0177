/** What becomes of a revision that failed, in words. @module */
import type { Event } from "../event.ts";
import { shortRevision } from "../revision.ts";

type Undo = Extract<Event, { type: "undo" }>;

/**
 * One line.
 *
 * @example
 * ```ts
 * import { undoSentence } from "./undo.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(
 *   undoSentence({
 *     type: "undo", state: "done", from: "bad", to: "good", reason: "no image", irreversible: [],
 *   }),
 *   "bad is undone: the cluster is back at good",
 * );
 * ```
 */
export function undoSentence({ state, from, to = "", reason }: Undo): string {
  const [failed, good] = [shortRevision(from), shortRevision(to)];
  switch (state) {
    case "begun":
      return `Undoing ${failed}, back to ${good}: ${reason}`;
    case "done":
      return `${failed} is undone: the cluster is back at ${good}`;
    case "failed":
      return `${failed} is not undone: the way back to ${good} failed, too`;
    case "held":
      return `${failed} is not tried again until Git moves, or with --retry: ${reason}. ` +
        `The cluster is held at ${good}`;
    case "impossible":
      return `${failed} is not undone: ${reason}`;
  }
}

/** What stays all the same: a line each. */
export function irreversibleLines({ state, irreversible }: Undo): string[] {
  return state === "done" || state === "failed"
    ? irreversible.map((line) => `not undone: ${line}`)
    : [];
}
