/** What was done to a component: from the journal, which outlives this server, and from the runs of this server. Pure. @module */
import type { Journal } from "../apply/mod.ts";
import { type Action, noCounts } from "../event.ts";
import { whoInWords } from "../report/mod.ts";
import type { HistoryEntry, Run } from "./contract.ts";

type JournalRun = Journal["runs"][number];

/** The run of this server behind an entry of the journal. */
export function runBehind(
  { command, identity, started }: JournalRun,
  runs: readonly Run[],
): Run | undefined {
  // A suspension is noted with the user alone, and takes no time.
  const isNote = command === "suspend" || command === "resume";
  const at = Date.parse(started);
  return runs.find((run) =>
    isNote
      ? run.action === command && Date.parse(run.started ?? "") <= at &&
        at <= Date.parse(run.finished ?? "")
      : identity.endsWith(`/${run.id}`)
  );
}

/** The newest first. What this server did without a trace in the cluster, such as a proposal, is among it. */
export function historyOf(journal: Journal, runs: readonly Run[]): HistoryEntry[] {
  const known = new Set<Run>();
  const kept = journal.runs.map((entry) => {
    const run = runBehind(entry, runs);
    if (run !== undefined) known.add(run);
    return entryOf(entry, run);
  });
  const others = runs.filter((run) => !known.has(run)).flatMap(ownEntry);
  return [...kept, ...others].sort((left, right) => right.started.localeCompare(left.started));
}

function entryOf(entry: JournalRun, run: Run | undefined): HistoryEntry {
  const { source, verified, subject, proposal } = entry;
  const counts: Record<Action, number> = noCounts();
  for (const [action, number] of Object.entries(entry.changes)) {
    if (action in counts) counts[action as Action] = number;
  }
  const started = new Date(entry.started).toISOString();
  return {
    id: entry.id,
    action: entry.command,
    started,
    seconds: entry.seconds,
    outcome: entry.result,
    message: entry.message,
    revision: source.revision,
    ...(subject === undefined ? {} : { subject }),
    by: whoInWords(entry.identity),
    counts,
    evidence: entry.evidence,
    ...(verified === undefined ? {} : { verified: verdictOf(verified, started) }),
    // It becomes a link.
    ...(proposal !== undefined && /^https?:\/\//.test(proposal) ? { proposal } : {}),
    ...(run === undefined ? {} : { run: run.id }),
  };
}

/** How a verification ended, as it is shown. */
export function verdictOf(
  { passed, failed, notJudged, seconds }: NonNullable<JournalRun["verified"]>,
  time: string,
): NonNullable<HistoryEntry["verified"]> {
  return { passed, failed: failed.length, notJudged, seconds, time };
}

/** Of a run that was confirmed and has ended. */
function ownEntry(run: Run): HistoryEntry[] {
  const { id, action, by, started, finished, result, message = "", error } = run;
  if (started === undefined || finished === undefined || result === undefined) return [];
  const seconds = (Date.parse(finished) - Date.parse(started)) / 1000;
  const evidence = error?.hint === undefined ? [] : [error.hint];
  const entry = { id, action, started, seconds, outcome: result, message, revision: "", by };
  return [{ ...entry, evidence, run: id }];
}
