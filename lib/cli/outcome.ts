/** From how a run ended to its exit code. @module */
import type { Outcome } from "../event.ts";

/** Exit codes; scripts rely on them. */
export const EXIT = {
  ok: 0,
  error: 1,
  differences: 2,
  verificationFailed: 3,
  policyDenied: 4,
  busy: 5,
  interrupted: 130,
} as const;

const BY_OUTCOME: Readonly<Record<Outcome, number>> = {
  "in-sync": EXIT.ok,
  applied: EXIT.ok,
  proposed: EXIT.ok,
  differences: EXIT.differences,
  failed: EXIT.error,
  unverified: EXIT.verificationFailed,
  refused: EXIT.policyDenied,
  busy: EXIT.busy,
  // Somebody wants it so, and says why: no reason for a cron to raise an alarm.
  suspended: EXIT.ok,
};

/**
 * The exit code of an outcome.
 *
 * @example
 * ```ts
 * import { exitCode } from "./outcome.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(exitCode("differences"), 2);
 * ```
 */
export function exitCode(outcome: Outcome): number {
  return BY_OUTCOME[outcome];
}
