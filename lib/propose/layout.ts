/**
 * Where the values of a YAML document stand in its text.
 * @module
 */
import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  type Node,
  parseDocument,
  type Scalar,
  visit,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import { keyName } from "../yaml.ts";
import type { Steps } from "./change.ts";
import { type Style, Unwritable } from "./yaml_text.ts";

/** A reference to a parameter; `$${` is none. */
export const REFERENCE = /(?<!\$)\$\{[^{}]*\}/;

/** A field of a map, or an item of a list. */
export interface Entry {
  readonly parent: YAMLMap | YAMLSeq;
  readonly index: number;
  /** Undefined where nothing is written: `key:`. */
  readonly node: Node | undefined;
  /** Offset of the key, of the dash, or of an item between brackets. */
  readonly start: number;
  /** Offset behind the colon or the dash and the anchor and tag that may follow; where an item begins in brackets. */
  readonly valueStart: number;
  /** Offset behind the last character of the value, comments not counted. */
  readonly end: number;
  /** Whether it stands between brackets. */
  readonly flow: boolean;
}

/** One document and its nodes. */
export class Layout {
  readonly text: string;
  readonly #document: Document.Parsed;
  readonly #aliases = new Set<string>();
  readonly #substitutes: boolean;

  /**
   * @param substitutes whether `${…}` in the text refers to parameters.
   * @throws {Unwritable} where the text can't be read.
   */
  constructor(text: string, substitutes: boolean) {
    this.text = text;
    this.#substitutes = substitutes;
    this.#document = parseDocument(text, {
      schema: "failsafe",
      keepSourceTokens: true,
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: "silent",
    });
    if (this.#document.errors.length > 0) {
      throw new Unwritable("The places of the document's fields can't be told for sure.");
    }
    visit(this.#document, { Alias: (_, alias) => void this.#aliases.add(alias.source) });
  }

  /**
   * The field or item that a path leads to.
   *
   * @throws {Unwritable} where it stands elsewhere: behind an alias or a merge key.
   */
  entry(path: Steps): Entry {
    const [first, ...more] = path;
    if (first === undefined) throw new Unwritable("The path leads to the whole object.");
    return more.reduce(
      (entry, step) => this.#child(this.#filled(entry.node), step, entry.flow),
      this.#child(this.#filled(this.#document.contents), first, false),
    );
  }

  /**
   * The entries of the map or list that a path leads to.
   *
   * @throws {Unwritable} where there is none, or where an alias shares it.
   */
  entriesAt(path: Steps): Entry[] {
    const around = path.length === 0 ? undefined : this.entry(path);
    const parent = this.#filled(around === undefined ? this.#document.contents : around.node);
    return this.entries(parent, around?.flow ?? false);
  }

  /** The fields of a map, or the items of a list. */
  entries(parent: YAMLMap | YAMLSeq, isInFlow: boolean): Entry[] {
    const flow = isInFlow || parent.flow === true;
    const dashes = isSeq(parent) && !parent.flow ? dashesOf(parent) : [];
    return parent.items.map((item, index) => {
      const key = isPair(item) ? item.key as Scalar : undefined;
      const value = (isPair(item) ? item.value : item) as Node | null;
      const node = value !== null && !isNothing(value) ? value : undefined;
      const start = key?.range?.[0] ?? dashes[index] ?? node?.range?.[0];
      if (start === undefined) throw new Unwritable("The place is written in an unusual way.");
      const valueStart = key !== undefined
        ? this.#behindProperties(this.#behindColon(key))
        : dashes[index] !== undefined
        ? this.#behindProperties(start + 1)
        : start;
      const end = () => node === undefined ? valueStart : this.#endOf(node);
      return {
        parent,
        index,
        node,
        start,
        valueStart,
        // Found only where it is needed: it lies behind all that is inside.
        get end() {
          return end();
        },
        flow,
      };
    });
  }

  /**
   * Makes sure that nothing else depends on what is written there, and that it is no parameter's.
   *
   * @throws {Unwritable}
   */
  guardAll({ parent, index, node }: Entry): void {
    if (isAlias(node)) throw new Unwritable("The value is an alias: it is written elsewhere.");
    const item = parent.items[index];
    for (const part of isPair(item) ? [item.key, item.value] : [item]) {
      if (isNode(part)) visit(part, { Value: (_, inner) => this.#guardValue(inner) });
    }
  }

  /** How the document is written, as far as a new value needs to know. */
  styleFor(flow: boolean, sibling: unknown): Style {
    let [step, listStep]: (number | undefined)[] = [undefined, undefined];
    visit(this.#document, {
      Pair: (_, { key, value }) => {
        if (!isScalar(key) || !isCollection(value) || value.flow || !key.range) return;
        const by = this.column(value.range?.[0] ?? 0) - this.column(key.range[0]);
        if (isMap(value)) step ??= by > 0 ? by : undefined;
        else listStep ??= by;
      },
    });
    const key = isPair(sibling) ? sibling.key : undefined;
    return {
      lineBreak: this.lineBreak,
      step: Math.min(step ?? 2, 8),
      listStep: listStep ?? step ?? 2,
      flow,
      quoted: isScalar(key) && key.type === "QUOTE_DOUBLE",
      blocks: !flow,
    };
  }

  get lineBreak(): string {
    return /\r?\n/.exec(this.text)?.[0] ?? "\n";
  }

  column(offset: number): number {
    return offset - this.lineStart(offset);
  }

  lineStart(offset: number): number {
    return offset === 0 ? 0 : this.text.lastIndexOf("\n", offset - 1) + 1;
  }

  /** Where the line ends, before its line break. */
  lineEnd(offset: number): number {
    const end = this.text.slice(offset).search(/\r?\n/);
    return end < 0 ? this.text.length : offset + end;
  }

  /** Where the next line begins. */
  nextLine(offset: number): number {
    const end = this.text.indexOf("\n", offset);
    return end < 0 ? this.text.length : end + 1;
  }

  #filled(node: unknown): YAMLMap | YAMLSeq {
    this.#guard(node);
    if (isMap(node) || isSeq(node)) return node;
    throw new Unwritable("The place is neither a map nor a list.");
  }

  #child(parent: YAMLMap | YAMLSeq, step: string | number, flow: boolean): Entry {
    const entry = this.entries(parent, flow).find(({ index }) =>
      typeof step === "number" ? index === step : keyOf(parent.items[index]) === step
    );
    if (entry !== undefined) return entry;
    throw new Unwritable("A merge key provides the field, so it is not written here.");
  }

  #guard(node: unknown): void {
    if (isAlias(node)) {
      throw new Unwritable("The place is inside an alias: it is written elsewhere.");
    }
    const anchor = isScalar(node) || isCollection(node) ? node.anchor : undefined;
    if (anchor !== undefined && this.#aliases.has(anchor)) {
      throw new Unwritable(`The place is shared: aliases refer to its anchor &${anchor}.`);
    }
  }

  #guardValue(node: Scalar | YAMLMap | YAMLSeq): void {
    this.#guard(node);
    if (this.#substitutes && isScalar(node) && REFERENCE.test(String(node.value))) {
      throw new Unwritable("The text there refers to a parameter.");
    }
  }

  #behindColon(key: Scalar): number {
    const colon = /^\s*:/.exec(this.text.slice(key.range?.[1] ?? 0))?.[0];
    if (colon === undefined) throw new Unwritable("The key is written in an unusual way.");
    return (key.range?.[1] ?? 0) + colon.length;
  }

  #behindProperties(offset: number): number {
    return offset +
      (/^(?:[ \t]+[&!][^\s,\[\]{}]*)*/.exec(this.text.slice(offset))?.[0].length ?? 0);
  }

  #endOf(node: Node): number {
    if (isCollection(node) && !node.flow) {
      return this.entries(node as YAMLMap | YAMLSeq, false).at(-1)?.end ?? node.range?.[1] ?? 0;
    }
    const [start, end] = node.range ?? [0, 0];
    if (!isBlock(node)) return end;
    // Blank lines behind a text belong to it only if it says so.
    const source = this.text.slice(start, end);
    const blank = /^.[0-9]?\+/.test(source) ? /\r?\n$/ : /(?:\r?\n[ \t]*)+$/;
    return start + source.replace(blank, "").length;
  }
}

/** Whether a node is a text in block style. */
export function isBlock(node: unknown): node is Scalar {
  return isScalar(node) && (node.type === "BLOCK_LITERAL" || node.type === "BLOCK_FOLDED");
}

function isNothing(node: Node): boolean {
  return isScalar(node) && node.type === "PLAIN" && node.value === "";
}

function keyOf(item: unknown): string | undefined {
  const key = isPair(item) ? item.key : undefined;
  return isScalar(key) ? keyName(String(key.value), key.type === "PLAIN") : undefined;
}

function dashesOf(list: YAMLSeq): number[] {
  const token = list.srcToken;
  return token?.type !== "block-seq"
    ? []
    : token.items.flatMap(({ start }) =>
      start.filter(({ type }) => type === "seq-item-ind").map(({ offset }) => offset)
    );
}
