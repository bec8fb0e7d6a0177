/** A change as lines that read like a code review. @module */
import { structuredPatch } from "diff";
import { dump } from "js-yaml";
import type { ChangeReport, FieldReport } from "../event.ts";
import { describe } from "../object.ts";
import { safeLines, safeText } from "./safe_text.ts";
import { paint, type Style, SYMBOL } from "./style.ts";
import { agoInWords } from "./words.ts";

/** How a diff is written. */
export interface DiffOptions {
  readonly style: Style;
  /** Now, in milliseconds, for how long ago something was set. */
  readonly now: number;
}

const MAX_CREATED_LINES = 24;
const MAX_VALUE_LINES = 60;
const CONTEXT_LINES = 2;

/** One change: what it is, where it is written, and each field that differs. */
export function diffLines(change: ChangeReport, options: DiffOptions): string[] {
  const { style } = options;
  const { action, object, file, line, reason, hint } = change;
  const place = file === undefined ? "" : style.dim(`  ${file}:${line}`);
  const lines = [
    `${paint(style, action, `${SYMBOL[action]} ${safeText(describe(object))}`)}${place}`,
  ];
  if (reason !== undefined) lines.push(`    ${style.italic(safeText(reason))}`);
  for (const field of change.fields) {
    lines.push(...fieldLines(field, file, options).map((text) => `    ${text}`));
  }
  if (change.text !== undefined) {
    lines.push(...createdLines(change.text, style).map((text) => `    ${text}`));
  }
  if (hint !== undefined && hint !== "") lines.push(`    ${style.cyan("→")} ${safeText(hint)}`);
  return lines;
}

function createdLines(text: string, style: Style): string[] {
  const lines = safeLines(text);
  const shown = lines.slice(0, MAX_CREATED_LINES).map((line) => style.green(`+ ${line}`));
  const more = lines.length - shown.length;
  return more > 0 ? [...shown, style.dim(`… ${more} more lines`)] : shown;
}

function fieldLines(field: FieldReport, file: string | undefined, options: DiffOptions): string[] {
  const { style } = options;
  const known = field.drift ? style.dim("  with or without this change") : "";
  const head = style.bold(safeText(field.path)) + known;
  const owner = ownerInWords(field, options);
  if (field.difference === "ownership") {
    return [
      head,
      style.yellow(`  = ${oneLine(field.live)}`) +
      style.dim(`  also ${owner}`),
    ];
  }
  const place = file === undefined || field.line === undefined
    ? ""
    : style.dim(`  ${file}:${field.line}`);
  const [live, desired] = [valueLines(field.live), valueLines(field.desired)];
  if (
    typeof field.live === "string" && typeof field.desired === "string" &&
    live.length + desired.length > 2
  ) {
    const note = owner === "" ? "" : style.dim(`  live: ${owner}`);
    return [head + note + place, ...hunkLines(field.live, field.desired, style)];
  }
  return [
    head,
    ...live.map((text, index) =>
      style.red(`  - ${text}`) + (index === 0 && owner !== "" ? style.dim(`  ${owner}`) : "")
    ),
    ...desired.map((text, index) => style.green(`  + ${text}`) + (index === 0 ? place : "")),
  ];
}

/** Who set the live value, and when. */
function ownerInWords({ owner, since }: FieldReport, { now }: DiffOptions): string {
  if (owner === undefined) return "";
  const time = since === undefined ? "" : `, ${since} (${agoInWords(since, now)})`;
  return `set by ${safeText(owner)}${time}`;
}

function valueLines(value: unknown): string[] {
  if (value === undefined) return [];
  const text = typeof value === "string"
    ? value
    : typeof value === "object" && value !== null
    ? dump(value, { lineWidth: -1 })
    : JSON.stringify(value);
  const lines = safeLines(text === "" ? '""' : text);
  return lines.length <= MAX_VALUE_LINES
    ? lines
    : [...lines.slice(0, MAX_VALUE_LINES), `… ${lines.length - MAX_VALUE_LINES} more lines`];
}

function oneLine(value: unknown): string {
  return safeText(typeof value === "string" ? value : JSON.stringify(value));
}

/** A text of several lines as unified hunks. */
function hunkLines(before: string, after: string, style: Style): string[] {
  const { hunks } = structuredPatch("", "", before, after, "", "", { context: CONTEXT_LINES });
  return hunks.flatMap((hunk) => [
    style.cyan(`  @@ line ${hunk.newStart} @@`),
    ...hunk.lines.filter((line) => !line.startsWith("\\")).map((line) => {
      const text = `  ${line.charAt(0)} ${safeText(line.slice(1))}`;
      return line.startsWith("+")
        ? style.green(text)
        : line.startsWith("-")
        ? style.red(text)
        : style.dim(text);
    }),
  ]);
}
