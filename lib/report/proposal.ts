/** What has become of a pull request, in words. @module */
import type { Event } from "../event.ts";
import { describe } from "../object.ts";

type Proposal = Extract<Event, { type: "proposal" }>;

/** One line. */
export function proposalSentence({ state, number, url, written }: Proposal): string {
  const fields = `${written} ${written === 1 ? "change" : "changes"}`;
  switch (state) {
    case "opened":
      return `Pull request ${number} opened with ${fields}: ${url}`;
    case "updated":
      return `Pull request ${number} updated, ${fields}: ${url}`;
    case "unchanged":
      return `Pull request ${number} is as it should be, ${fields}: ${url}`;
    case "closed":
      return `Pull request ${number} closed, since nothing of it is left: ${url}`;
    case "declined":
      return `Somebody closed pull request ${number} without merging it: the same ${fields} are not proposed again (reopen it to have them): ${url}`;
    case "none":
      return "There is nothing to propose";
  }
}

/** What was left out, and why: a line each. */
export function leftOutLines({ leftOut }: Proposal): string[] {
  return leftOut.map(({ object, path, reason }) =>
    `left out: ${describe(object)}${path === undefined ? "" : ` ${path}`}: ${reason}`
  );
}
