/**
 * Lines of fields in a YAML document. Slower than reading values, so only asked where a person looks.
 * @module
 */

import { type Event, EVENT_ID, getScalarValue, parseEvents, SCALAR_STYLE } from "js-yaml";
import { keyName, MAX_DEPTH } from "./yaml.ts";

/**
 * The line on which a field is written: that of its key, or where an item of a list begins. Follows aliases and
 * merge keys to where the value really stands.
 *
 * @param text one document, as {@link "./yaml.ts".splitDocuments} divides a file.
 * @param path names of fields and positions of items.
 * @returns 1-based line of `text`; undefined where the field isn't there or the text can't be read.
 *
 * @example
 * ```ts
 * import { lineAt } from "./yaml_lines.ts";
 * import assert from "node:assert/strict";
 *
 * const text = "spec:\n  containers:\n    - name: app\n      image: nginx\n";
 * assert.equal(lineAt(text, ["spec", "containers", 0, "image"]), 4);
 * assert.equal(lineAt(text, ["spec", "replicas"]), undefined);
 * ```
 */
export function lineAt(text: string, path: readonly (string | number)[]): number | undefined {
  const offset = readNodes(text)?.offsetOf(path);
  return offset === undefined ? undefined : text.slice(0, offset).split("\n").length;
}

/**
 * The lines on which the items of a list begin.
 *
 * @returns 1-based lines of `text`, none if there is no such list.
 */
export function itemLines(text: string, path: readonly (string | number)[]): number[] {
  const offsets = readNodes(text)?.itemOffsetsOf(path) ?? [];
  let [line, counted] = [1, 0];
  return offsets.map((offset) => {
    for (; counted < offset; counted++) if (text.charCodeAt(counted) === 10) line++;
    return line;
  });
}

function readNodes(text: string): Nodes | undefined {
  try {
    return new Nodes(text, parseEvents(text, { maxDepth: MAX_DEPTH }));
  } catch {
    return undefined;
  }
}

/** One entry of a collection: where it is written, and where its value begins among the events. */
interface Entry {
  readonly offset: number;
  readonly value: number;
}

/** A document as the reader's flat list of events; a node is the index of its first event. */
class Nodes {
  readonly #text: string;
  readonly #events: readonly Event[];

  constructor(text: string, events: readonly Event[]) {
    this.#text = text;
    this.#events = events;
  }

  /** Offset in the text of what `path` leads to. */
  offsetOf(path: readonly (string | number)[]): number | undefined {
    return this.#find(path)?.offset;
  }

  /** Offsets of the items of the list that `path` leads to. */
  itemOffsetsOf(path: readonly (string | number)[]): number[] {
    const list = this.#target(this.#find(path)?.value ?? 0);
    return this.#events[list]?.type === EVENT_ID.SEQUENCE
      ? this.#children(list).map((item) => this.#offset(item))
      : [];
  }

  #find(path: readonly (string | number)[]): Entry | undefined {
    // The first event opens the document.
    let entry: Entry | undefined = { offset: this.#offset(1), value: 1 };
    for (const step of path) {
      entry = typeof step === "string"
        ? this.#field(entry.value, step)
        : this.#item(entry.value, step);
      if (entry === undefined) return undefined;
    }
    return entry;
  }

  #item(node: number, position: number): Entry | undefined {
    const list = this.#target(node);
    if (this.#events[list]?.type !== EVENT_ID.SEQUENCE) return undefined;
    const item = this.#children(list)[position];
    return item === undefined ? undefined : { offset: this.#offset(item), value: item };
  }

  #field(node: number, name: string): Entry | undefined {
    const map = this.#target(node);
    if (this.#events[map]?.type !== EVENT_ID.MAPPING) return undefined;
    const children = this.#children(map);
    let found: Entry | undefined;
    const merged: number[] = [];
    for (let index = 0; index + 1 < children.length; index += 2) {
      const [key, value] = [children[index] ?? 0, children[index + 1] ?? 0];
      const text = this.#keyText(key);
      if (text === name) found = { offset: this.#offset(key), value };
      else if (text === "<<") merged.push(value);
    }
    return found ?? this.#mergedField(merged, name);
  }

  #mergedField(sources: readonly number[], name: string): Entry | undefined {
    for (const source of sources) {
      const target = this.#target(source);
      const maps = this.#events[target]?.type === EVENT_ID.SEQUENCE
        ? this.#children(target)
        : [target];
      for (const map of maps) {
        const entry = this.#field(map, name);
        if (entry !== undefined) return entry;
      }
    }
    return undefined;
  }

  #keyText(node: number): string | undefined {
    const event = this.#events[this.#target(node)];
    return event?.type === EVENT_ID.SCALAR
      ? keyName(getScalarValue(this.#text, event), event.style === SCALAR_STYLE.PLAIN)
      : undefined;
  }

  /** The node that an alias stands for; any other node is itself. */
  #target(node: number): number {
    const alias = this.#events[node];
    if (alias?.type !== EVENT_ID.ALIAS) return node;
    const name = this.#text.slice(alias.anchorStart, alias.anchorEnd);
    return this.#events.slice(0, node).findLastIndex((event) =>
      event.type !== EVENT_ID.ALIAS && "anchorStart" in event && event.anchorStart >= 0 &&
      this.#text.slice(event.anchorStart, event.anchorEnd) === name
    );
  }

  /** The nodes directly below a collection. */
  #children(collection: number): number[] {
    const children: number[] = [];
    let depth = 0;
    for (let index = collection + 1; index < this.#events.length; index++) {
      const type = this.#events[index]?.type;
      if (type === EVENT_ID.POP) {
        if (depth === 0) break;
        depth--;
      } else {
        if (depth === 0) children.push(index);
        if (type === EVENT_ID.SEQUENCE || type === EVENT_ID.MAPPING) depth++;
      }
    }
    return children;
  }

  #offset(node: number): number {
    const event = this.#events[node];
    if (event === undefined) return 0;
    if ("valueStart" in event && event.valueStart >= 0) return event.valueStart;
    if ("start" in event) return event.start;
    return "anchorStart" in event ? Math.max(event.anchorStart, 0) : 0;
  }
}
