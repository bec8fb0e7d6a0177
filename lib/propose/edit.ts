/**
 * Writes values of the cluster back into the YAML lines that they came from. What isn't edited stays byte for byte:
 * comments, order, quotes, anchors, line breaks.
 * @module
 */
import { type FieldPath, formatPath, isMap, type PathElement, type Scalar } from "../field_path.ts";
import { ANNOTATION } from "../names.ts";
import { parseDocument, splitDocuments, YamlError } from "../yaml.ts";
import { type Change, changed, isSame, type Steps } from "./change.ts";
import { locate } from "./locate.ts";
import { candidates } from "./splice.ts";
import { Unwritable } from "./yaml_text.ts";

/**
 * A wish to change a file.
 *
 * `line` is any 1-based line of the document that is meant. `set` changes a field or list item, or adds it; `value`
 * is the whole new value, as the cluster has it.
 */
export type Edit =
  | {
    readonly kind: "set";
    readonly line: number;
    readonly path: FieldPath;
    readonly value: unknown;
  }
  | { readonly kind: "remove"; readonly line: number; readonly path: FieldPath }
  | { readonly kind: "remove-object"; readonly line: number };

/** An edit that can't be made, and why, as a sentence. */
export interface Refused {
  readonly edit: Edit;
  readonly reason: string;
}

/** A file after its edits. */
export interface Edited {
  readonly text: string;
  readonly refused: readonly Refused[];
}

/** How the file is read beside what it says itself. */
export interface EditOptions {
  /**
   * Whether the component has parameters, so that `${…}` refers to one.
   * @default {true}
   */
  readonly substitutes?: boolean;
}

/** Most single changes that one edit may consist of. */
const MAX_CHANGES = 250;

/** One object of the file, with the text between it and the one before. */
interface Part {
  readonly line: number;
  readonly lastLine: number;
  before: string;
  text: string;
  isRemoved: boolean;
}

/**
 * Edits a file. An edit that can't be made is refused and leaves the text as it is; the others are made.
 *
 * Text with references to parameters is never touched; new text is escaped where it would be taken for one. Each
 * edit is proven by reading the result: it has the new value at its path, and the old one everywhere else.
 *
 * @example
 * ```ts
 * import { editYaml } from "./edit.ts";
 * import assert from "node:assert/strict";
 *
 * const file = "kind: Deployment\nspec: # as agreed\n  replicas: 2 # two\n  paused: ${paused}\n";
 * const spec = { field: "spec" };
 * const { text, refused } = editYaml(file, [
 *   { kind: "set", line: 1, path: [spec, { field: "replicas" }], value: 3 },
 *   { kind: "set", line: 1, path: [spec, { field: "paused" }], value: true },
 * ]);
 * assert.equal(text, "kind: Deployment\nspec: # as agreed\n  replicas: 3 # two\n  paused: ${paused}\n");
 * assert.equal(refused[0]?.reason, "spec.paused: The text there refers to a parameter.");
 * ```
 */
export function editYaml(
  text: string,
  edits: readonly Edit[],
  { substitutes = true }: EditOptions = {},
): Edited {
  const mark = text.startsWith("\ufeff") ? "\ufeff" : "";
  const { parts, rest } = divide(text.slice(mark.length));
  const refused: Refused[] = [];
  for (const edit of edits) {
    try {
      make(parts, edit, substitutes);
    } catch (error) {
      if (!(error instanceof Unwritable || error instanceof YamlError)) throw error;
      refused.push({ edit, reason: reasonOf(edit, error) });
    }
  }
  return { text: mark + join(parts) + rest, refused };
}

function reasonOf(edit: Edit, error: Unwritable | YamlError): string {
  if (error instanceof YamlError) return `The document can not be read: ${error.reason}.`;
  return edit.kind === "remove-object" || edit.path.length === 0
    ? error.message
    : `${formatPath(edit.path)}: ${error.message}`;
}

function divide(file: string): { parts: Part[]; rest: string } {
  let end = 0;
  const parts = splitDocuments(file).map(({ text, line }) => {
    const before = end;
    const start = file.indexOf(text, offsetOfLine(file, line));
    end = start + text.length;
    return {
      line,
      lastLine: line + text.split("\n").length - 1,
      before: file.slice(before, start),
      text,
      isRemoved: false,
    };
  });
  return { parts, rest: file.slice(end) };
}

function offsetOfLine(text: string, line: number): number {
  let offset = 0;
  for (let count = 1; count < line; count++) offset = text.indexOf("\n", offset) + 1;
  return offset;
}

function make(parts: readonly Part[], edit: Edit, mayReplace: boolean): void {
  const part = parts.findLast(({ line }) => line <= edit.line);
  if (part === undefined || edit.line > part.lastLine || part.isRemoved) {
    throw new Unwritable(`There is no object on line ${edit.line}.`);
  }
  const value = parseDocument(part.text);
  if (!isMap(value)) throw new Unwritable("The document is not a map.");
  if (String(value["kind"]).endsWith("List") && Array.isArray(value["items"])) {
    throw new Unwritable("The object is an item of a list in the file: write it as a document.");
  }
  if (edit.kind === "remove-object") part.isRemoved = true;
  else part.text = new Editing(part.text, mayReplace && !optsOut(value)).make(edit);
}

function optsOut({ metadata }: Record<string, unknown>): boolean {
  const annotations = isMap(metadata) ? metadata["annotations"] : undefined;
  return isMap(annotations) && annotations[ANNOTATION.substitute] === "disabled";
}

/** The file without removed objects and the lines that divided them. */
function join(parts: readonly Part[]): string {
  let result = "";
  let isFirstGone = false;
  for (const { before, text, isRemoved } of parts) {
    if (isRemoved) {
      isFirstGone ||= result + before === "";
      result += before.replace(/---$/, "");
    } else {
      // A file that began without a dividing line still does.
      const isBare = isFirstGone && before === "---" && BLANK_LINE.test(text);
      result += isBare ? text.replace(BLANK_LINE, "") : before + text;
      isFirstGone = false;
    }
  }
  return result;
}

const BLANK_LINE = /^[ \t]*\r?\n/;

/** One edit of one document under way. */
class Editing {
  #text: string;
  #changes = 0;
  readonly #substitutes: boolean;

  constructor(text: string, substitutes: boolean) {
    this.#text = text;
    this.#substitutes = substitutes;
  }

  make(edit: Exclude<Edit, { kind: "remove-object" }>): string {
    const path = this.#substitutes ? edit.path.map(escapeElement) : edit.path;
    const place = locate(parseDocument(this.#text), path, this.#substitutes);
    if (edit.kind === "remove") {
      if (place.isNew) throw new Unwritable("The field is not written in the file.");
      this.#change({ kind: "remove", path: place.path });
    } else {
      const value = this.#substitutes ? escape(edit.value) : edit.value;
      if (place.isNew) this.#change({ kind: "insert", path: place.path, value: place.wrap(value) });
      else this.#write(place.path, place.value, value);
    }
    return this.#text;
  }

  /** Changes as little as possible, so that comments and styles inside of maps and lists survive. */
  #write(path: Steps, before: unknown, value: unknown): void {
    if (isSame(before, value)) return;
    if (isMap(before) && isMap(value) && isFull(before) && isFull(value)) {
      this.#writeMap(path, before, value);
    } else if (Array.isArray(before) && Array.isArray(value) && isFull(before) && isFull(value)) {
      this.#writeList(path, before, value);
    } else this.#change({ kind: "replace", path, value });
  }

  #writeMap(path: Steps, before: Record<string, unknown>, value: Record<string, unknown>): void {
    for (const [name, field] of Object.entries(value)) {
      if (Object.hasOwn(before, name)) this.#write([...path, name], before[name], field);
      else this.#change({ kind: "insert", path: [...path, name], value: field });
    }
    for (const name of Object.keys(before)) {
      if (!Object.hasOwn(value, name)) this.#change({ kind: "remove", path: [...path, name] });
    }
  }

  #writeList(path: Steps, before: readonly unknown[], value: readonly unknown[]): void {
    const shorter = Math.min(before.length, value.length);
    let start = 0;
    while (start < shorter && isSame(before[start], value[start])) start++;
    let same = 0;
    while (same < shorter - start && isSame(before.at(-1 - same), value.at(-1 - same))) same++;
    const [oldEnd, newEnd] = [before.length - same, value.length - same];
    for (let index = start; index < Math.min(oldEnd, newEnd); index++) {
      this.#write([...path, index], before[index], value[index]);
    }
    for (let index = Math.max(start, oldEnd); index < newEnd; index++) {
      this.#change({ kind: "insert", path: [...path, index], value: value[index] });
    }
    for (let index = oldEnd - 1; index >= Math.max(start, newEnd); index--) {
      this.#change({ kind: "remove", path: [...path, index] });
    }
  }

  #change(change: Change): void {
    if (++this.#changes > MAX_CHANGES) throw new Unwritable("Too much differs to be written back.");
    const expected = changed(parseDocument(this.#text), change);
    for (const text of candidates(this.#text, change, this.#substitutes)) {
      if (!means(text, expected)) continue;
      this.#text = text;
      return;
    }
    throw new Unwritable("The place can not be written without changing something else.");
  }
}

const isFull = (value: object) => Object.keys(value).length > 0;

function means(text: string, expected: unknown): boolean {
  try {
    return splitDocuments(text).length === 1 && isSame(parseDocument(text), expected);
  } catch (error) {
    if (error instanceof YamlError) return false;
    throw error;
  }
}

function escape(value: unknown): unknown {
  if (typeof value === "string") return escapeText(value);
  if (Array.isArray(value)) return value.map(escape);
  if (!isMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [escapeText(name), escape(field)]),
  );
}

function escapeElement(element: PathElement): PathElement {
  if ("field" in element) return { field: escapeText(element.field) };
  if ("key" in element) return { key: escape(element.key) as Readonly<Record<string, Scalar>> };
  return "value" in element ? { value: escape(element.value) as Scalar } : element;
}

function escapeText(text: string): string {
  return text.replaceAll("${", () => "$${");
}
