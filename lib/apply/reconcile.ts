/**
 * One run of a component: plan, and make the cluster follow.
 * @module
 */
import type { Cluster } from "../cluster/mod.ts";
import type { Action, Emit, Outcome } from "../event.ts";
import { SYSTEM_NAMESPACE } from "../names.ts";
import { keyOf, type ObjectReference } from "../object.ts";
import { countsOf, guardShrinking } from "../plan/mod.ts";
import { ApplyError } from "./errors.ts";
import { type ObservedDrift, observedDrift } from "./drift.ts";
import { execute, type Execution } from "./execute.ts";
import { type Inventory, INVENTORY_RESOURCE, readInventory, writeInventory } from "./inventory.ts";
import { type HeldLease, Lease, LEASE_RESOURCE } from "./lease.ts";
import { missingPermissions } from "./permissions.ts";
import { wantedPermissions } from "./wanted.ts";
import { planAndReport, type ReportedPlanOptions } from "./plan_and_report.ts";
import type { PlannedRun } from "./plan_run.ts";
import { prune } from "./prune.ts";
import { intendedInventory, recordResult, recordUnchanged, type RunResult } from "./record.ts";
import { redactSecrets } from "./redact.ts";
import { remember } from "./remember.ts";
import { awaitRemoval, restoreVolumes, settleRetained } from "./restore.ts";
import { checkRequirements } from "./requirements.ts";
import { assertNotSuspended, unlessSuspended } from "./suspension.ts";

/** What a run does, and how. */
export interface ReconcileOptions extends ReportedPlanOptions {
  /** Who runs, for the lease. */
  readonly identity: string;
  /** Judges what is planned. @returns how many violations of policies forbid it. */
  readonly judge: (plan: readonly PlannedChange[]) => Promise<number>;
  /** For mode pr: makes what has drifted a proposal, instead of writing to the cluster. */
  readonly propose?: (drift: ObservedDrift) => Promise<{ outcome: Outcome; message: string }>;
  /** Asked before anything is deleted. */
  readonly confirm: (deletions: readonly ObjectReference[]) => Promise<boolean>;
  /** A desired state that lost most of its objects is meant so. */
  readonly allowShrinking: boolean;
  readonly wait: boolean;
  /** For one wave, in milliseconds. */
  readonly timeout: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs a component once. What it did, and why it failed, is kept in the journal.
 *
 * @returns how it ended; what happened on the way is in the events.
 * @throws {PlumbError} when nothing could be planned, or the run had to stop.
 */
export async function reconcile(cluster: Cluster, options: ReconcileOptions): Promise<Outcome> {
  if (options.mode !== "apply") return await run(cluster, options);
  const prepare = (inventory: Inventory) => awaitRemoval(cluster, inventory, options);
  return await remember(cluster, options, (emit) => {
    const told = { ...options, prepare, emit };
    return unlessSuspended(cluster, told, () => run(cluster, told));
  });
}

async function run(cluster: Cluster, options: ReconcileOptions): Promise<Outcome> {
  const started = performance.now();
  const observing = options.mode !== "apply";
  const planned = await planAndReport(cluster, options);
  const conclude: Conclude = (outcome, message, failed = 0) => {
    const seconds = (performance.now() - started) / 1000;
    options.emit({
      type: "result",
      outcome,
      counts: countsOf(planned.plan),
      failed,
      seconds,
      message,
    });
    return outcome;
  };
  if (options.mode === "pr" && options.propose !== undefined) {
    const { outcome, message } = await options.propose(observedDrift(planned));
    return conclude(outcome, message);
  }
  // What the records settle was judged when it was applied.
  const denied = planned.prepared.length === 0 ? 0 : await options.judge(changesOf(planned));
  if (denied > 0) {
    return conclude("refused", `${denied} violations of policies; nothing was changed`, denied);
  }
  if (observing) return concludeObservation(planned, conclude);
  if (!hasWork(planned)) {
    await recordUnchanged(cluster, planned, options.source);
    return conclude("in-sync", "The cluster is as Git says");
  }
  await checkBeforeWriting(cluster, planned, options);
  options.emit({ type: "stage", stage: "lease" });
  const lease = await Lease.acquire(cluster, options.component.name, options);
  if (!(lease instanceof Lease)) return conclude("busy", busyMessage(lease));
  await using _ = lease;
  await assertNotSuspended(cluster, options.component.name);
  const current = await replanIfMoved(cluster, planned, options);
  if (!hasWork(current)) return conclude("in-sync", "Another run has done the work meanwhile");
  const { execution, left } = await carryOut(cluster, current, lease, options);
  if (execution.stopped !== undefined) throw execution.stopped;
  const failed = execution.failed.size + left.size;
  if (failed === 0 && !hasChanges(current)) {
    return conclude("in-sync", "What the last run began is healthy now");
  }
  return failed === 0
    ? conclude("applied", "The cluster is now as Git says")
    : conclude("failed", `${failed} of the objects did not get there`, failed);
}

/** A planned change, as policies see it. */
export interface PlannedChange {
  readonly action: Action;
  readonly reference: ObjectReference;
}

function changesOf({ plan }: PlannedRun): PlannedChange[] {
  return [...plan.prune.flat(), ...plan.waves.flat()].map(({ action, reference }) => (
    { action, reference }
  ));
}

type Conclude = (outcome: Outcome, message: string, failed?: number) => Outcome;

function concludeObservation(planned: PlannedRun, conclude: Conclude): Outcome {
  const { conflict } = countsOf(planned.plan);
  if (conflict > 0) {
    return conclude("failed", "Some objects can't be applied as they are", conflict);
  }
  return hasChanges(planned)
    ? conclude("differences", "The cluster differs from Git")
    : conclude("in-sync", "The cluster is as Git says");
}

/** A run that failed or was killed has left something to wait for, even if every object is as Git says. */
function hasWork(planned: PlannedRun): boolean {
  return hasChanges(planned) || planned.stored.inventory.state !== "complete";
}

function hasChanges({ plan }: PlannedRun): boolean {
  return plan.prune.length > 0 || plan.waves.flat().some(({ action }) => action !== "unchanged");
}

function busyMessage({ holder, since }: HeldLease): string {
  return `Another run is at work: ${holder}${since === undefined ? "" : `, since ${since}`}`;
}

/** Everything that can stop a run before its first write. */
async function checkBeforeWriting(
  cluster: Cluster,
  planned: PlannedRun,
  options: ReconcileOptions,
): Promise<void> {
  const { component } = options;
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

/** The plan as it is once nobody else can write: if another run was quicker, it is made anew. */
async function replanIfMoved(
  cluster: Cluster,
  planned: PlannedRun,
  options: ReconcileOptions,
): Promise<PlannedRun> {
  const { inventory, resourceVersion } = planned.stored;
  const now = await readInventory(cluster, inventory.component, inventory.namespace);
  return now.resourceVersion === resourceVersion ? planned : await planAndReport(cluster, options);
}

/**
 * Asks for everything a run will need. What is missing for some objects is told at once and only they fail;
 * without its own records a run can't begin.
 */
async function askForPermissions(cluster: Cluster, planned: PlannedRun, emit: Emit): Promise<void> {
  const verbs = ["get", "create", "update"];
  const [own, missing] = await Promise.all([
    missingPermissions(cluster, [
      { resource: INVENTORY_RESOURCE, namespace: SYSTEM_NAMESPACE, verbs },
      { resource: LEASE_RESOURCE, namespace: SYSTEM_NAMESPACE, verbs },
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

/** Writes what will be, does it, and writes what has become. */
async function carryOut(
  cluster: Cluster,
  planned: PlannedRun,
  lease: Lease,
  options: ReconcileOptions,
): Promise<RunResult> {
  const { emit, signal, timeout, wait } = options;
  // An interrupt stops before the next write; a write that is under way, and the record of it, are finished.
  // It may have waited for its turn or for a retry: the lease must still be held when it is sent.
  const writer = cluster.uninterrupted({ before: () => lease.assertHeld() });
  const proceed = () => assertNotSuspended(cluster, options.component.name);
  options.emit({ type: "stage", stage: "apply" });
  const stored = await writeInventory(writer, {
    ...planned.stored,
    inventory: intendedInventory(planned, options.source),
  });
  const execution = await execute(writer, planned.waves, {
    lease,
    proceed,
    adoption: options.component.adoption,
    dependencies: planned.dependencies,
    wait,
    waitForUnchanged: planned.stored.inventory.state !== "complete",
    timeout,
    emit,
    redact: redactSecrets(planned.prepared),
    beforeCreation: (item) => restoreVolumes(writer, planned.retained?.retained, item, options),
    signal,
  });
  let left: ReadonlySet<string> = new Set(
    planned.plan.prune.flat().map((change) => keyOf(change.reference)),
  );
  let result: Execution = execution;
  if (execution.stopped === undefined && execution.failed.size === 0 && left.size > 0) {
    options.emit({ type: "stage", stage: "prune" });
    try {
      await proceed();
      const { targets } = planned;
      left = await prune(writer, planned.plan.prune, {
        component: options.component.name,
        lease,
        targets,
        wait,
        timeout,
        emit,
        signal,
      });
    } catch (stopped) {
      result = { ...execution, stopped };
    }
  }
  if (result.stopped === undefined && result.failed.size === 0 && planned.retained !== undefined) {
    await settleRetained(writer, planned.retained, { ...options, ...options.component.retain });
  }
  await recordResult(writer, stored, planned, { execution: result, left }, options.source);
  return { execution: result, left };
}
