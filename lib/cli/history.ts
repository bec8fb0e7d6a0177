/** `plumb history`: what happened to a component. @module */
import {
  findComponent,
  isGood,
  type Journal,
  readJournal,
  type Run,
  suspensionAt,
  verificationInWords,
  verificationsIn,
} from "../apply/mod.ts";
import type { Cluster } from "../cluster/mod.ts";
import {
  agoInWords,
  changesInWords,
  clockInWords,
  escape,
  markdownTable,
  secondsInWords,
  suspensionInWords,
  textTable,
  whoInWords,
} from "../report/mod.ts";
import { shortRevision } from "../revision.ts";

/** Version of the schema of `history --output json`. */
const SCHEMA = "plumb.thinkube.io/history/v1";
/** How many verifications the trend shows. */
const TREND = 10;

/** How to tell a history. */
export interface HistoryOptions {
  readonly output: "text" | "json" | "markdown";
  /** Somebody reads it on a terminal of that width: times are told as ages. */
  readonly columns: number | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/**
 * Tells what happened to a component.
 *
 * @throws {ApplyError} `unknown-component`
 */
export async function tellHistory(
  cluster: Cluster,
  component: string,
  options: HistoryOptions,
): Promise<string> {
  const journal = await readJournal(cluster, component);
  // A name that has no journal may be a slip.
  if (journal.runs.length === 0) await findComponent(cluster, component);
  return historyOf(journal, options);
}

/** A journal as a document. */
export function historyOf(journal: Journal, options: HistoryOptions): string {
  if (options.output === "json") {
    return `${JSON.stringify({ schema: SCHEMA, ...journal }, null, 2)}\n`;
  }
  const summary = summaryOf(journal, options.now);
  const rows = journal.runs.map((run) => rowOf(run, options));
  if (options.output === "markdown") {
    return [
      `## History of ${escape(journal.component)}\n\n`,
      ...summary.map((line) => `- ${escape(line)}\n`),
      "\n",
      markdownTable(HEADER, rows.map((row) => row.map(escape))),
    ].join("");
  }
  const lines = summary.map((line) => `${line}\n`).join("");
  return lines + textTable(HEADER.map((title) => title.toUpperCase()), rows, options.columns);
}

const HEADER = ["When", "Revision", "Command", "Result", "Took", "By", "What happened"];

function summaryOf(journal: Journal, now: number): string[] {
  const { component, rejected } = journal;
  const suspended = suspensionAt(journal, now);
  const verifications = verificationsIn(journal);
  const [last] = verifications;
  const trend = verifications.slice(0, TREND).reverse().map((verification) =>
    isGood(verification) ? "✓" : "✗"
  );
  return [
    standing(journal, now),
    ...(rejected === undefined ? [] : [
      `${shortRevision(rejected.revision)} failed ${
        agoInWords(rejected.at, now)
      }: ${rejected.reason}`,
    ]),
    ...(suspended === undefined ? [] : [
      suspensionInWords({ type: "suspension", component, state: "suspended", ...suspended }, now)
        .sentence,
    ]),
    ...(last === undefined ? [] : [
      `${verificationInWords(last)} ${agoInWords(last.at, now)}; the last ones: ${trend.join("")}`,
    ]),
  ];
}

/** Where the component is. */
function standing({ component, good, runs }: Journal, now: number): string {
  const last = runs.find(({ command }) => ACTING.has(command));
  if (last?.result === "rolled-back") {
    return `${component} was rolled back ${agoInWords(last.started, now)}`;
  }
  return good === undefined
    ? `${component} has no revision that is known to be good`
    : `${component} is good at ${shortRevision(good.revision)}, since ${agoInWords(good.at, now)}`;
}

/** Commands that change what is deployed. */
const ACTING: ReadonlySet<Run["command"]> = new Set(["reconcile", "undo", "rollback"]);

function rowOf(run: Run, { columns, now }: HistoryOptions): string[] {
  const { source, command, result, seconds, identity, started } = run;
  return [
    columns === undefined ? clockInWords(started) : agoInWords(started, now),
    shortRevision(source.revision),
    command,
    result,
    seconds === 0 ? "" : secondsInWords(seconds),
    whoInWords(identity),
    whatHappened(run),
  ];
}

function whatHappened(
  { command, message, changes, verified, evidence, subject, proposal }: Run,
): string {
  const done = changesInWords(changes);
  const parts = [
    message,
    ...(done === "" ? [] : [done]),
    ...(verified === undefined || command === "verify" ? [] : [verificationInWords(verified)]),
    ...(subject === undefined ? [] : [`“${subject}”`]),
    ...evidence.slice(0, 1),
    ...(proposal === undefined ? [] : [`its revert is proposed at ${proposal}`]),
  ];
  return parts.join("; ");
}
