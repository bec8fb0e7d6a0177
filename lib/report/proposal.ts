/** What has become of a pull request, in words. @module */
import type { Event } from "../event.ts";
import { describe } from "../object.ts";
import { counted } from "./words.ts";

type Proposal = Extract<Event, { type: "proposal" }>;

/** One line. */
export function proposalSentence(proposal: Proposal): string {
  const sentence = proposalInWords(proposal);
  return proposal.state === "none" ? sentence : `${sentence}: ${proposal.url}`;
}

/** The same for who shows the address beside it. */
export function proposalInWords({ state, number, written }: Proposal): string {
  const fields = counted(written, "change");
  switch (state) {
    case "opened":
      return `Pull request ${number} opened with ${fields}`;
    case "updated":
      return `Pull request ${number} updated, ${fields}`;
    case "unchanged":
      return `Pull request ${number} is as it should be, ${fields}`;
    case "closed":
      return `Pull request ${number} closed, since nothing of it is left`;
    case "declined":
      return `Somebody closed pull request ${number} without merging it: the same ${fields} are not proposed again (reopen it to have them)`;
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
