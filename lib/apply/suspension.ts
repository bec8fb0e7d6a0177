/**
 * Suspension: somebody keeps every run from writing to a component, for a reason, and if they say so for a time.
 *
 * A run asks before it plans, so that nothing about a suspended component wakes anybody, once it holds the lease, before each wave and before it prunes. So a suspension counts
 * for a run that is under way, too: what it has begun is finished and recorded, and nothing new is begun. Comparing,
 * proposing and checking write nothing to the cluster and go on.
 * @module
 */
import { type Cluster, userOf } from "../cluster/mod.ts";
import { type Emit, noCounts, type Outcome } from "../event.ts";
import { announce } from "./announce.ts";
import { findComponent, type KnownComponent } from "./components.ts";
import { ApplyError } from "./errors.ts";
import { amendJournal, type Journal, readJournal, type Run, withRun } from "./journal.ts";

/** Why, by whom, since when and until when no run writes to a component. */
export type Suspension = NonNullable<Journal["suspended"]>;

/** A run that met a suspension. */
export class SuspendedError extends ApplyError {
  constructor(readonly suspension: Suspension) {
    super("suspended", "The component is suspended");
  }
}

/**
 * The suspension that counts at a time. One that has expired ended by itself.
 *
 * @param now milliseconds since 1970.
 * @example
 * ```ts
 * import { emptyJournal } from "./journal.ts";
 * import { suspensionAt } from "./suspension.ts";
 * import assert from "node:assert/strict";
 *
 * const journal = {
 *   ...emptyJournal("web"),
 *   suspended: { reason: "moving the database", by: "ann", since: "2026-01-01T00:00:00Z", until: "2026-01-01T02:00:00Z" },
 * };
 * assert.equal(suspensionAt(journal, Date.parse("2026-01-01T01:00:00Z"))?.by, "ann");
 * assert.equal(suspensionAt(journal, Date.parse("2026-01-01T02:00:00Z")), undefined);
 * ```
 */
export function suspensionAt({ suspended }: Journal, now: number): Suspension | undefined {
  const over = suspended?.until !== undefined && Date.parse(suspended.until) <= now;
  return over ? undefined : suspended;
}

/**
 * Call before anything new is begun.
 *
 * @throws {SuspendedError}
 */
export async function assertNotSuspended(cluster: Cluster, component: string): Promise<void> {
  refuseSuspended(await readJournal(cluster, component), cluster.now());
}

/**
 * The same, where the journal is known.
 *
 * @param now milliseconds since 1970, by the clock of the cluster.
 * @throws {SuspendedError}
 */
export function refuseSuspended(journal: Journal, now: number): void {
  const suspension = suspensionAt(journal, now);
  if (suspension !== undefined) throw new SuspendedError(suspension);
}

/**
 * Runs, and ends well where the run meets a suspension, since that is what somebody wanted: it is told by whom and why.
 */
export async function unlessSuspended(
  { component, emit }: { readonly component: { readonly name: string }; readonly emit: Emit },
  run: () => Promise<Outcome>,
): Promise<Outcome> {
  const started = performance.now();
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof SuspendedError)) throw error;
    emit({
      type: "suspension",
      component: component.name,
      state: "suspended",
      ...error.suspension,
    });
    emit({
      type: "result",
      outcome: "suspended",
      counts: noCounts(),
      failed: 0,
      seconds: (performance.now() - started) / 1000,
      message: "Nothing is written while the component is suspended",
    });
    return "suspended";
  }
}

/** What a suspension is to be. */
export interface SuspendOptions {
  readonly reason: string;
  /** Who, in addition to the user that the cluster knows: `ann@laptop`. */
  readonly from: string;
  /** How long, in milliseconds, or until when, RFC 3339; for good when both are absent. */
  readonly span?: number | undefined;
  readonly until?: string | undefined;
}

/**
 * Suspends a component. One that is suspended already is suspended anew, from now on.
 *
 * @throws {ApplyError} `unknown-component`
 */
export async function suspend(
  cluster: Cluster,
  component: string,
  { reason, from, span, until }: SuspendOptions,
): Promise<Suspension> {
  const [known, by] = await Promise.all([findComponent(cluster, component), whoIs(cluster, from)]);
  const now = cluster.now();
  const end = span === undefined ? until : new Date(now + span).toISOString();
  const since = new Date(now).toISOString();
  const suspended: Suspension = {
    reason,
    by,
    since,
    ...(end === undefined ? {} : { until: end }),
  };
  await amendJournal(cluster, component, (journal) => ({
    ...withRun(journal, entry("suspend", known.source, suspended)),
    suspended,
  }));
  await tell(cluster, component, known, { reason: "Suspended", message: `By ${by}: ${reason}` });
  return suspended;
}

/**
 * Ends a suspension.
 *
 * @returns the suspension that ended, or undefined when there was none.
 * @throws {ApplyError} `unknown-component`
 */
export async function resume(
  cluster: Cluster,
  component: string,
  from: string,
): Promise<Suspension | undefined> {
  const [known, by] = await Promise.all([findComponent(cluster, component), whoIs(cluster, from)]);
  const now = cluster.now();
  let ended: Suspension | undefined;
  await amendJournal(cluster, component, (journal) => {
    ended = suspensionAt(journal, now);
    if (journal.suspended === undefined) return journal;
    const { suspended: _, ...rest } = journal;
    return ended === undefined ? rest : withRun(
      rest,
      entry("resume", known.source, {
        reason: ended.reason,
        by,
        since: new Date(now).toISOString(),
      }),
    );
  });
  if (ended !== undefined) {
    const message = `By ${by}. It was suspended: ${ended.reason}`;
    await tell(cluster, component, known, { reason: "Resumed", message });
  }
  return ended;
}

async function tell(
  cluster: Cluster,
  component: string,
  { namespace }: KnownComponent,
  notice: { readonly reason: string; readonly message: string },
): Promise<void> {
  if (namespace === undefined) return;
  await announce(cluster, { component, namespace }, [{ type: "Normal", ...notice }]);
}

function entry(
  command: "suspend" | "resume",
  source: Run["source"],
  { reason, by, since }: Suspension,
): Run {
  return {
    id: crypto.randomUUID(),
    command,
    source,
    identity: by,
    started: since,
    seconds: 0,
    result: command === "suspend" ? "suspended" : "resumed",
    message: command === "suspend" ? reason : `No longer: ${reason}`,
    changes: {},
    evidence: [],
  };
}

/** The user that the cluster knows, which several people may share, and where the command was given. */
async function whoIs(cluster: Cluster, from: string): Promise<string> {
  const user = await userOf(cluster);
  return user === undefined ? from : `${user} (${from})`;
}
