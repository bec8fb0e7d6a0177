/** The two sides of a field as rows of lines, for a diff side by side or inline. @module */
import type { ChangeReport } from "../../contract.ts";

type FieldReport = ChangeReport["fields"][number];

/** One row: what stands in the cluster, and what in Git. Absent where the other side has a line more. */
export interface Row {
  readonly kind: "same" | "removed" | "added" | "changed" | "skipped";
  readonly live?: string | undefined;
  readonly desired?: string | undefined;
}

const CONTEXT_LINES = 3;
/** Beyond this, comparing line by line takes too long, and nobody reads it. */
const MAX_CELLS = 4_000_000;

/** Rows of one field. */
export function fieldRows(field: FieldReport): Row[] {
  return compareLines(valueLines(field.live), valueLines(field.desired));
}

/** Lines of a value as people write it; none where it is absent. */
export function valueLines(value: unknown): string[] {
  if (value === undefined) return [];
  const text = typeof value === "string" ? value : JSON.stringify(value, undefined, 2);
  const lines = text.split("\n");
  if (lines.length > 1 && lines.at(-1) === "") lines.pop();
  return lines;
}

/**
 * Compares two texts line by line. What is the same for long is skipped but for some lines around each change.
 *
 * @example
 * ```ts
 * import { compareLines } from "./diff_rows.ts";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(compareLines(["a", "b"], ["a", "c"]), [
 *   { kind: "same", live: "a", desired: "a" },
 *   { kind: "changed", live: "b", desired: "c" },
 * ]);
 * ```
 */
export function compareLines(live: readonly string[], desired: readonly string[]): Row[] {
  let start = 0;
  while (start < live.length && start < desired.length && live[start] === desired[start]) start++;
  let end = 0;
  while (
    end < live.length - start && end < desired.length - start &&
    live.at(-1 - end) === desired.at(-1 - end)
  ) end++;
  const same = (line: string): Row => ({ kind: "same", live: line, desired: line });
  return withSkips([
    ...live.slice(0, start).map(same),
    ...compareMiddle(
      live.slice(start, live.length - end),
      desired.slice(start, desired.length - end),
    ),
    ...live.slice(live.length - end).map(same),
  ]);
}

function compareMiddle(live: readonly string[], desired: readonly string[]): Row[] {
  if (live.length * desired.length > MAX_CELLS) return paired(live, desired);
  const width = desired.length + 1;
  // How long the longest common subsequence is of what follows each pair of lines.
  const longest = new Uint32Array((live.length + 1) * width);
  for (let i = live.length - 1; i >= 0; i--) {
    for (let j = desired.length - 1; j >= 0; j--) {
      longest[i * width + j] = live[i] === desired[j]
        ? (longest[(i + 1) * width + j + 1] ?? 0) + 1
        : Math.max(longest[(i + 1) * width + j] ?? 0, longest[i * width + j + 1] ?? 0);
    }
  }
  const rows: Row[] = [];
  let removed: string[] = [];
  let added: string[] = [];
  const flush = () => {
    rows.push(...paired(removed, added));
    removed = [];
    added = [];
  };
  let [i, j] = [0, 0];
  while (i < live.length || j < desired.length) {
    if (i < live.length && j < desired.length && live[i] === desired[j]) {
      flush();
      rows.push({ kind: "same", live: live[i++], desired: desired[j++] });
    } else if (
      j === desired.length ||
      i < live.length &&
        (longest[(i + 1) * width + j] ?? 0) >= (longest[i * width + j + 1] ?? 0)
    ) removed.push(live[i++] ?? "");
    else added.push(desired[j++] ?? "");
  }
  flush();
  return rows;
}

/** Lines that went and lines that came at one place, beside each other. */
function paired(removed: readonly string[], added: readonly string[]): Row[] {
  return Array.from({ length: Math.max(removed.length, added.length) }, (_, index) => {
    const [live, desired] = [removed[index], added[index]];
    if (live === undefined) return { kind: "added", desired };
    return desired === undefined ? { kind: "removed", live } : { kind: "changed", live, desired };
  });
}

function withSkips(rows: readonly Row[]): Row[] {
  const near = new Set<number>();
  for (const [index, { kind }] of rows.entries()) {
    if (kind === "same") continue;
    for (let at = index - CONTEXT_LINES; at <= index + CONTEXT_LINES; at++) near.add(at);
  }
  const kept: Row[] = [];
  for (const [index, row] of rows.entries()) {
    if (near.has(index)) kept.push(row);
    else if (kept.at(-1)?.kind !== "skipped") kept.push({ kind: "skipped" });
  }
  return kept;
}

/** Rows as an inline diff: what goes before what comes, for each run of changed lines. */
export function inlineLines(
  rows: readonly Row[],
): { readonly sign: "-" | "+" | " " | "…"; readonly text: string }[] {
  const lines: { sign: "-" | "+" | " " | "…"; text: string }[] = [];
  let added: typeof lines = [];
  for (const { kind, live, desired } of rows) {
    if (kind === "same" || kind === "skipped") {
      lines.push(
        ...added,
        kind === "same" ? { sign: " ", text: live ?? "" } : { sign: "…", text: "" },
      );
      added = [];
      continue;
    }
    if (live !== undefined) lines.push({ sign: "-", text: live });
    if (desired !== undefined) added.push({ sign: "+", text: desired });
  }
  return [...lines, ...added];
}
