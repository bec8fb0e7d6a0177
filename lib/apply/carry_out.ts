/** Carries out a plan, with the records before and after it. @module */
import type { Cluster } from "../cluster/mod.ts";
import { keyOf } from "../object.ts";
import { isJob, type Plan } from "../plan/mod.ts";
import { type AttemptOptions } from "./attempt.ts";
import { execute, type ExecuteOptions, type Execution } from "./execute.ts";
import { writeInventory } from "./inventory.ts";
import type { Lease } from "./lease.ts";
import type { PlannedRun } from "./plan_run.ts";
import { prune } from "./prune.ts";
import { intendedInventory, recordResult, type RunResult } from "./record.ts";
import { redactSecrets } from "./redact.ts";
import { restoreVolumes, settleRetained } from "./restore.ts";
import { assertNotSuspended } from "./suspension.ts";

/**
 * Writes what will be, does it, and writes what has become.
 *
 * What Git no longer has goes last, when everything else is healthy. On the way back from a revision that failed, its
 * Jobs are stopped first, and all that it added if that could be in the way.
 */
export async function carryOut(
  cluster: Cluster,
  planned: PlannedRun,
  lease: Lease,
  options: AttemptOptions,
): Promise<RunResult> {
  // An interrupt stops before the next write; a write that is under way, and the record of it, are finished.
  // It may have waited for its turn or for a retry: the lease must still be held when it is sent.
  const writer = cluster.uninterrupted({ before: () => lease.assertHeld() });
  options.emit({ type: "stage", stage: "apply" });
  const stored = await writeInventory(writer, {
    ...planned.stored,
    inventory: intendedInventory(planned, options.source),
  });
  const proceed = () => assertNotSuspended(cluster, options.component.name);
  const removal = new Removal(writer, planned, lease, options);
  let execution: Execution = { applied: new Map(), failed: new Set(), isAtFault: false };
  try {
    await removal.remove(goingFirst(planned.plan.prune, options));
    execution = await executeAll(writer, planned, lease, { ...options, proceed });
    if (execution.stopped === undefined && execution.failed.size === 0) {
      await proceed();
      await removal.remove(planned.plan.prune);
      if (planned.retained !== undefined) {
        await settleRetained(writer, planned.retained, { ...options, ...options.component.retain });
      }
    }
  } catch (stopped) {
    execution = { ...execution, stopped };
  }
  const result = { execution, left: removal.left };
  await recordResult(writer, stored, planned, result, options.source);
  return result;
}

function executeAll(
  writer: Cluster,
  planned: PlannedRun,
  lease: Lease,
  options: AttemptOptions & Pick<ExecuteOptions, "proceed">,
): Promise<Execution> {
  const { emit, signal, timeout, wait, isUnproven, proceed } = options;
  return execute(writer, planned.waves, {
    lease,
    proceed,
    adoption: options.component.adoption,
    dependencies: planned.dependencies,
    wait,
    waitForUnchanged: isUnproven || planned.stored.inventory.state !== "complete",
    timeout,
    emit,
    redact: redactSecrets(planned.prepared),
    beforeCreation: (item) => restoreVolumes(writer, planned.retained?.retained, item, options),
    signal,
  });
}

function goingFirst(waves: Plan["prune"], { back, removeFirst }: AttemptOptions): Plan["prune"] {
  if (back === undefined) return [];
  return removeFirst
    ? waves
    : waves.map((wave) => wave.filter(({ reference }) => isJob(reference)));
}

/** What a plan deletes, as far as it is done. */
class Removal {
  readonly #left: Set<string>;

  constructor(
    readonly writer: Cluster,
    readonly planned: PlannedRun,
    readonly lease: Lease,
    readonly options: AttemptOptions,
  ) {
    this.#left = new Set(planned.plan.prune.flat().map(({ reference }) => keyOf(reference)));
  }

  /** Keys of what should have gone, but has not. */
  get left(): ReadonlySet<string> {
    return this.#left;
  }

  /** Deletes what has not gone yet. */
  async remove(waves: Plan["prune"]): Promise<void> {
    const open = waves.map((wave) =>
      wave.filter(({ reference }) => this.#left.has(keyOf(reference)))
    ).filter((wave) => wave.length > 0);
    if (open.length === 0) return;
    const { emit, signal, timeout, wait, component } = this.options;
    emit({ type: "stage", stage: "prune" });
    const { targets } = this.planned;
    const stayed = await prune(this.writer, open, {
      component: component.name,
      lease: this.lease,
      targets,
      wait,
      timeout,
      emit,
      signal,
    });
    for (const { reference } of open.flat()) {
      if (!stayed.has(keyOf(reference))) this.#left.delete(keyOf(reference));
    }
  }
}
