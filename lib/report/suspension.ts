/** A suspension in words. @module */
import type { Event } from "../event.ts";
import { agoInWords, untilInWords } from "./words.ts";

type Told = Extract<Event, { type: "suspension" }>;

/**
 * Who suspended a component, since when, until when and why; and what to do about it.
 *
 * @param now milliseconds since 1970.
 */
export function suspensionInWords(
  { component, state, reason = "", by = "somebody", since, until }: Told,
  now: number,
): { readonly sentence: string; readonly next?: string } {
  switch (state) {
    case "none":
      return { sentence: `${component} was not suspended` };
    case "resumed":
      return { sentence: `${component} is no longer suspended; it was by ${by}: ${reason}` };
    case "suspended": {
      const age = since === undefined ? "" : ` ${agoInWords(since, now)}`;
      const end = until === undefined ? "until somebody resumes it" : untilInWords(until, now);
      return {
        sentence: `${component} is suspended ${end}; by ${by}${age}: ${reason}`,
        next: `Runs go on after \`plumb resume ${component}\`; \`plumb diff\` shows what differs.`,
      };
    }
  }
}
