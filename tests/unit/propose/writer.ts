/** Writes objects as YAML in layouts that people use, by chance: a seed decides. */

/** A value of JSON. */
export type Json = string | number | boolean | null | Json[] | { [name: string]: Json };
/** Names and positions. */
export type Path = (string | number)[];

/** A text and what stands where. */
export interface Written {
  readonly text: string;
  /** Each comment, and the entry that it belongs to. */
  readonly comments: readonly { readonly text: string; readonly path: Path }[];
  /** First line of an entry with its comments, and how many lines it has. */
  readonly spans: ReadonlyMap<string, number>;
}

/** A generator of numbers from 0 to 1, after a seed. */
export function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const SAFE = /^[a-z][a-z/]{2,}(?: [a-z]+)*$/;
const FOLDABLE = /^[a-z]+(?: [a-z]+)+$/;
const WORDS = /^(?:yes|off|null|true|false|nan|inf)$/;

/** Writes an object. */
export function write(value: { [name: string]: Json }, seed: number): Written {
  const writer = new Writer(chance(seed));
  const random = chance(seed + 1);
  const lines = writer.map(value, 0, []);
  const lineBreak = random() < 0.3 ? "\r\n" : "\n";
  const isBlockAtEnd = /^\s/.test(lines.at(-1) ?? "");
  const end = random() < 0.2 && !isBlockAtEnd ? "" : lineBreak;
  const head = random() < 0.3 ? ["# header", ""] : [];
  return {
    text: (random() < 0.1 ? "\ufeff" : "") + [...head, ...lines].join(lineBreak) + end,
    comments: writer.comments,
    spans: writer.spans,
  };
}

class Writer {
  readonly comments: { text: string; path: Path }[] = [];
  readonly spans = new Map<string, number>();
  #anchors = 0;

  constructor(readonly random: () => number) {}

  map(map: { [name: string]: Json }, column: number, path: Path): string[] {
    return Object.entries(map).flatMap(([name, value]) => {
      const pad = " ".repeat(column);
      return this.#entry(`${pad}${this.#key(name)}:`, value, column, [...path, name]);
    });
  }

  #list(list: Json[], column: number, path: Path): string[] {
    return list.flatMap((value, index) =>
      this.#entry(`${" ".repeat(column)}-`, value, column, [...path, index])
    );
  }

  #entry(start: string, value: Json, column: number, path: Path): string[] {
    const above = this.#above(column, path);
    const anchor = this.#is(0.05) ? ` &a${this.#anchors++}` : "";
    const lines = this.#value(start + anchor, value, column, path, anchor !== "");
    this.spans.set(JSON.stringify(path), above.length + lines.length);
    return [...above, ...lines];
  }

  #value(start: string, value: Json, column: number, path: Path, hasAnchor: boolean): string[] {
    const isItem = start.trimEnd().endsWith("-") && !hasAnchor;
    const isFilled = typeof value === "object" && value !== null && Object.keys(value).length > 0;
    if (isFilled && this.#is(0.75)) {
      const list = Array.isArray(value);
      const step = list && !isItem && !start.trimStart().startsWith("-")
        ? Math.floor(this.random() * 3)
        : 1 + Math.floor(this.random() * 4);
      const isCompact = isItem && this.#is(0.8);
      const inner = isCompact ? column + 2 : column + step;
      const comment = isCompact ? "" : this.#comment(path);
      const lines = list ? this.#list(value, inner, path) : this.map(value, inner, path);
      if (!isCompact) return [start + comment, ...lines];
      // Comments in front of the first entry would part it from the dash.
      return /^\s*#|^\s*$/.test(lines[0] ?? "")
        ? [start, ...lines]
        : [`${start} ${lines[0]?.trimStart()}`, ...lines.slice(1)];
    }
    if (typeof value === "string" && value.includes("\n") && this.#is(0.7)) {
      const lines = this.#literal(start, value, column, path);
      if (lines !== undefined) return lines;
    }
    if (typeof value === "string" && FOLDABLE.test(value) && this.#is(0.3)) {
      const pad = " ".repeat(column + 2);
      const words = value.replaceAll(" ", () => this.#is(0.5) ? " " : `\n${pad}`);
      return [`${start} >-${this.#comment(path)}`, ...`${pad}${words}`.split("\n")];
    }
    const flow = isFilled
      ? this.#flow(value, path, this.#is(0.4) ? " ".repeat(column + 2) : undefined)
      : this.#scalar(value, false);
    if (flow === "" || this.#is(0.9)) {
      return `${start}${flow && " "}${flow}${this.#comment(path)}`.split("\n");
    }
    return [start + this.#comment(path), ...`${" ".repeat(column + 3)}${flow}`.split("\n")];
  }

  #literal(start: string, value: string, column: number, path: Path): string[] | undefined {
    const content = value.replace(/\n+$/, "");
    const breaks = value.length - content.length;
    if (content === "" || breaks > 1 || /^[ \t\n]|[^\n -~]|\n[ \t]+(?=\n|$)/.test(content)) {
      return undefined;
    }
    const pad = " ".repeat(column + 1 + Math.floor(this.random() * 4));
    const lines = content.split("\n").map((line) => line === "" ? "" : pad + line);
    return [`${start} |${breaks === 0 ? "-" : ""}${this.#comment(path)}`, ...lines];
  }

  /** Between brackets; with each entry on a line of its own if there is a column for them. */
  #flow(value: Json, path: Path, pad: string | undefined): string {
    if (typeof value !== "object" || value === null) return this.#scalar(value, true);
    const inner = pad !== undefined && this.#is(0.5) ? `${pad} ` : undefined;
    const entries = Array.isArray(value)
      ? value.map((item, index) => this.#flowEntry("", item, [...path, index], inner))
      : Object.entries(value).map(([name, field]) =>
        this.#flowEntry(`${this.#key(name)}: `, field, [...path, name], inner)
      );
    const [open, close] = Array.isArray(value) ? "[]" : "{}";
    if (pad !== undefined && entries.length > 0) {
      const lines = entries.map((entry, index) => {
        const own = [...path, Array.isArray(value) ? index : Object.keys(value)[index] ?? ""];
        const comma = index < entries.length - 1 || this.#is(0.3) ? "," : "";
        return `${pad}${entry}${comma}${this.#comment(own)}\n`;
      });
      return `${open}\n${lines.join("")}${pad}${close}`;
    }
    const space = this.#is(0.5) ? " " : "";
    return open + space + entries.join(this.#is(0.8) ? ", " : " , ") + space + close;
  }

  #flowEntry(start: string, value: Json, path: Path, pad: string | undefined): string {
    const text = start + this.#flow(value, path, pad);
    this.spans.set(JSON.stringify(path), text.split("\n").length);
    return text;
  }

  #scalar(value: Json, flow: boolean): string {
    if (typeof value === "string") return this.#text(value);
    if (value === null && !flow && this.#is(0.5)) return "";
    if (typeof value === "object" && value !== null) return Array.isArray(value) ? "[]" : "{}";
    if (typeof value === "boolean" && this.#is(0.3)) return value ? "yes" : "Off";
    return value === null ? "~" : String(value);
  }

  #key(name: string): string {
    return this.#text(name);
  }

  #text(value: string): string {
    if (SAFE.test(value) && !WORDS.test(value) && this.#is(0.6)) return value;
    return /^[ -~]*$/.test(value) && this.#is(0.5)
      ? `'${value.replaceAll("'", "''")}'`
      : JSON.stringify(value);
  }

  #above(column: number, path: Path): string[] {
    const lines: string[] = [];
    if (this.#is(0.1)) lines.push("");
    while (this.#is(0.15)) lines.push(" ".repeat(column) + this.#note(path));
    return lines;
  }

  #comment(path: Path): string {
    return this.#is(0.15) ? ` ${this.#note(path)}` : "";
  }

  #note(path: Path): string {
    const text = `# note ${this.comments.length};`;
    this.comments.push({ text, path });
    return text;
  }

  #is(probability: number): boolean {
    return this.random() < probability;
  }
}
