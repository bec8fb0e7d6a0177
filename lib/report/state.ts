/** How a component is, in words: the same ones in a terminal and in the dashboard. @module */
import type { HealthStatus } from "../event.ts";
import { counted } from "./words.ts";

/** The health of an object, or of all objects of a component. */
export const HEALTH_WORD: Readonly<Record<HealthStatus, string>> = {
  current: "healthy",
  progressing: "in progress",
  failed: "failed",
  terminating: "being deleted",
  unknown: "not known",
};

/**
 * How a verification ended.
 *
 * @example
 * ```ts
 * import { verdictInWords } from "./state.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(verdictInWords({ passed: 15, failed: 0, notJudged: 0 }), "15 checks passed");
 * assert.equal(verdictInWords({ passed: 13, failed: 1, notJudged: 1 }), "1 of 15 checks failed");
 * ```
 */
export function verdictInWords(
  { passed, failed, notJudged }: {
    readonly passed: number;
    readonly failed: number;
    readonly notJudged: number;
  },
): string {
  const all = passed + failed + notJudged;
  const checks = counted(all, "check");
  if (failed > 0) return `${failed} of ${checks} failed`;
  if (notJudged > 0) return `${notJudged} of ${checks} not judged`;
  return `${checks} passed`;
}
