/** `plumb status`: how all components of a cluster are. @module */
import { type NextStep, nextStep, type Status, statusOfAll } from "../apply/mod.ts";
import type { Cluster } from "../cluster/mod.ts";
import {
  agoInWords,
  escape,
  HEALTH_WORD,
  markdownTable,
  textTable,
  verdictInWords,
} from "../report/mod.ts";
import { shortRevision } from "../revision.ts";

/** Version of the schema of `status --output json`. */
const SCHEMA = "plumb.thinkube.io/status/v1";

/** How to tell it. */
export interface StatusOptions {
  readonly output: "text" | "json" | "markdown";
  /** Width of the terminal. */
  readonly columns: number | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** A table of all components. @returns the text, and whether somebody has to do something. */
export async function tellStatus(
  cluster: Cluster,
  options: StatusOptions,
): Promise<{ readonly text: string; readonly isNeeded: boolean }> {
  const told = (await statusOfAll(cluster)).map((status) => (
    { status, next: nextStep(status) }
  ));
  return { text: tableOf(told, options), isNeeded: told.some(({ next }) => next.isNeeded) };
}

type Told = {
  readonly status: Status;
  readonly next: NextStep;
};

function tableOf(told: readonly Told[], { output, columns, now }: StatusOptions): string {
  if (output === "json") {
    const components = told.map(({ status, next }) => ({
      ...status,
      next: next.words,
      needsAttention: next.isNeeded,
    }));
    return `${JSON.stringify({ schema: SCHEMA, components }, null, 2)}\n`;
  }
  if (told.length === 0) return "The cluster has no components.\n";
  const rows = told.map(({ status, next }) => rowOf(status, next, now));
  return output === "markdown"
    ? markdownTable(HEADER, rows.map((row) => row.map(escape)))
    : textTable(HEADER.map((title) => title.toUpperCase()), rows, columns);
}

const HEADER = ["Component", "Revision", "Objects", "Drift", "Health", "Last verify", "Next step"];

function rowOf(
  status: Status,
  { words, isNeeded }: NextStep,
  now: number,
): string[] {
  const step = isNeeded ? `! ${words}` : words;
  if ("error" in status || status.state === "rolled-back") {
    return [status.name, "", "", "", "", "", step];
  }
  const { name, source, objects, drifted, unseen, health, verifications } = status;
  const [last] = verifications;
  const verified = last === undefined
    ? "never"
    : `${verdictInWords({ ...last, failed: last.failed.length })} ${agoInWords(last.at, now)}`;
  const hidden = unseen === 0 ? "" : `, ${unseen} unseen`;
  return [
    name,
    shortRevision(source.revision),
    String(objects),
    `${drifted.length === 0 ? "none" : drifted.length}${hidden}`,
    HEALTH_WORD[health.status],
    verified,
    step,
  ];
}
