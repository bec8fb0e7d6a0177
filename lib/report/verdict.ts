/** What a run amounts to, in one line. @module */
import type { Event } from "../event.ts";
import { countChanges, dividePlan } from "./plan_parts.ts";
import { countsInWords } from "./words.ts";

/** How a plan is judged. */
export interface Verdict {
  /** neutral: no cluster was asked, so nobody knows. */
  readonly conclusion: "success" | "failure" | "neutral";
  readonly title: string;
}

/**
 * The verdict on a plan.
 *
 * @example
 * ```ts
 * import { verdictOf } from "./verdict.ts";
 * import assert from "node:assert/strict";
 *
 * const error = { type: "error", code: "unreachable", message: "Nobody answers" } as const;
 * assert.deepEqual(verdictOf([error]), { conclusion: "failure", title: "Nobody answers" });
 * ```
 */
export function verdictOf(events: readonly Event[]): Verdict {
  const last = <Type extends Event["type"]>(type: Type) =>
    events.findLast((event): event is Extract<Event, { type: Type }> => event.type === type);
  const [run, plan, error, result] = [last("run"), last("plan"), last("error"), last("result")];
  if (error !== undefined) return { conclusion: "failure", title: error.message };
  if (plan === undefined || result === undefined) {
    return { conclusion: "failure", title: "There is no plan" };
  }
  if (result.outcome === "refused" || result.outcome === "failed") {
    return { conclusion: "failure", title: result.message };
  }
  const { caused, drift } = dividePlan(plan);
  const title = caused.length === 0 ? "Nothing changes" : countsInWords(countChanges(caused));
  if (run?.cluster === undefined) {
    return { conclusion: "neutral", title: `${title}; no cluster was asked` };
  }
  const more = drift.length === 0 ? "" : `; ${drift.length} drifted without this change`;
  return { conclusion: "success", title: `${title}${more}` };
}
