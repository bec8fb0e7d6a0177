/** What to do about a component, in words. Pure. @module */
import { describe, keyOf } from "../object.ts";
import { shortRevision } from "../revision.ts";
import type { Status } from "./status.ts";
import { isGood } from "./verification.ts";

/** The next step, and whether somebody has to take it. */
export interface NextStep {
  readonly words: string;
  readonly isNeeded: boolean;
}

/**
 * What to do about a component: the most urgent step alone.
 *
 * A suspension is somebody's wish, so that nothing about a suspended component is urgent.
 */
export function nextStep(status: Status): NextStep {
  if ("error" in status) return needed(`${status.error}. ${status.hint ?? ""}`.trim());
  if (status.state === "rolled-back") {
    const words =
      `rolled back, its data is kept: \`plumb reconcile ${status.name}\` brings it back`;
    return { words, isNeeded: false };
  }
  const { name, state, suspended, rejected, drifted, health, verifications, fights } = status;
  if (suspended !== undefined) {
    return { words: `suspended: ${suspended.reason}. \`plumb resume ${name}\``, isNeeded: false };
  }
  if (state === "running") return { words: "a run is at work", isNeeded: false };
  if (state === "applying") return needed(`a run did not end: \`plumb reconcile ${name}\``);
  if (state === "removing") return needed(`a rollback did not end: \`plumb rollback ${name}\``);
  if (rejected !== undefined) {
    return needed(`mend ${shortRevision(rejected.revision)} in Git, it failed: ${rejected.reason}`);
  }
  if (state === "failed") {
    return needed(`the last run failed, \`plumb history ${name}\` says why`);
  }
  const leftDeleted = fights.filter(({ path }) => path === "").map(({ object }) => object);
  const first = drifted.find(({ reference }) => !leftDeleted.includes(keyOf(reference)));
  if (first !== undefined) {
    return needed(`\`plumb diff ${name}\`: ${describe(first.reference)} is ${first.how}`);
  }
  const [fight] = fights;
  if (fight !== undefined) {
    return needed(
      fight.path === ""
        ? `find who deletes ${
          fight.object.replace(/^[^/]*\//, "")
        } each time, or take it out of Git`
        : `settle ${fight.path} with ${fight.manager} in spec.fields, they fight over it`,
    );
  }
  if (health.status !== "current") return needed(health.message);
  const [last] = verifications;
  if (last !== undefined && !isGood(last)) return needed(`\`plumb verify ${name}\` failed`);
  return {
    words: last === undefined ? `never verified: \`plumb verify ${name}\`` : "",
    isNeeded: false,
  };
}

function needed(words: string): NextStep {
  return { words, isNeeded: true };
}
