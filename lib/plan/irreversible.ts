/** What of a plan no undo takes back. @module */
import { API_GROUP } from "../names.ts";
import { describe, type ObjectReference } from "../object.ts";
import type { Change } from "./types.ts";

/**
 * What the changes of a plan do for good, in words: a line for each object.
 *
 * @example
 * ```ts
 * import { irreversible } from "./mod.ts";
 * import assert from "node:assert/strict";
 *
 * const reference = { group: "batch", kind: "Job", namespace: "web", name: "migrate" };
 * const object = { apiVersion: "batch/v1", kind: "Job", metadata: { name: "migrate" } };
 * const desired = { object, provenance: { file: "job.yaml", line: 1 }, lineOf: () => 1 };
 * assert.deepEqual(irreversible([{ action: "create", reference, desired }]), [
 *   "Job web/migrate runs: what it does elsewhere, as in a database, stays",
 * ]);
 * ```
 */
export function irreversible(changes: readonly Change[]): string[] {
  return changes.flatMap((change) => {
    const effect = effectOf(change);
    return effect === undefined ? [] : [`${describe(change.reference)} ${effect}`];
  });
}

function effectOf(change: Change): string | undefined {
  const { action, reference } = change;
  if (isJob(reference) && (action === "create" || action === "replace")) {
    return "runs: what it does elsewhere, as in a database, stays";
  }
  switch (action) {
    case "replace":
      return "is deleted and made anew: what it held is gone";
    case "adopt":
      return "is taken over: what Git says of it stays in it";
    case "create":
    case "update":
      return effectOfWriting(reference, change);
    case "delete":
      return effectOfDeleting(change);
    default:
      return undefined;
  }
}

function effectOfWriting(
  { group, kind }: ObjectReference,
  change: Change,
): string | undefined {
  if (kind === "PodFile" && group === API_GROUP) {
    return "writes into running pods: what they have read of it by then stays read";
  }
  const grows = kind === "PersistentVolumeClaim" && "differences" in change &&
    change.differences.some(({ path }) =>
      path.some((step) => "field" in step && step.field === "storage")
    );
  return grows ? "grows, and a volume does not shrink" : undefined;
}

function effectOfDeleting({ reference: { group, kind } }: Change): string | undefined {
  if (kind === "KeycloakClient" && group === API_GROUP) {
    return "goes: it would come back with another secret";
  }
  // The groups of Kubernetes itself have no dot, or end like this.
  const isCustom = group.includes(".") && !group.endsWith(".k8s.io") && group !== API_GROUP;
  return isCustom ? "goes: what its controller removes with it does not come back" : undefined;
}

/** Whether it is a Job: it runs once, when it is made. */
export function isJob({ group, kind }: ObjectReference): boolean {
  return group === "batch" && kind === "Job";
}
