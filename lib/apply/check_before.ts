/** What can stop a run before its first write. @module */
import { type Cluster, LEASES, SECRETS } from "../cluster/mod.ts";
import type { Emit } from "../event.ts";
import { SYSTEM_NAMESPACE } from "../names.ts";
import { guardShrinking } from "../plan/mod.ts";
import { ApplyError } from "./errors.ts";
import { missingPermissions } from "./permissions.ts";
import type { PlannedRun } from "./plan_run.ts";
import type { ReconcileOptions } from "./reconcile.ts";
import { assertFits, intendedInventory } from "./record.ts";
import { checkRequirements } from "./requirements.ts";
import { wantedPermissions } from "./wanted.ts";

/** Everything that can stop a run before its first write. */
export async function checkBeforeWriting(
  cluster: Cluster,
  planned: PlannedRun,
  options: ReconcileOptions,
): Promise<void> {
  const { component, source } = options;
  assertFits(intendedInventory(planned, source));
  const deletions = planned.plan.prune.flat().map(({ reference }) => reference);
  if (!options.allowShrinking) {
    guardShrinking({
      members: planned.stored.inventory.members.length,
      dropped: deletions.length,
      desired: planned.prepared.length,
    });
  }
  if (component.requires.length > 0) {
    options.emit({ type: "stage", stage: "requirements" });
    const results = await checkRequirements(cluster, component.requires);
    for (const result of results) options.emit({ type: "requirement", ...result });
    const unmet = results.filter(({ met }) => !met);
    if (unmet.length > 0) {
      throw new ApplyError(
        "requirement-unmet",
        `The cluster lacks what ${component.name} needs: ${
          unmet.map(({ name }) => name).join(", ")
        }`,
        {
          hint: "Nothing was changed. Each is explained above; deploy them first, then run again.",
        },
      );
    }
  }
  await askForPermissions(cluster, planned, options.emit);
  if (deletions.length > 0 && !(await options.confirm(deletions))) {
    throw new ApplyError(
      "deletion-unconfirmed",
      `${deletions.length} deletions were not confirmed`,
      {
        hint: "Nothing was changed. Confirm them with --yes, or put the objects back into Git.",
      },
    );
  }
}

/**
 * Asks for everything a run will need. What is missing for some objects is told at once and only they fail;
 * without its own records a run can't begin.
 */
async function askForPermissions(cluster: Cluster, planned: PlannedRun, emit: Emit): Promise<void> {
  const verbs = ["get", "create", "update"];
  const [own, missing] = await Promise.all([
    missingPermissions(cluster, [
      { resource: SECRETS, namespace: SYSTEM_NAMESPACE, verbs },
      { resource: LEASES, namespace: SYSTEM_NAMESPACE, verbs },
    ]),
    missingPermissions(cluster, wantedPermissions(planned)),
  ]);
  if (own.length > 0) {
    throw new ApplyError(
      "permission-missing",
      `These credentials may not: ${[...own, ...missing].join("; ")}`,
      { hint: "Nothing was changed. Grant what is missing, and run again." },
    );
  }
  if (missing.length > 0) {
    emit({ type: "warning", message: `These credentials may not: ${missing.join("; ")}` });
  }
}
