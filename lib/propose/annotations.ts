/** Which changed lines of a pull request cause which change. Pure. @module */
import { structuredPatch } from "diff";
import type { ChangeReport, FieldReport } from "../event.ts";
import { describe } from "../object.ts";

/** Something said about one line of a file. */
export interface Annotation {
  /** In the repository. */
  readonly path: string;
  /** 1-based. */
  readonly line: number;
  readonly level: "notice" | "warning" | "failure";
  readonly title: string;
  readonly message: string;
}

/** The text of a file at a revision; undefined where there is none. */
export type ReadText = (file: string) => string | undefined;

/** The file of parameters, where it is in the repository as well. */
export interface ParameterFile {
  /** In the repository. */
  readonly path: string;
  readonly base: string;
  readonly proposed: string;
}

/** Where the lines of a plan come from. */
export interface Revisions {
  readonly parameters?: ParameterFile | undefined;
  readonly base: ReadText;
  readonly proposed: ReadText;
  /** From a file of the component to its path in the repository. */
  readonly pathOf: (file: string) => string;
}

/** Longer values say no more in a margin. */
const MAX_VALUE = 200;

/** Says at each changed line what it does to the cluster. What has drifted without the change is not said. */
export function annotationsOf(
  changes: readonly ChangeReport[],
  { base, proposed, pathOf, parameters }: Revisions,
): Annotation[] {
  const setAt = parameterLines(parameters);
  const linesOf = memoized((file) => changedLines(base(file) ?? "", proposed(file)));
  const found = new Map<string, Annotation>();
  const annotate = (
    change: ChangeReport,
    line: number | undefined,
    message: string,
    path = pathOf(change.file ?? ""),
  ) => {
    if (line === undefined) return;
    const title = `${change.action} ${describe(change.object)}`;
    const key = `${path}:${line} ${title}`;
    const before = found.get(key);
    const level = change.action === "conflict"
      ? "failure"
      : change.action === "delete" || change.action === "replace"
      ? "warning"
      : "notice";
    const text = before === undefined ? message : `${before.message}\n${message}`;
    found.set(key, { path, line, level, title, message: text });
  };
  for (const change of changes) {
    if (change.drift || change.file === undefined) continue;
    const { added, removed } = linesOf(change.file);
    if (change.action === "delete") {
      annotate(change, removed.get(change.line ?? 0), change.reason ?? "It is deleted");
    } else if (change.fields.length === 0) {
      annotate(change, firstIn(added, change.line, 1), change.reason ?? "It is created");
    }
    const lines = proposed(change.file)?.split("\n") ?? [];
    for (const field of change.fields) {
      if (field.drift) continue;
      const line = lineOf(field, added);
      annotate(change, line, sentenceOf(field));
      if (line !== undefined || parameters === undefined || field.line === undefined) continue;
      const text = lines.slice(field.line - 1, field.line - 1 + lengthOf(field)).join("\n");
      for (const [, name = ""] of text.matchAll(/\$\{(\w+)\}/g)) {
        annotate(change, setAt.get(name), sentenceOf(field), parameters.path);
      }
    }
  }
  return [...found.values()];
}

/** The first changed line of a field's value. */
function lineOf(field: FieldReport, added: ReadonlySet<number>): number | undefined {
  return firstIn(added, field.line, lengthOf(field));
}

/** How many lines a field's value takes, at the most. */
function lengthOf({ desired }: FieldReport): number {
  const text = typeof desired === "string" ? desired : JSON.stringify(desired, null, 1) ?? "";
  return text.split("\n").length;
}

/** The changed lines of a file of parameters, by the parameter that each sets. */
function parameterLines(file: ParameterFile | undefined): ReadonlyMap<string, number> {
  if (file === undefined) return new Map();
  const { added } = changedLines(file.base, file.proposed);
  const names = file.proposed.split("\n").map((text) => /^["']?(\w+)["']?\s*:/.exec(text)?.[1]);
  return new Map(
    names.flatMap((name, index) =>
      name !== undefined && added.has(index + 1) ? [[name, index + 1] as const] : []
    ),
  );
}

function firstIn(
  lines: ReadonlySet<number>,
  from: number | undefined,
  length: number,
): number | undefined {
  if (from === undefined) return undefined;
  return Array.from({ length }, (_, index) => from + index).find((line) => lines.has(line));
}

function sentenceOf({ path, difference, live, desired }: FieldReport): string {
  const [from, to] = [live, desired].map((value) => {
    const text = value === undefined ? "absent" : JSON.stringify(value);
    return text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE)}…` : text;
  });
  return difference === "ownership"
    ? `${path}: ${to}, also held by others`
    : `${path}: ${from} → ${to}`;
}

/** What a change did to the lines of a file. */
export interface ChangedLines {
  /** Lines that are new, in the proposed file. */
  readonly added: ReadonlySet<number>;
  /** Lines that are gone, by their number at the base, and where the proposed file goes on. */
  readonly removed: ReadonlyMap<number, number>;
}

/**
 * The lines by which two texts differ.
 *
 * @example
 * ```ts
 * import { changedLines } from "./annotations.ts";
 * import assert from "node:assert/strict";
 *
 * const { added, removed } = changedLines("a\nb\nc\n", "a\nB\nc\nd\n");
 * assert.deepEqual([...added], [2, 4]);
 * assert.deepEqual([...removed], [[2, 2]]);
 * ```
 */
export function changedLines(before: string, after: string | undefined): ChangedLines {
  const added = new Set<number>();
  const removed = new Map<number, number>();
  if (after === undefined) return { added, removed };
  const last = Math.max(1, after.split("\n").length - (after.endsWith("\n") ? 1 : 0));
  const { hunks } = structuredPatch("", "", before, after, "", "", { context: 0 });
  for (const hunk of hunks) {
    // Where a side has no lines, its start is the line before.
    let old = hunk.oldLines === 0 ? hunk.oldStart + 1 : hunk.oldStart;
    let line = hunk.newLines === 0 ? hunk.newStart + 1 : hunk.newStart;
    const first = line;
    for (const text of hunk.lines) {
      if (text.startsWith("-")) removed.set(old++, Math.min(first, last));
      if (text.startsWith("+")) added.add(line++);
    }
  }
  return { added, removed };
}

function memoized<Value>(make: (key: string) => Value): (key: string) => Value {
  const made = new Map<string, Value>();
  return (key) => {
    const value = made.get(key) ?? make(key);
    made.set(key, value);
    return value;
  };
}
