/** What is told of a run beside what happens in it. Pure. @module */
import type { Run } from "./contract.ts";

/** A run for who does not look at it alone. */
export function withoutPlan({ plan: _, ...run }: Run): Run {
  return run;
}

/** How long a run will take: the median; undefined without any. */
export function expectationOf(seconds: readonly number[]): Run["expected"] {
  const sorted = seconds.toSorted((left, right) => left - right);
  const median = sorted[Math.floor(sorted.length / 2)];
  return median === undefined ? undefined : { seconds: median, runs: sorted.length };
}
