/** A fight about a field in words. @module */
import type { Event } from "../event.ts";
import { describe } from "../object.ts";
import { untilInWords } from "./words.ts";

/** Which field is left to whom, until when, and how to settle it. */
export function fightInWords(
  { object, path, manager, corrections, until }: Extract<Event, { type: "fight" }>,
  now: number,
): { readonly sentence: string; readonly next: string } {
  return {
    sentence: `${path} of ${describe(object)} is left as ${manager} sets it ${
      untilInWords(until, now)
    }: it was set back after ${corrections} corrections`,
    next:
      `Settle it: \`ignore\` or \`propose\` it in spec.fields, or stop ${manager} from setting it. ` +
      "`plumb reconcile --refresh` corrects it at once.",
  };
}
