/**
 * Changes as edits of the text: each yields what the text could become, best first.
 * @module
 */
import { isCollection, isPair, isScalar, type Scalar } from "yaml";
import type { Change, Steps } from "./change.ts";
import { type Entry, isBlock, Layout } from "./layout.ts";
import {
  blockLines,
  blockScalar,
  fieldLines,
  flowEntry,
  flowText,
  isFilled,
  itemLines,
  type Quotes,
  scalarText,
  type Style,
  Unwritable,
} from "./yaml_text.ts";

/** A part of the text and what takes its place. */
interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * Texts that a document could become by a change, best first. Whether one means what it should must be seen by
 * reading it.
 *
 * @param substitutes whether `${…}` in the text refers to parameters.
 * @throws {Unwritable}
 */
export function* candidates(text: string, change: Change, substitutes: boolean): Iterable<string> {
  const layout = new Layout(text, substitutes);
  for (const splices of attempts(layout, change)) yield apply(text, splices);
}

function* attempts(layout: Layout, change: Change): Iterable<readonly Splice[]> {
  if (change.kind === "remove") yield remove(layout, change.path);
  else if (change.kind === "insert") yield* insert(layout, change.path, change.value);
  else yield* replace(layout, change.path, change.value);
}

function apply(text: string, splices: readonly Splice[]): string {
  return splices.toSorted((one, other) => other.start - one.start || other.end - one.end).reduce(
    (result, { start, end, text }) => result.slice(0, start) + text + result.slice(end),
    text,
  );
}

function* replace(layout: Layout, path: Steps, value: unknown): Iterable<readonly Splice[]> {
  const entry = layout.entry(path);
  layout.guardAll(entry);
  const style = layout.styleFor(entry.flow, entry.parent.items[0]);
  if (entry.flow) {
    const text = isFilled(value) || typeof value === "object" && value !== null
      ? flowText(value, style)
      : scalarText(value, style, quotesOf(entry.node));
    return yield [inline(layout, entry, text)];
  }
  if (isFilled(value)) {
    for (const blocks of [true, false]) {
      yield [below(layout, entry, value, { ...style, blocks })];
    }
    return;
  }
  if (typeof value === "string") yield* replaceByBlock(layout, entry, value, style);
  if (typeof value === "object" && value !== null) {
    return yield [inline(layout, entry, flowText(value, style))];
  }
  yield [inline(layout, entry, scalarText(value, style, quotesOf(entry.node)))];
}

/** Text that is in block style stays so; other text becomes so if it has many lines. */
function* replaceByBlock(
  layout: Layout,
  entry: Entry,
  value: string,
  style: Style,
): Iterable<readonly Splice[]> {
  const { node } = entry;
  if (!isBlock(node) && !value.includes("\n")) return;
  const column = layout.column(entry.start);
  const old = isBlock(node) ? layout.text.slice(node.range?.[0], entry.end).split(/\r?\n/) : [];
  const body = /^ */.exec(old.slice(1).find((line) => line.trim() !== "") ?? "")?.[0].length || 0;
  const width = Math.max(40, ...old.slice(1).map((line) => line.length - body));
  const place = { column, body: body > column ? body : column + style.step, width };
  for (
    const sign of isScalar(node) && node.type === "BLOCK_FOLDED"
      ? [">", "|"] as const
      : ["|"] as const
  ) {
    const lines = blockScalar(value, { ...place, sign });
    if (lines === undefined) continue;
    yield [inline(layout, entry, lines.join(style.lineBreak))];
    // At the end of a file without a last line break.
    yield [inline(layout, entry, lines.join(style.lineBreak) + style.lineBreak)];
  }
}

function quotesOf(node: unknown): Quotes {
  const type = isScalar(node) ? node.type : undefined;
  return type === "QUOTE_SINGLE" ? "single" : type === "QUOTE_DOUBLE" ? "double" : "plain";
}

/** Puts a value where the old one was, behind the key or dash. Its first line takes the comment that is there. */
function inline(layout: Layout, entry: Entry, text: string): Splice {
  const { node, valueStart, end } = entry;
  if (node === undefined) return { start: valueStart, end: valueStart, text: ` ${text}` };
  const start = node.range?.[0] ?? valueStart;
  const [first = "", ...more] = text.split(/(?=\r?\n)/);
  const rest = more.join("");
  if (isBlock(node)) {
    const head = layout.text.slice(start, layout.lineEnd(start));
    return { start, end, text: first + head.replace(/^\S+/, "").trimEnd() + rest };
  }
  if (!isBlockCollection(entry)) {
    // The comment behind a value stays on the first line of a text in block style.
    const comment = rest === "" ? "" : layout.text.slice(end, layout.lineEnd(end));
    return { start, end: end + comment.length, text: first + comment + rest };
  }
  const between = layout.text.slice(valueStart, start).trimEnd();
  return { start: valueStart, end: layout.lineEnd(end), text: ` ${first}${between}${rest}` };
}

function isBlockCollection({ node }: Entry): boolean {
  return isCollection(node) && !node.flow;
}

/** Puts a map or list below a key, or behind a dash. */
function below(
  layout: Layout,
  entry: Entry,
  value: unknown[] | Record<string, unknown>,
  style: Style,
): Splice {
  const { node, parent, index, start, valueStart, end } = entry;
  const isItem = !isPair(parent.items[index]);
  const column = layout.column(start) +
    (isItem ? 2 : Array.isArray(value) ? style.listStep : style.step);
  const lines = blockLines(value, column, style);
  const between = layout.text.slice(valueStart, node?.range?.[0] ?? valueStart).trimEnd();
  const lineEnd = layout.lineEnd(end);
  const comment = between + commentOf(layout, entry);
  if (isItem && comment === "" && valueStart === start + 1) {
    const [first = "", ...more] = lines;
    const text = [` ${first.trimStart()}`, ...more].join(style.lineBreak);
    return { start: valueStart, end: lineEnd, text };
  }
  return { start: valueStart, end: lineEnd, text: [comment, ...lines].join(style.lineBreak) };
}

/** The comment on the line of a value that is replaced by one below. */
function commentOf(layout: Layout, entry: Entry): string {
  const { node, end } = entry;
  if (isBlock(node)) {
    const start = (node as Scalar).range?.[0] ?? end;
    return layout.text.slice(start, layout.lineEnd(start)).replace(/^\S+/, "").trimEnd();
  }
  return isBlockCollection(entry) ? "" : layout.text.slice(end, layout.lineEnd(end)).trimEnd();
}

function* insert(layout: Layout, path: Steps, value: unknown): Iterable<readonly Splice[]> {
  const [around, step] = [path.slice(0, -1), path.at(-1) ?? ""];
  if (around.length > 0 && !hasEntries(layout.entry(around))) {
    return yield* replace(layout, around, typeof step === "number" ? [value] : { [step]: value });
  }
  const entries = layout.entriesAt(around);
  const next = typeof step === "number" ? entries[step] : undefined;
  const last = entries.at(-1);
  if (last === undefined) throw new Unwritable("The document is an empty map.");
  const style = layout.styleFor(last.flow, last.parent.items[0]);
  if (last.flow) {
    const text = typeof step === "number" ? flowText(value, style) : flowEntry(step, value, style);
    return yield [betweenBrackets(layout, next, last, text)];
  }
  const column = layout.column(entries[0]?.start ?? 0);
  for (const blocks of [true, false]) {
    const lines = typeof step === "number"
      ? itemLines(value, column, { ...style, blocks })
      : fieldLines(step, value, column, { ...style, blocks });
    yield [next === undefined ? behind(layout, last, lines) : before(layout, next, lines)];
  }
}

function hasEntries({ node }: Entry): boolean {
  return node !== undefined && (!isCollection(node) || node.items.length > 0);
}

function betweenBrackets(
  layout: Layout,
  next: Entry | undefined,
  last: Entry,
  text: string,
): Splice {
  const { start, end } = next ?? last;
  const indent = layout.text.slice(layout.lineStart(start), start);
  const separator = indent.trim() === "" && indent !== "" ? layout.lineBreak + indent : " ";
  return next === undefined
    ? { start: end, end, text: `,${separator}${text}` }
    : { start, end: start, text: `${text},${separator}` };
}

function behind(layout: Layout, last: Entry, lines: readonly string[]): Splice {
  const at = layout.lineEnd(last.end);
  return { start: at, end: at, text: ["", ...lines].join(layout.lineBreak) };
}

function before(layout: Layout, next: Entry, lines: readonly string[]): Splice {
  const { lineBreak } = layout;
  if (isFirstOnLine(layout, next)) {
    const at = linesOf(layout, next).start;
    return { start: at, end: at, text: lines.map((line) => line + lineBreak).join("") };
  }
  const pad = " ".repeat(layout.column(next.start));
  const text = `${lines.join(lineBreak).slice(pad.length)}${lineBreak}${pad}`;
  return { start: next.start, end: next.start, text };
}

function isFirstOnLine(layout: Layout, { start }: Entry): boolean {
  return layout.text.slice(layout.lineStart(start), start).trim() === "";
}

/** The lines of an entry with those of its own comments: directly above, and indented like it. */
function linesOf(layout: Layout, { start, end }: Entry): { start: number; end: number } {
  const indent = layout.text.slice(layout.lineStart(start), start);
  let first = layout.lineStart(start);
  while (first > 0) {
    const above = layout.lineStart(first - 1);
    if (!layout.text.startsWith(`${indent}#`, above)) break;
    first = above;
  }
  return { start: first, end: layout.nextLine(end) };
}

function remove(layout: Layout, path: Steps): readonly Splice[] {
  const entry = layout.entry(path);
  layout.guardAll(entry);
  const entries = layout.entries(entry.parent, entry.flow);
  if (entry.parent.flow) return [removeFlow(layout, entry, entries)];
  if (entries.length === 1) return empty(layout, path, entry);
  return [removeBlock(layout, entry, entries[entry.index + 1])];
}

function removeFlow(layout: Layout, entry: Entry, entries: readonly Entry[]): Splice {
  const { start, end, index, parent } = entry;
  const next = entries[index + 1];
  if (next !== undefined) return { start, end: next.start, text: "" };
  const previous = entries[index - 1]?.end;
  const from = previous ?? (parent.range?.[0] ?? 0) + 1;
  const to = previous === undefined ? (parent.range?.[1] ?? 0) - 1 : end;
  // A comma may stay in front of the closing bracket, a comment has to.
  const isBare = !layout.text.slice(from, start).includes("#") &&
    !layout.text.slice(end, to).includes("#");
  if (isBare) return { start: from, end: to, text: "" };
  const comma = /^\s*,/.exec(layout.text.slice(end))?.[0].length ?? 0;
  return { start, end: end + comma, text: "" };
}

function removeBlock(layout: Layout, entry: Entry, next: Entry | undefined): Splice {
  const { start, end } = linesOf(layout, entry);
  if (isFirstOnLine(layout, entry)) {
    // The header of a document is not the comment of its first field.
    const from = start === 0 || entry.index === 0 && layout.column(entry.start) === 0
      ? layout.lineStart(entry.start)
      : start;
    const atEnd = end === layout.text.length && !layout.text.endsWith("\n");
    return { start: atEnd ? layout.lineEnd(Math.max(from - 2, 0)) : from, end, text: "" };
  }
  if (next === undefined) throw new Unwritable("The place is written in an unusual way.");
  if (layout.lineStart(next.start) === end) {
    return { start: entry.start, end: next.start, text: "" };
  }
  // What comes between is the next entry's: the dash stays alone on its line.
  const dashEnd = layout.text.slice(0, entry.start).trimEnd().length;
  return { start: dashEnd, end: layout.lineEnd(entry.end), text: "" };
}

/** Removes the only entry of a map or list, of which an empty one stays. */
function empty(layout: Layout, path: Steps, entry: Entry): readonly Splice[] {
  if (path.length === 1) throw new Unwritable("Nothing would be left of the object.");
  const text = typeof path.at(-1) === "number" ? "[]" : "{}";
  if (!isFirstOnLine(layout, entry)) {
    return [{ start: entry.start, end: layout.lineEnd(entry.end), text }];
  }
  const { valueStart } = layout.entry(path.slice(0, -1));
  return [
    { start: valueStart, end: valueStart, text: ` ${text}` },
    removeBlock(layout, entry, undefined),
  ];
}
