/**
 * Values as YAML text that {@link "../yaml.ts"} reads back as the same values.
 * @module
 */
import { isMap } from "../field_path.ts";
import { MAX_DEPTH, parseDocument, YamlError } from "../yaml.ts";

/** Why something can't be written, as a sentence. */
export class Unwritable extends Error {
  override readonly name = "Unwritable";
}

/** How the text around is written. */
export interface Style {
  readonly lineBreak: string;
  /** By how many columns a map inside a map is indented. */
  readonly step: number;
  /** By how many columns a list inside a map is indented, often not at all. */
  readonly listStep: number;
  /** Whether the value stands between brackets. */
  readonly flow: boolean;
  /** Whether all keys and texts are quoted, as in JSON. */
  readonly quoted: boolean;
  /** Whether text of many lines may be written as such. */
  readonly blocks: boolean;
}

/** How a text is quoted. */
export type Quotes = "plain" | "single" | "double";

/** Neither line breaks nor what readers drop or refuse. */
const PRINTABLE = /^[^\p{Cc}\p{Cs}\u2028\u2029\ufeff\ufffe\uffff]*$/u;
const ESCAPED = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;
/** Text for Plumb, but a date, a time or a number of base 60 for other readers. */
const READ_DIFFERENTLY = /^[-+]?[0-9][0-9_]*(?:-[0-9]+-|:[0-9])|^=$/;

/**
 * A scalar on one line, quoted where it would be read as something else.
 *
 * @throws {Unwritable} where the value is no JSON.
 *
 * @example
 * ```ts
 * import { scalarText } from "./yaml_text.ts";
 * import assert from "node:assert/strict";
 *
 * const style = { lineBreak: "\n", step: 2, listStep: 2, flow: false, quoted: false, blocks: true };
 * assert.equal(scalarText("nginx:1.29", style), "nginx:1.29");
 * assert.equal(scalarText("yes", style), '"yes"');
 * assert.equal(scalarText("it's", style, "single"), "'it''s'");
 * assert.equal(scalarText(3, style), "3");
 * ```
 */
export function scalarText(value: unknown, style: Style, quotes: Quotes = "plain"): string {
  if (typeof value === "string") return textOf(value, style, quotes);
  if (value === null || typeof value === "boolean") return String(value);
  if (Number.isFinite(value)) {
    if (reads(`a: ${value}`, { a: value })) return String(value);
    throw new Unwritable(`The number ${value} can not be held exactly.`);
  }
  throw new Unwritable(`A value of type ${typeof value} can not be written as YAML.`);
}

function textOf(value: string, style: Style, quotes: Quotes): string {
  if (quotes === "single" && PRINTABLE.test(value)) return `'${value.replaceAll("'", "''")}'`;
  if (quotes === "plain" && !style.quoted && isPlain(value, style.flow)) return value;
  return JSON.stringify(value).replace(
    ESCAPED,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function isPlain(value: string, flow: boolean): boolean {
  if (value === "" || !PRINTABLE.test(value) || READ_DIFFERENTLY.test(value)) return false;
  return flow ? reads(`[${value}]`, [value]) : reads(`a: ${value}\n`, { a: value });
}

function keyText(name: string, style: Style): string {
  const plain = !style.quoted && name !== "<<" && isPlain(name, style.flow) &&
    reads(`{${name}: 1}`, { [name]: 1 });
  return plain ? name : textOf(name, style, "double");
}

function reads(text: string, expected: unknown): boolean {
  try {
    return JSON.stringify(parseDocument(text)) === JSON.stringify(expected);
  } catch (error) {
    if (error instanceof YamlError) return false;
    throw error;
  }
}

/** A field of a map between brackets. */
export function flowEntry(name: string, value: unknown, style: Style, depth = 0): string {
  return `${keyText(name, style)}: ${flowText(value, style, depth)}`;
}

/** A value between brackets. */
export function flowText(value: unknown, style: Style, depth = 0): string {
  limit(depth);
  const flow = { ...style, flow: true };
  if (Array.isArray(value)) {
    return `[${value.map((item) => flowText(item, flow, depth + 1)).join(", ")}]`;
  }
  if (!isMap(value)) return scalarText(value, flow);
  const entries = Object.entries(value).map(([name, field]) =>
    flowEntry(name, field, flow, depth + 1)
  );
  return entries.length === 0 ? "{}" : `{ ${entries.join(", ")} }`;
}

/** Whether a value takes lines of its own in block style. */
export function isFilled(value: unknown): value is unknown[] | Record<string, unknown> {
  return Array.isArray(value) ? value.length > 0 : isMap(value) && Object.keys(value).length > 0;
}

/** The lines of a map or list that begins at a column. */
export function blockLines(
  value: unknown[] | Record<string, unknown>,
  column: number,
  style: Style,
  depth = 0,
): string[] {
  limit(depth);
  return Array.isArray(value)
    ? value.flatMap((item) => itemLines(item, column, style, depth))
    : Object.entries(value).flatMap(([name, field]) =>
      fieldLines(name, field, column, style, depth)
    );
}

/** The lines of one field of a map in block style. */
export function fieldLines(
  name: string,
  value: unknown,
  column: number,
  style: Style,
  depth = 0,
): string[] {
  const start = `${" ".repeat(column)}${keyText(name, style)}:`;
  if (isFilled(value)) {
    const step = Array.isArray(value) ? style.listStep : style.step;
    return [start, ...blockLines(value, column + step, style, depth + 1)];
  }
  const [first, ...more] = leafLines(value, column, style);
  return [`${start} ${first}`, ...more];
}

/** The lines of one item of a list in block style. */
export function itemLines(value: unknown, column: number, style: Style, depth = 0): string[] {
  const pad = " ".repeat(column);
  if (isFilled(value)) {
    const lines = blockLines(value, column + 2, style, depth + 1);
    return [`${pad}- ${lines[0]?.slice(column + 2)}`, ...lines.slice(1)];
  }
  const [first, ...more] = leafLines(value, column, style);
  return [`${pad}- ${first}`, ...more];
}

function leafLines(value: unknown, column: number, style: Style): string[] {
  if (typeof value === "object" && value !== null) return [Array.isArray(value) ? "[]" : "{}"];
  const block = typeof value === "string" && value.includes("\n") && style.blocks
    ? blockScalar(value, { sign: "|", column, body: column + style.step })
    : undefined;
  return block ?? [scalarText(value, style)];
}

/** Where and how a text of many lines is written. */
export interface BlockScalar {
  /** Whether single line breaks are kept or mean a space. */
  readonly sign: "|" | ">";
  /** Column of the map or list around. */
  readonly column: number;
  /** Column on which its lines begin. */
  readonly body: number;
  /** Greatest length of a line where single line breaks mean a space. */
  readonly width?: number;
}

/**
 * The head and the lines of a text in block style.
 *
 * @returns undefined where the text can't be written so.
 *
 * @example
 * ```ts
 * import { blockScalar } from "./yaml_text.ts";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(blockScalar("one\ntwo\n", { sign: "|", column: 0, body: 2 }), ["|", "  one", "  two"]);
 * assert.equal(blockScalar("bell \u0007\n", { sign: "|", column: 0, body: 2 }), undefined);
 * ```
 */
export function blockScalar(value: string, place: BlockScalar): string[] | undefined {
  const indent = place.body - place.column;
  const content = value.replace(/\n+$/, "");
  const breaks = value.length - content.length;
  const lines = place.sign === "|" ? content.split("\n") : foldedLines(content, place.width ?? 80);
  if (content === "" || indent < 1 || indent > 9) return undefined;
  if (!lines.every((line) => PRINTABLE.test(line.replaceAll("\t", "")))) return undefined;
  const digit = /^[ \t\n]/.test(content) ? String(indent) : "";
  const chomping = breaks === 0 ? "-" : breaks === 1 ? "" : "+";
  const head = `${place.sign}${digit}${chomping}`;
  lines.push(...Array.from({ length: breaks - 1 }, () => ""));
  const write = (pad: string) => lines.map((line) => line === "" ? "" : pad + line);
  return reads(`a: ${head}\n${write(" ".repeat(indent)).join("\n")}\n`, { a: value })
    ? [head, ...write(" ".repeat(place.body))]
    : undefined;
}

function foldedLines(content: string, width: number): string[] {
  return content.replaceAll(/(?<=[^\n])\n+(?=[^\n])/g, (breaks) => `${breaks}\n`).split("\n")
    .flatMap((line) => wrap(line, width));
}

function wrap(line: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of line.split(/(?<=\S) (?=\S)/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else lines.push(word);
  }
  return lines;
}

function limit(depth: number): void {
  if (depth > MAX_DEPTH) {
    throw new Unwritable(`The value is nested deeper than ${MAX_DEPTH} levels.`);
  }
}
