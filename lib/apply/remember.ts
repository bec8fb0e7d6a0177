/** Keeps what a run did, and why it failed, in the journal. @module */
import { randomUUID } from "node:crypto";
import { type Cluster, ClusterError } from "../cluster/mod.ts";
import { messageOf, PlumbError } from "../errors.ts";
import type { Emit, Outcome } from "../event.ts";
import { Account, type RunFacts } from "./account.ts";
import { ApplyError } from "./errors.ts";
import { amendJournal, withGood, withRun } from "./journal.ts";

/** What remembering needs to know of a run. */
export interface RememberOptions {
  readonly component: { readonly name: string };
  readonly source: { readonly url: string; readonly revision: string; readonly subject?: string };
  readonly identity: string;
  /** Whether the run waits until everything is healthy. */
  readonly wait: boolean;
  readonly emit: Emit;
}

/**
 * Carries out a run and keeps it in the journal: what wrote to the component or tried to, and what failed before, if the
 * component is known. A run that found nothing to do, or was called off, leaves no trace.
 *
 * @param run is given where to tell what happens.
 */
export async function remember(
  cluster: Cluster,
  options: RememberOptions,
  run: (emit: Emit) => Promise<Outcome>,
): Promise<Outcome> {
  const account = new Account(options.emit);
  // What happened is kept even if the run was interrupted.
  const writer = cluster.uninterrupted();
  try {
    const outcome = await run(account.emit);
    if (account.hasActed || outcome === "failed" || outcome === "refused") {
      await keep(writer, account, options, { outcome });
    }
    return outcome;
  } catch (error) {
    if (isWorthKeeping(error, account)) await keep(writer, account, options, { error });
    throw error;
  }
}

type Ending = { readonly outcome: Outcome } | { readonly error: unknown };

async function keep(
  cluster: Cluster,
  account: Account,
  options: RememberOptions,
  ending: Ending,
): Promise<void> {
  const { component, source: { subject, ...source }, identity, wait, emit } = options;
  const result = resultOf(ending);
  const message = "error" in ending ? messageOf(ending.error) : account.message;
  const facts: RunFacts = {
    id: randomUUID(),
    command: "reconcile",
    source,
    subject,
    identity,
    result,
    message,
  };
  const at = new Date().toISOString();
  try {
    await amendJournal(cluster, component.name, (journal) => {
      // A first deploy that was refused before its first write has left nothing in the cluster, and neither does this.
      if (!account.hasActed && journal.runs.length === 0) return journal;
      const after = withRun(journal, account.toRun(facts));
      return wait && REACHED.has(result) ? withGood(after, { ...source, at }) : after;
    });
  } catch (error) {
    if (!(error instanceof ClusterError || error instanceof ApplyError)) throw error;
    emit({ type: "warning", message: `The journal is not written: ${error.message}` });
  }
}

/** What Git wants is there. */
const REACHED: ReadonlySet<RunFacts["result"]> = new Set(["applied", "in-sync"]);

function resultOf(ending: Ending): RunFacts["result"] {
  if ("error" in ending) return "failed";
  const { outcome } = ending;
  return outcome === "applied" || outcome === "in-sync" || outcome === "suspended"
    ? outcome
    : "failed";
}

function isWorthKeeping(error: unknown, { hasActed }: Account): boolean {
  if (!(error instanceof PlumbError)) return hasActed;
  return !OUT_OF_REACH.has(error.code) && !CALLED_OFF.has(error.code);
}

/** The journal can't be written either. */
const OUT_OF_REACH: ReadonlySet<string> = new Set([
  "unreachable",
  "unauthorized",
  "permission-missing",
]);
/** Nothing failed: somebody decided otherwise. */
const CALLED_OFF: ReadonlySet<string> = new Set(["plan-moved", "deletion-unconfirmed"]);
