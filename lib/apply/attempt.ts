/** One attempt to make the cluster be as one revision says: plan, write, wait, and verify. @module */
import type { Cluster } from "../cluster/mod.ts";
import type { Action, Outcome } from "../event.ts";
import { keyOf, type ObjectReference } from "../object.ts";
import { changesIn, irreversible } from "../plan/mod.ts";
import { carryOut } from "./carry_out.ts";
import { checkBeforeWriting } from "./check_before.ts";
import { inSyncInWords } from "./fights.ts";
import { readInventory } from "./inventory.ts";
import { type HeldLease, Lease } from "./lease.ts";
import { planAndReport } from "./plan_and_report.ts";
import type { PlannedRun } from "./plan_run.ts";
import type { ReconcileOptions } from "./reconcile.ts";
import { recordUnchanged, type RunResult } from "./record.ts";
import { assertNotSuspended } from "./suspension.ts";
import type { Turn } from "./turn.ts";

/** How to make an attempt. */
export interface AttemptOptions extends ReconcileOptions {
  /** On the way back: what the failed revision added goes before anything else. */
  readonly removeFirst?: boolean;
}

/** How an attempt ended. */
export interface Attempt {
  readonly outcome: Outcome;
  /** In words. */
  readonly message: string;
  readonly planned: PlannedRun;
  /** How many objects did not get there, or violations there are. */
  readonly failed: number;
  /** What Git wants is wrong: it was refused, did not become healthy, or did not pass its checks. */
  readonly isAtFault: boolean;
  /** It was seen to be healthy, and passed its checks where they were asked for. */
  readonly isProven: boolean;
  /** What was done for good, in words. */
  readonly irreversible: readonly string[];
}

/**
 * Makes an attempt.
 *
 * @returns `moved` when another run was quicker: then everything is to be looked at anew.
 * @throws {PlumbError} when nothing could be planned, or the attempt had to stop.
 */
export async function attempt(
  cluster: Cluster,
  options: AttemptOptions,
  turn: Turn,
): Promise<Attempt | "moved"> {
  const planned = await planAndReport(cluster, options);
  const end = (outcome: Outcome, message: string, more: Partial<Attempt> = {}): Attempt => ({
    outcome,
    message,
    planned,
    failed: 0,
    isAtFault: false,
    isProven: false,
    irreversible: [],
    ...more,
  });
  // What the records settle was judged when it was applied.
  const denied = planned.prepared.length === 0 ? 0 : await options.judge(changesOf(planned));
  if (denied > 0) {
    const message = `${denied} violations of policies; nothing was changed`;
    return end("refused", message, { failed: denied });
  }
  if (!hasWork(planned) && !options.isUnproven) {
    await recordUnchanged(cluster, planned, options.source);
    return await verified(end("in-sync", inSyncInWords(planned)), options);
  }
  if (options.back === undefined) await checkBeforeWriting(cluster, planned, options);
  const lease = await turn.take();
  if (!(lease instanceof Lease)) return end("busy", busyMessage(lease));
  await assertNotSuspended(cluster, options.component.name);
  if (await hasMoved(cluster, planned)) return "moved";
  const result = await carryOut(cluster, planned, lease, options);
  if (result.execution.stopped !== undefined) throw result.execution.stopped;
  return await verified(
    { ...end(...verdictOn(planned, result)), ...effectOf(planned, result) },
    options,
  );
}

function verdictOn(planned: PlannedRun, result: RunResult): [Outcome, string] {
  const failed = failuresIn(result);
  if (failed > 0) return ["failed", `${failed} of the objects did not get there`];
  return hasChanges(planned)
    ? ["applied", "The cluster is now as Git says"]
    : ["in-sync", "What the last run began is healthy now"];
}

const failuresIn = ({ execution, left }: RunResult) => execution.failed.size + left.size;

function effectOf(planned: PlannedRun, result: RunResult) {
  const { execution: { applied, isAtFault }, left } = result;
  const done = changesIn(planned.plan).filter(({ action, reference }) =>
    action === "delete" ? !left.has(keyOf(reference)) : applied.has(keyOf(reference))
  );
  return { failed: failuresIn(result), isAtFault, irreversible: irreversible(done) };
}

/** Runs the checks, if they are asked for and there is something to check. */
async function verified(
  ended: Attempt,
  { verify, wait, signal, emit }: AttemptOptions,
): Promise<Attempt> {
  if (ended.failed > 0) return ended;
  if (verify === undefined) return { ...ended, isProven: wait };
  const verdict = await verify(emit);
  signal?.throwIfAborted();
  if (verdict === "passed") return { ...ended, isProven: wait };
  return {
    ...ended,
    outcome: "unverified",
    isAtFault: verdict === "failed",
    message: verdict === "failed"
      ? `${ended.message}, but does not pass its checks`
      : `${ended.message}, but not everything could be checked`,
  };
}

/** A planned change, as policies see it. */
export interface PlannedChange {
  readonly action: Action;
  readonly reference: ObjectReference;
}

/** The changes of a plan, as policies see them. */
export function changesOf({ plan }: PlannedRun): PlannedChange[] {
  return [...plan.prune.flat(), ...plan.waves.flat()].map(({ action, reference }) => (
    { action, reference }
  ));
}

/** A run that failed or was killed has left something to wait for, even if every object is as Git says. */
function hasWork(planned: PlannedRun): boolean {
  return hasChanges(planned) || planned.stored.inventory.state !== "complete";
}

/** Whether a plan changes anything. */
export function hasChanges({ plan }: PlannedRun): boolean {
  return plan.prune.length > 0 || plan.waves.flat().some(({ action }) => action !== "unchanged");
}

function busyMessage({ holder, since }: HeldLease): string {
  return `Another run is at work: ${holder}${since === undefined ? "" : `, since ${since}`}`;
}

/** Whether another run has written since the plan was made. Now nobody else can. */
async function hasMoved(cluster: Cluster, { stored }: PlannedRun): Promise<boolean> {
  const { inventory, resourceVersion } = stored;
  const now = await readInventory(cluster, inventory.component, inventory.namespace);
  return now.resourceVersion !== resourceVersion;
}
