/** A fight about a field in words. @module */
import type { Event } from "../event.ts";
import { describe } from "../object.ts";
import { untilInWords } from "./words.ts";

/** Which field is left to whom, or which object is left deleted, until when, and how to settle it. */
export function fightInWords(
  { object, path, manager, corrections, until }: Extract<Event, { type: "fight" }>,
  now: number,
): { readonly sentence: string; readonly next: string } {
  if (path === "") {
    return {
      sentence: `${describe(object)} is left deleted ${untilInWords(until, now)}: ` +
        `somebody deleted it again after it was made anew ${corrections} times`,
      next: "Settle it: find who deletes it, which the API server tells only in its audit log, " +
        "or take it out of Git. `plumb reconcile --refresh` makes it anew at once.",
    };
  }
  return {
    sentence: `${path} of ${describe(object)} is left as ${manager} sets it ${
      untilInWords(until, now)
    }: it was set back after ${corrections} corrections`,
    next:
      `Settle it: \`ignore\` or \`propose\` it in spec.fields, or stop ${manager} from setting it. ` +
      "`plumb reconcile --refresh` corrects it at once.",
  };
}
