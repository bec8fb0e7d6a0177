/**
 * YAML as kubectl reads it: documents divided at `---`, plain scalars resolved as Go's YAML 1.1 reader does
 * (`yes` is true, `0777` is 511, a date stays text).
 *
 * It differs from kubectl where kubectl loses data without a word: a key that is given twice, an integer that a
 * JavaScript number can't hold, and tags other than those of JSON's types are errors (kustomize and so Flux refuse
 * the first, too). A merge key never overrides a key that is written out, as in YAML; kubectl lets the later win.
 * @module
 */

import {
  defineMappingTag,
  defineScalarTag,
  EVENT_ID,
  getScalarValue,
  loadAll,
  mergeTag,
  NOT_RESOLVED,
  parseEvents,
  SCALAR_STYLE,
  Schema,
  seqTag,
  strTag,
  YAMLException,
} from "js-yaml";

/** A text that is not YAML, or that is not safe to read. */
export class YamlError extends Error {
  override readonly name = "YamlError";
  /**
   * @param reason what is wrong, in words.
   * @param line 1-based, in the text that was read.
   * @param column 1-based.
   */
  constructor(readonly reason: string, readonly line: number, readonly column: number) {
    super(`${reason} at line ${line}, column ${column}`);
  }

  /** Whether collections are nested deeper than {@link MAX_DEPTH}. */
  get isTooDeep(): boolean {
    return this.reason.includes("maxDepth");
  }
}

/** One document of a file. */
export interface DocumentText {
  readonly text: string;
  /** 1-based line of the file on which `text` begins. */
  readonly line: number;
}

/** A plain scalar that means a number that JavaScript or JSON can't hold. */
class Unrepresentable extends Error {
  constructor(readonly source: string) {
    super(`The number ${source} can not be held exactly: quote it if it is text`);
  }
}

const BOOLEANS = new Map([
  ...spellings(["y", "yes", "true", "on"], true),
  ...spellings(["n", "no", "false", "off"], false),
]);

/** Lower case, capitalized, and upper case. */
function spellings(words: readonly string[], value: boolean): [string, boolean][] {
  return words
    .flatMap((word) => [word, word[0]?.toUpperCase() + word.slice(1), word.toUpperCase()])
    .map((word) => [word, value]);
}

const NULLS = new Set(["", "~", "null", "Null", "NULL"]);
const NOT_FINITE = /^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;
const INTEGER = /^([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
/** Go takes underscores anywhere in a number, but only between digits if it begins with the point. */
const POINT_FIRST = /^\.[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+(?:_[0-9]+)*)?$/;
const DIGITS = "0123456789";
/** Go reads integers up to this as such, and greater ones as floating point. */
const UINT64_MAX = 2n ** 64n - 1n;

function resolveNumber(source: string): number | typeof NOT_RESOLVED {
  if (NOT_FINITE.test(source)) throw new Unrepresentable(source);
  if (source.startsWith(".") && !POINT_FIRST.test(source)) return NOT_RESOLVED;
  const plain = source.replaceAll("_", "");
  const integer = INTEGER.exec(plain);
  if (integer !== null) return exactInteger(source, integer) ?? Number(plain);
  if (!FLOAT.test(plain)) return NOT_RESOLVED;
  // Zero has no sign in JSON as Go writes it.
  const value = Number(plain) + 0;
  return Number.isFinite(value) ? value : NOT_RESOLVED;
}

function exactInteger(source: string, match: RegExpExecArray): number | undefined {
  const [, sign, hexadecimal, binary, octal, decimal] = match;
  const value = hexadecimal !== undefined
    ? parseInt(hexadecimal, 16)
    : binary !== undefined
    ? parseInt(binary, 2)
    : octal !== undefined
    ? parseInt(octal, 8)
    : Number(decimal);
  if (Number.isSafeInteger(value)) return sign === "-" ? 0 - value : value;
  if (decimal !== undefined && BigInt(decimal) > UINT64_MAX) return undefined;
  throw new Unrepresentable(source);
}

const nullTag = defineScalarTag<null>("tag:yaml.org,2002:null", {
  implicit: true,
  implicitFirstChars: ["", "~", "n", "N"],
  resolve: (source) => NULLS.has(source) ? null : NOT_RESOLVED,
  identify: () => false,
});

const booleanTag = defineScalarTag<boolean>("tag:yaml.org,2002:bool", {
  implicit: true,
  implicitFirstChars: [..."yYnNtTfFoO"],
  resolve: (source) => BOOLEANS.get(source) ?? NOT_RESOLVED,
  identify: () => false,
});

const integerTag = defineScalarTag<number>("tag:yaml.org,2002:int", {
  implicit: true,
  implicitFirstChars: [..."+-.", ...DIGITS],
  resolve: resolveNumber,
  identify: () => false,
});

const floatTag = defineScalarTag<number>("tag:yaml.org,2002:float", {
  resolve: resolveNumber,
  identify: () => false,
});

type Mapping = Record<string, unknown>;

/** Keys are text in JSON: Go writes booleans and numbers out. */
const mappingTag = defineMappingTag<Mapping>("tag:yaml.org,2002:map", {
  create: () => ({}),
  addPair: (map, key, value) => {
    if (key === null || typeof key === "object") return "A key must be text: quote it";
    const name = String(key);
    if (name === "__proto__") return "The key __proto__ is not allowed";
    map[name] = value;
    return "";
  },
  has: (map, key) => Object.hasOwn(map, String(key)),
  keys: (map) => Object.keys(map),
  get: (map, key) => map[String(key)],
  identify: () => false,
});

const KUBERNETES_SCHEMA = new Schema([
  strTag,
  nullTag,
  booleanTag,
  integerTag,
  floatTag,
  mergeTag,
  seqTag,
  mappingTag,
]);

/** Deepest nesting of collections that is read. */
export const MAX_DEPTH = 100;

/**
 * Divides a file at lines that begin with `---`, as kubectl does. Parts without content are left out.
 *
 * @example
 * ```ts
 * import { splitDocuments } from "./yaml.ts";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(splitDocuments("# first\na: 1\n---\n---\nb: 2\n"), [
 *   { text: "# first\na: 1\n", line: 1 },
 *   { text: "\nb: 2\n", line: 4 },
 * ]);
 * ```
 */
export function splitDocuments(file: string): DocumentText[] {
  const documents: DocumentText[] = [];
  let line = 1;
  let counted = 0;
  const add = (start: number, end: number) => {
    for (; counted < start; counted++) if (file.charCodeAt(counted) === 10) line++;
    const text = file.slice(start, end);
    if (contentStart(text) >= 0) documents.push({ text, line });
  };
  let start = 0;
  for (const { index } of file.matchAll(/^---(?=\s|$)/gm)) {
    add(start, index);
    start = index + 3;
  }
  add(start, file.length);
  return documents;
}

/** First line with more on it than a comment or a directive. */
const CONTENT = /^[ \t]*[^\s#%]/m;

/**
 * Offset of the line on which a document's content begins, after blank lines and comments; -1 where it has none.
 */
export function contentStart(text: string): number {
  return text.search(CONTENT);
}

/**
 * Reads one document of {@link splitDocuments}. Aliases yield the same object several times; nothing is copied.
 *
 * @returns undefined where there is no content.
 * @throws {YamlError}
 *
 * @example
 * ```ts
 * import { parseDocument } from "./yaml.ts";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(parseDocument("{ a: yes, b: 0777, c: 2020-01-01, d: 1_000 }"), {
 *   a: true,
 *   b: 511,
 *   c: "2020-01-01",
 *   d: 1000,
 * });
 * ```
 */
export function parseDocument(text: string): unknown {
  let documents: unknown[];
  try {
    documents = loadAll(text, { schema: KUBERNETES_SCHEMA, maxDepth: MAX_DEPTH });
  } catch (error) {
    if (error instanceof YAMLException) throw explain(text, error);
    if (error instanceof Unrepresentable) throw locate(text, error);
    throw error;
  }
  if (documents.length > 1) {
    const end = text.search(/^\.\.\.(?=\s)/m);
    throw errorAt(text, Math.max(end, 0), "Another document begins without a line of ---");
  }
  return documents[0];
}

function explain(text: string, { reason, mark }: YAMLException): YamlError {
  if (mark === undefined) return new YamlError(reason, 1, 1);
  const line = text.split("\n")[mark.line] ?? "";
  const tab = /^ *\t/.exec(line);
  return tab === null
    ? new YamlError(capitalize(reason), mark.line + 1, mark.column + 1)
    : new YamlError("A tab indents the line: use spaces", mark.line + 1, tab[0].length);
}

function capitalize(reason: string): string {
  return reason.charAt(0).toUpperCase() + reason.slice(1);
}

/** The reader does not say where it was when a scalar could not be resolved, so it is looked for. */
function locate(text: string, { source, message }: Unrepresentable): YamlError {
  const scalar = parseEvents(text, {}).find((event) =>
    event.type === EVENT_ID.SCALAR && event.style === SCALAR_STYLE.PLAIN &&
    getScalarValue(text, event) === source
  );
  return errorAt(text, scalar?.type === EVENT_ID.SCALAR ? scalar.valueStart : 0, message);
}

function errorAt(text: string, offset: number, reason: string): YamlError {
  const before = text.slice(0, offset).split("\n");
  return new YamlError(reason, before.length, (before.at(-1)?.length ?? 0) + 1);
}

/**
 * What a key of a mapping is called in the object that {@link parseDocument} makes: `on` is `true` unless quoted.
 */
export function keyName(source: string, isPlain: boolean): string {
  return isPlain ? String(KUBERNETES_SCHEMA.resolveImplicitScalarTag(source).value) : source;
}
