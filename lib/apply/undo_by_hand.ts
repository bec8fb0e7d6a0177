/** An undo that somebody asks for: from what is deployed to the revision that was good before it. @module */
import type { Cluster } from "../cluster/mod.ts";
import type { Outcome } from "../event.ts";
import { shortRevision } from "../revision.ts";
import { announce } from "./announce.ts";
import type { Attempt } from "./attempt.ts";
import { ApplyError } from "./errors.ts";
import { amendJournal, type Journal } from "./journal.ts";
import { noticesOf } from "./notices.ts";
import { conclude, readKnown, type ReconcileOptions } from "./reconcile.ts";
import { refuseSuspended, unlessSuspended } from "./suspension.ts";
import { Turn } from "./turn.ts";
import { isCommit, type Known, messageAbout, type Rejection, returnTo, revert } from "./undo.ts";

/** How to undo. */
export interface UndoOptions extends ReconcileOptions {
  /** Why, in the words of whoever wants it. */
  readonly because?: string | undefined;
  /** Asked when the plan is told, before anything is changed. */
  readonly confirmUndo: (from: string, to: string) => Promise<boolean>;
}

/**
 * Takes a component back to the revision that was good before the one that is deployed. That one is not deployed again
 * until Git moves, or somebody says so.
 *
 * @throws {ApplyError} `no-way-back`, `undo-unconfirmed`, and all that stops a run.
 */
export async function undoByHand(cluster: Cluster, options: UndoOptions): Promise<Outcome> {
  return await unlessSuspended(options, () => conclude(options, () => goBack(cluster, options)));
}

async function goBack(cluster: Cluster, options: UndoOptions): Promise<Attempt> {
  await using turn = new Turn(cluster, options);
  for (;;) {
    const known = { ...await readKnown(cluster, options), turn };
    refuseSuspended(known.journal, cluster.now());
    const rejection = rejectionByHand(known, options);
    const { good: { revision: to }, rejected: { revision: from, reason } } = rejection;
    const back = await returnTo(cluster, options, known, {
      ...rejection,
      beforeWriting: async () => {
        if (!(await options.confirmUndo(from, to))) throw unconfirmed();
        await note(cluster, options, rejection);
      },
    });
    if (back === "moved") continue;
    const isBack = back.failed === 0 && back.outcome !== "busy";
    if (back.outcome === "busy") return back;
    const state = isBack ? "done" : "failed";
    const undone = { type: "undo" as const, state, from, to, reason, irreversible: [] } as const;
    options.emit(undone);
    const { name: component, namespace } = options.component;
    await announce(cluster, { component, namespace }, noticesOf([undone], from));
    // What Git has beyond it is not to be reverted with it.
    if (isBack && options.source.revision === from) {
      await revert(cluster, options, { from, to, reason, evidence: [] });
    }
    return { ...back, message: messageAbout(from, to, back, "is undone") };
  }
}

/** What is deployed, and what was good before it. */
function rejectionByHand(
  { stored: { inventory, resourceVersion }, journal: { good, previous, rejected } }: Known,
  { because, open }: UndoOptions,
): Rejection {
  if (open === undefined) {
    throw noWayBack("Of a local folder nobody knows what was in it before", "Give --source.");
  }
  if (resourceVersion === undefined) {
    throw noWayBack(`${inventory.component} is not deployed`, "Look at what is: `plumb status`.");
  }
  const { source: { url, revision }, renderKey } = inventory;
  const isGood = good?.revision === revision;
  if (isGood && rejected !== undefined) {
    throw noWayBack(
      `${shortRevision(rejected.revision)} is undone already`,
      `The cluster is held at ${shortRevision(revision)} until Git moves.`,
    );
  }
  const target = isGood ? previous : good;
  if (target === undefined || !isCommit(target.revision)) {
    throw noWayBack(
      `No commit is known that was good before ${shortRevision(revision)}`,
      "Deploy the one that you want: `plumb reconcile --ref COMMIT`.",
    );
  }
  const key = renderKey ?? (isGood ? good.key : undefined);
  const reason = because === undefined ? "undone by hand" : `undone by hand: ${because}`;
  const at = new Date().toISOString();
  return {
    good: target,
    rejected: { url, revision, at, reason, ...(key === undefined ? {} : { key }) },
  };
}

function noWayBack(message: string, hint: string): ApplyError {
  return new ApplyError("no-way-back", message, { hint: `Nothing was changed. ${hint}` });
}

function unconfirmed(): ApplyError {
  return new ApplyError("undo-unconfirmed", "The undo was not confirmed", {
    hint: "Nothing was changed; the plan stands above.",
  });
}

/** Before the first write, so that an undo that is killed is finished by the next run. */
async function note(
  cluster: Cluster,
  { component }: UndoOptions,
  { good, rejected }: Rejection,
): Promise<void> {
  await amendJournal(cluster, component.name, ({ previous: _, ...journal }): Journal => (
    { ...journal, good, rejected }
  ));
}
