/**
 * One run of a component: plan, make the cluster follow, and take it back where that fails.
 * @module
 */
import type { Cluster } from "../cluster/mod.ts";
import type { Emit, Outcome } from "../event.ts";
import type { ObjectReference } from "../object.ts";
import { countsOf } from "../plan/mod.ts";
import { announced } from "./announce.ts";
import { type Attempt, attempt, changesOf, hasChanges, type PlannedChange } from "./attempt.ts";
import { type ObservedDrift, observedDrift } from "./drift.ts";
import { type Inventory, readInventory } from "./inventory.ts";
import { type DesiredRevision, type Journal, readJournal, withGood } from "./journal.ts";
import { planAndReport, type ReportedPlanOptions } from "./plan_and_report.ts";
import type { PlannedRun } from "./plan_run.ts";
import { desiredRevision, remember } from "./remember.ts";
import { awaitRemoval } from "./restore.ts";
import { refuseSuspended, unlessSuspended } from "./suspension.ts";
import { Turn } from "./turn.ts";
import {
  hold,
  type Known,
  rejectionIn,
  tellRejection,
  undo,
  wayBack,
  withdrawRevert,
} from "./undo.ts";

/** What the checks of a deployed component say. */
export type Verdict = "passed" | "failed" | "not-judged";

/** What Git wants at one revision. */
export interface Desired extends Pick<ReportedPlanOptions, "component" | "render" | "renderKey"> {
  readonly source: { readonly url: string; readonly revision: string; readonly subject?: string };
  /** Judges what is planned. @returns how many violations of policies forbid it. */
  readonly judge: (plan: readonly PlannedChange[]) => Promise<number>;
  /** Runs the checks, where they are asked for. */
  readonly verify?: (emit: Emit) => Promise<Verdict>;
}

/** What a run does, and how. */
export interface ReconcileOptions extends ReportedPlanOptions, Desired {
  readonly source: Desired["source"];
  /** Who runs, for the lease. */
  readonly identity: string;
  /** For mode pr: makes what has drifted a proposal, instead of writing to the cluster. */
  readonly propose?: (drift: ObservedDrift) => Promise<{ outcome: Outcome; message: string }>;
  /** Opens another revision of the same repository, with the same parameters; absent where there is none. */
  readonly open?: (revision: string) => Promise<Desired>;
  /** Undo a revision that fails. */
  readonly undo: boolean;
  /** Try a revision that has failed again. */
  readonly retry: boolean;
  /**
   * Proposes to take back in Git what was undone; given nothing when Git has moved on.
   *
   * @returns the pull request's address, where there is one; undefined when it could not be done.
   */
  readonly proposeRevert?: (
    undone: UndoneRevision | undefined,
  ) => Promise<{ readonly url?: string } | undefined>;
  /** Asked before anything is deleted. */
  readonly confirm: (deletions: readonly ObjectReference[]) => Promise<boolean>;
  /** A desired state that lost most of its objects is meant so. */
  readonly allowShrinking: boolean;
  readonly wait: boolean;
  /** For one wave, in milliseconds. */
  readonly timeout: number;
  readonly signal?: AbortSignal | undefined;
}

/** A revision that was undone. */
export interface UndoneRevision {
  readonly from: string;
  /** The good one. */
  readonly to: string;
  readonly reason: string;
  /** Reasons, events, last log lines, and what is not undone. */
  readonly evidence: readonly string[];
}

/**
 * Runs a component once. What it did, and why it failed, is kept in the journal.
 *
 * @returns how it ended; what happened on the way is in the events.
 * @throws {PlumbError} when nothing could be planned, or the run had to stop.
 */
export async function reconcile(cluster: Cluster, options: ReconcileOptions): Promise<Outcome> {
  if (options.mode !== "apply") return await conclude(options, () => look(cluster, options));
  return await announced(cluster, options, (emit) => {
    const told = { ...options, emit };
    return unlessSuspended(told, () => conclude(told, () => follow(cluster, told)));
  });
}

/** Tells how a run ended. */
export async function conclude(
  options: ReconcileOptions,
  run: () => Promise<Pick<Attempt, "outcome" | "message" | "planned" | "failed">>,
): Promise<Outcome> {
  const started = performance.now();
  const { outcome, message, planned, failed } = await run();
  options.emit({
    type: "result",
    outcome,
    counts: countsOf(planned.plan),
    failed,
    seconds: (performance.now() - started) / 1000,
    message,
  });
  return outcome;
}

/** Makes the cluster follow Git, unless what Git wants has failed before. */
async function follow(cluster: Cluster, given: ReconcileOptions): Promise<Attempt> {
  await using turn = new Turn(cluster, given);
  const prepare = (inventory: Inventory) => awaitRemoval(cluster, inventory, given);
  const options = { ...given, prepare };
  for (;;) {
    const known = { ...await readKnown(cluster, options), turn };
    refuseSuspended(known.journal, cluster.now());
    const rejection = rejectionIn(known, options);
    const ended = rejection === undefined
      ? await deploy(cluster, options, known)
      : await hold(cluster, options, known, rejection);
    if (ended !== "moved") return ended;
  }
}

/** What is recorded of the component, in one go. */
export async function readKnown(
  cluster: Cluster,
  { component: { name, namespace }, renderKey }: Pick<ReconcileOptions, "component" | "renderKey">,
): Promise<Omit<Known, "turn">> {
  const [stored, journal] = await Promise.all([
    readInventory(cluster, name, namespace),
    readJournal(cluster, name),
  ]);
  return { stored, journal, key: renderKey(stored.inventory.salt) };
}

async function deploy(
  cluster: Cluster,
  options: ReconcileOptions,
  known: Known,
): Promise<Attempt | "moved"> {
  const { stored, journal, key, turn } = known;
  const way = wayBack(known, options);
  const { ended, account } = await remember(cluster, options, {
    command: "reconcile",
    work: (emit) =>
      attempt(cluster, {
        ...options,
        emit,
        stored,
        isUnproven: options.wait && journal.good?.key !== key,
        tellsIrreversible: way.state === "open",
      }, turn),
    note: ({ isProven, isAtFault, planned }, reason) => {
      const desired = desiredRevision(options.source, planned);
      if (isProven && !isNoted(journal, desired)) return (before) => withGood(before, desired);
      if (!isAtFault || way.state !== "open") return undefined;
      return (before: Journal) => ({ ...before, rejected: { ...desired, reason } });
    },
  });
  if (ended === "moved") return ended;
  if (ended.isProven) await withdrawRevert(cluster, options, journal);
  if (!ended.isAtFault || way.state === "off") return ended;
  return await undo(cluster, options, known, { failed: ended, account, way });
}

function isNoted({ good, rejected }: Journal, desired: DesiredRevision): boolean {
  return good?.revision === desired.revision && good.key === desired.key && rejected === undefined;
}

/** Plans, and tells or proposes what differs. The cluster is not written. */
async function look(
  cluster: Cluster,
  options: ReconcileOptions,
): Promise<Pick<Attempt, "outcome" | "message" | "planned" | "failed">> {
  const known = await readKnown(cluster, options);
  const rejection = rejectionIn(known, options);
  if (rejection !== undefined) tellRejection(rejection, options.emit);
  const planned = await planAndReport(cluster, {
    ...options,
    stored: known.stored,
    tellsIrreversible: wayBack(known, options).state === "open",
  });
  if (options.mode === "pr" && options.propose !== undefined) {
    return { ...await options.propose(observedDrift(planned)), planned, failed: 0 };
  }
  // What the records settle was judged when it was applied.
  const denied = planned.prepared.length === 0 ? 0 : await options.judge(changesOf(planned));
  if (denied > 0) {
    const message = `${denied} violations of policies; nothing was changed`;
    return { outcome: "refused", message, planned, failed: denied };
  }
  return { ...verdictOn(planned), planned };
}

function verdictOn(planned: PlannedRun): { outcome: Outcome; message: string; failed: number } {
  const { conflict } = countsOf(planned.plan);
  if (conflict > 0) {
    const message = "Some objects can't be applied as they are";
    return { outcome: "failed", message, failed: conflict };
  }
  return hasChanges(planned)
    ? { outcome: "differences", message: "The cluster differs from Git", failed: 0 }
    : { outcome: "in-sync", message: "The cluster is as Git says", failed: 0 };
}
