/** Violations that a component lets pass for a time. @module */
import type { Waiver } from "../component/mod.ts";
import type { Violation } from "./evaluate.ts";

/** A violation, and what is made of it. */
export interface Judgement {
  readonly violation: Violation;
  readonly waiver: Waiver | undefined;
  /** Whether the waiver has run out: then the violation counts. */
  readonly expired: boolean;
}

/** What waivers make of violations. */
export interface Waived {
  readonly judgements: readonly Judgement[];
  /** Waivers that nothing needs. */
  readonly unused: readonly Waiver[];
}

/**
 * Applies waivers. Of several that fit, one that still counts decides.
 *
 * @param today `YYYY-MM-DD`
 *
 * @example
 * ```ts
 * import { applyWaivers } from "./waivers.ts";
 * import assert from "node:assert/strict";
 *
 * const violation = {
 *   policy: "network", level: "deny", message: "No policy", fix: "Add one.",
 *   reference: { group: "apps", kind: "Deployment", name: "web" }, file: "web.yaml", line: 1,
 * } as const;
 * const waiver = { policy: "network", reason: "The mesh does it until June.", expires: "2026-06-30" };
 * const [before] = applyWaivers([violation], [waiver], "2026-06-30").judgements;
 * const [after] = applyWaivers([violation], [waiver], "2026-07-01").judgements;
 * assert.deepEqual([before?.expired, after?.expired], [false, true]);
 * ```
 */
export function applyWaivers(
  violations: readonly Violation[],
  waivers: readonly Waiver[],
  today: string,
): Waived {
  const used = new Set<Waiver>();
  const judgements = violations.map((violation) => {
    const fitting = waivers.filter((waiver) => fits(waiver, violation));
    fitting.forEach((waiver) => used.add(waiver));
    const waiver = fitting.find(({ expires }) => expires >= today) ?? fitting[0];
    return { violation, waiver, expired: waiver !== undefined && waiver.expires < today };
  });
  return { judgements, unused: waivers.filter((waiver) => !used.has(waiver)) };
}

function fits({ policy, objects }: Waiver, { policy: violated, reference }: Violation): boolean {
  return policy === violated &&
    (objects?.kind === undefined || objects.kind === reference?.kind) &&
    (objects?.name === undefined || objects.name === reference?.name);
}
