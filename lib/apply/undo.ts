/**
 * The way back to the last good revision: after one that failed, and for as long as Git still wants that one.
 *
 * The revision that failed is noted in the journal before anything is taken back. So a run that finds it there holds the
 * cluster at the good revision, and an undo that was killed is finished by the next run.
 * @module
 */
import type { Cluster } from "../cluster/mod.ts";
import type { Emit } from "../event.ts";
import { shortRevision } from "../revision.ts";
import type { Account } from "./account.ts";
import { type Attempt, attempt } from "./attempt.ts";
import { readInventory, type StoredInventory } from "./inventory.ts";
import type { DesiredRevision, Journal } from "./journal.ts";
import type { ReconcileOptions, UndoneRevision } from "./reconcile.ts";
import { amendIfPossible, noteProposal, remember } from "./remember.ts";
import type { Turn } from "./turn.ts";

/** What is known of a component when a run begins. */
export interface Known {
  readonly stored: StoredInventory;
  readonly journal: Journal;
  /** Tells the files and parameters of this run from others. */
  readonly key: string;
  readonly turn: Turn;
}

/** Whether there is a way back from a revision. */
export type WayBack =
  | { readonly state: "open"; readonly good: DesiredRevision }
  | { readonly state: "closed"; readonly reason: string; readonly hint: string }
  /** Nobody wants it. */
  | { readonly state: "off" };

/** Whether a revision can be opened again, unlike a local folder as it was once. */
export function isCommit(revision: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(revision);
}

/** Whether what Git wants could be undone. */
export function wayBack(
  { journal: { good }, key }: Pick<Known, "journal" | "key">,
  { source, open, undo }: Pick<ReconcileOptions, "source" | "open" | "undo">,
): WayBack {
  if (!undo) return { state: "off" };
  if (good === undefined) {
    return {
      state: "closed",
      reason: "no revision was good before",
      hint: "The objects stay, so that they can be looked at. Mend it in Git, or remove the " +
        "component with `plumb rollback`.",
    };
  }
  if (open === undefined || !isCommit(good.revision)) {
    return {
      state: "closed",
      reason: "of a local folder nobody knows what was in it before",
      hint: "Mend it and run again, or deploy from a repository with --source.",
    };
  }
  if (good.revision === source.revision || good.key === key) {
    return {
      state: "closed",
      reason: "this revision was good before",
      hint: "What is wrong now is not in Git: look at the cluster, and at the parameters.",
    };
  }
  return { state: "open", good };
}

/** A revision that is not to be tried again, and the good one to keep instead. */
export interface Rejection {
  readonly good: DesiredRevision;
  readonly rejected: DesiredRevision & { readonly reason: string };
}

/** Whether what Git wants has failed before, and is not to be tried again. */
export function rejectionIn(
  { journal: { rejected, good }, key }: Pick<Known, "journal" | "key">,
  { source, open, retry }: Pick<ReconcileOptions, "source" | "open" | "retry">,
): Rejection | undefined {
  if (rejected === undefined || good === undefined || open === undefined || retry) return undefined;
  const isThis = rejected.key === undefined
    ? rejected.revision === source.revision
    : rejected.key === key;
  return isThis ? { good, rejected } : undefined;
}

/** Tells that a run does not follow Git, and why. */
export function tellRejection({ good, rejected }: Rejection, emit: Emit): void {
  const { revision: from, reason } = rejected;
  emit({ type: "undo", state: "held", from, to: good.revision, reason, irreversible: [] });
}

/** Takes back a revision that failed, or says why not. */
export async function undo(
  cluster: Cluster,
  options: ReconcileOptions,
  known: Known,
  { failed, account, way }: {
    readonly failed: Attempt;
    readonly account: Account;
    readonly way: Exclude<WayBack, { state: "off" }>;
  },
): Promise<Attempt> {
  const { emit, source: { revision: from } } = options;
  const { irreversible } = failed;
  if (way.state === "closed") {
    const { reason, hint } = way;
    emit({ type: "undo", state: "impossible", from, reason, hint, irreversible });
    return failed;
  }
  const to = way.good.revision;
  const about = { from, to, reason: account.reason ?? failed.message, irreversible };
  emit({ type: "undo", state: "begun", ...about });
  const back = await returnTo(cluster, options, known, { good: way.good });
  const isBack = back !== "moved" && back.failed === 0;
  emit({ type: "undo", state: isBack ? "done" : "failed", ...about });
  if (isBack) {
    const { reason, evidence } = account;
    await revert(cluster, options, { from, to, reason: reason ?? failed.message, evidence });
  }
  return { ...failed, message: messageAbout(from, to, back) };
}

/** Proposes to take back in Git what was undone, where that is possible, and notes where. */
export async function revert(
  cluster: Cluster,
  options: ReconcileOptions,
  undone: UndoneRevision,
): Promise<void> {
  const proposed = await options.proposeRevert?.(undone);
  if (proposed?.url !== undefined) await noteProposal(cluster, options, proposed.url);
}

/** What became of a revision, and how the way back from it ended. */
export function messageAbout(
  from: string,
  to: string,
  back: Attempt | "moved",
  became = "failed",
): string {
  const [gone, good] = [shortRevision(from), shortRevision(to)];
  if (back === "moved" || back.failed > 0) {
    const why = back === "moved" ? "somebody else wrote to its records" : back.message;
    return `${gone} ${became}, but the way back to ${good} failed: ${why}`;
  }
  const checks = back.outcome === "unverified" ? ", which does not pass its checks" : "";
  return `${gone} ${became}, and the cluster is back at ${good}${checks}`;
}

/** Keeps the cluster at the good revision while Git wants one that has failed. */
export async function hold(
  cluster: Cluster,
  options: ReconcileOptions,
  known: Known,
  rejection: Rejection,
): Promise<Attempt | "moved"> {
  tellRejection(rejection, options.emit);
  const { good, rejected } = rejection;
  const ended = await returnTo(cluster, options, known, { good });
  if (ended === "moved" || (ended.outcome !== "applied" && ended.outcome !== "in-sync")) {
    return ended;
  }
  const { runs } = known.journal;
  await revert(cluster, options, {
    from: rejected.revision,
    to: good.revision,
    reason: rejected.reason,
    evidence: runs.find(({ source }) => source.revision === rejected.revision)?.evidence ?? [],
  });
  const [held, failed] = [good, rejected].map(({ revision }) => shortRevision(revision));
  const message = `Held at ${held}, since ${failed} failed: ${rejected.reason}`;
  return { ...ended, outcome: "differences", message };
}

/**
 * Makes the cluster be as a good revision says. Where that fails, it is tried again when what the failed revision added is
 * gone: that can be what is in the way.
 */
export async function returnTo(
  cluster: Cluster,
  options: ReconcileOptions,
  { turn }: Known,
  { good: { revision, jobs = [] }, beforeWriting }: {
    readonly good: DesiredRevision;
    /** Called when the plan is told; stops by throwing. */
    readonly beforeWriting?: () => Promise<void>;
  },
): Promise<Attempt | "moved"> {
  const { open, inspect: _inspect, verify: _verify, ...rest } = options;
  if (open === undefined) throw new Error("there is no repository to open it from");
  const desired = await open(revision);
  const back = { finished: new Map(jobs.map(({ key, hash }) => [key, hash])) };
  const { name, namespace } = desired.component;
  const stored = await readInventory(cluster, name, namespace);
  const again = async (emit: Emit, removeFirst: boolean) =>
    await attempt(cluster, {
      ...rest,
      ...desired,
      emit,
      back,
      removeFirst,
      tellsIrreversible: beforeWriting !== undefined,
      ...(beforeWriting === undefined || removeFirst ? {} : { inspect: beforeWriting }),
      stored: removeFirst ? await readInventory(cluster, name, namespace) : stored,
    }, turn);
  const { ended } = await remember(cluster, { ...options, source: desired.source }, {
    command: isAt(stored, revision) ? "reconcile" : "undo",
    work: async (emit) => {
      const first = await again(emit, false);
      const isInTheWay = first !== "moved" && first.outcome === "failed" &&
        first.planned.plan.prune.length > 0;
      return isInTheWay ? await again(emit, true) : first;
    },
  });
  return ended;
}

/** Takes back the revert of what was rejected before; by a later run where it can't be done now. */
export async function withdrawRevert(
  cluster: Cluster,
  options: Pick<ReconcileOptions, "component" | "emit" | "proposeRevert">,
  { rejected, revertLeft }: Journal,
): Promise<void> {
  if (rejected === undefined && revertLeft === undefined) return;
  if (await options.proposeRevert?.(undefined) === undefined) return;
  await amendIfPossible(cluster, options, ({ revertLeft: _, ...journal }) => journal);
}

/** Whether the way to a revision has come to its end before. */
function isAt({ inventory: { source, state } }: StoredInventory, revision: string): boolean {
  return source.revision === revision && state !== "applying";
}
