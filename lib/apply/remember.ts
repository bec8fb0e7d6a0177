/** Keeps what a run did, and why it failed, in the journal. @module */
import { randomUUID } from "node:crypto";
import { type Cluster, ClusterError } from "../cluster/mod.ts";
import { messageOf, PlumbError } from "../errors.ts";
import type { Emit } from "../event.ts";
import { keyOf } from "../object.ts";
import { isJob } from "../plan/mod.ts";
import { Account } from "./account.ts";
import type { Attempt } from "./attempt.ts";
import { ApplyError } from "./errors.ts";
import {
  amendJournal,
  type DesiredRevision,
  type Journal,
  type Run,
  withProposal,
  withRun,
} from "./journal.ts";
import type { PlannedRun } from "./plan_run.ts";
import { SuspendedError } from "./suspension.ts";

/** What remembering needs to know of a run. */
export interface RememberOptions {
  readonly component: { readonly name: string };
  readonly source: { readonly url: string; readonly revision: string; readonly subject?: string };
  readonly identity: string;
  readonly emit: Emit;
}

/** What is remembered. */
export interface Work {
  readonly command: "reconcile" | "undo";
  /** Does it; given where to tell what happens. */
  readonly work: (emit: Emit) => Promise<Attempt | "moved">;
  /** What else is to be noted at its end, given the first reason of a failure. */
  readonly note?: (ended: Attempt, reason: string) => Note | undefined;
}

type Note = (before: Journal) => Journal;

/**
 * Does some work and keeps it in the journal: what wrote to the component or tried to, and what failed before, if the
 * component is known. Work that found nothing to do, or was called off, leaves no trace.
 */
export async function remember(
  cluster: Cluster,
  options: RememberOptions,
  { command, work, note }: Work,
): Promise<{ readonly ended: Attempt | "moved"; readonly account: Account }> {
  const account = new Account(options.emit);
  const keep = (run: Pick<Run, "result" | "message"> | undefined, more?: Note) =>
    amend(cluster, account, options, run && { ...run, command }, more);
  try {
    const ended = await work(account.emit);
    if (ended === "moved") return { ended, account };
    if (ended.isAtFault) account.addLasting(ended.irreversible);
    const hasFailed = ended.outcome === "failed" || ended.outcome === "refused";
    const run = account.hasActed || hasFailed
      ? { result: resultOf(ended, command), message: ended.message }
      : undefined;
    const more = note?.(ended, account.reason ?? ended.message);
    if (run !== undefined || more !== undefined) await keep(run, more);
    return { ended, account };
  } catch (error) {
    const result = error instanceof SuspendedError ? "suspended" : "failed";
    if (isWorthKeeping(error, account)) await keep({ result, message: messageOf(error) });
    throw error;
  }
}

/** Adds a run to the journal, unless it left nothing in the cluster. A journal that can't be written is no failure of the run. */
export async function amend(
  cluster: Cluster,
  account: Account,
  { component, source: { subject, ...source }, identity, emit }: RememberOptions,
  run: Pick<Run, "command" | "result" | "message"> | undefined,
  note: Note = (journal) => journal,
): Promise<void> {
  const id = randomUUID();
  await amendIfPossible(cluster, { component, emit }, (before) => {
    // A first deploy that was refused before its first write has left nothing in the cluster, and neither does this.
    const isKept = run !== undefined && (account.hasActed || before.runs.length > 0);
    const facts = { id, source, subject, identity };
    return note(isKept ? withRun(before, account.toRun({ ...facts, ...run })) : before);
  });
}

/** Notes with the last undo where it is proposed to Git, too. */
export async function noteProposal(
  cluster: Cluster,
  options: Pick<RememberOptions, "component" | "emit">,
  address: string,
): Promise<void> {
  await amendIfPossible(cluster, options, (before) => withProposal(before, address));
}

/** Changes the journal, even if the run was interrupted: what happened is kept. Where it can't be, that is told. */
export async function amendIfPossible(
  cluster: Cluster,
  { component, emit }: Pick<RememberOptions, "component" | "emit">,
  change: Note,
): Promise<void> {
  try {
    await amendJournal(cluster.uninterrupted(), component.name, change);
  } catch (error) {
    if (!(error instanceof ClusterError || error instanceof ApplyError)) throw error;
    emit({ type: "warning", message: `The journal is not written: ${error.message}` });
  }
}

function resultOf({ outcome }: Attempt, command: Work["command"]): Run["result"] {
  if (outcome === "unverified") return "unverified";
  if (outcome !== "applied" && outcome !== "in-sync") return "failed";
  return command === "undo" ? "undone" : outcome;
}

/** A revision, as it is noted after an attempt at it. */
export function desiredRevision(
  { url, revision }: { readonly url: string; readonly revision: string },
  { renderKey: key, prepared }: PlannedRun,
): DesiredRevision {
  const at = new Date().toISOString();
  const jobs = prepared.flatMap(({ reference, hash }) =>
    isJob(reference) ? [{ key: keyOf(reference), hash }] : []
  );
  return { url, revision, key, at, ...(jobs.length === 0 ? {} : { jobs }) };
}

function isWorthKeeping(error: unknown, { hasActed }: Account): boolean {
  if (!(error instanceof PlumbError) || error instanceof SuspendedError) return hasActed;
  return !OUT_OF_REACH.has(error.code) && !CALLED_OFF.has(error.code);
}

/** Codes of errors after which the journal can't be written either. */
export const OUT_OF_REACH: ReadonlySet<string> = new Set([
  "unreachable",
  "unauthorized",
  "permission-missing",
]);
/** Nothing failed: somebody decided otherwise. */
const CALLED_OFF: ReadonlySet<string> = new Set([
  "plan-moved",
  "deletion-unconfirmed",
  "undo-unconfirmed",
]);
