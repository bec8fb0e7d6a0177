/** The last lines of a log, and which of them a search finds. @module */

/** One line of a container's output. */
export interface LogLine {
  /** RFC 3339, as the kubelet noted it. */
  readonly time: string;
  readonly text: string;
}

/** How much is kept, whatever comes: about 100 MB at the most. */
export const LIMITS = { lines: 200_000, characters: 40_000_000, lineCharacters: 16_384 } as const;

/**
 * A log in bounded memory: the oldest lines go when there are too many, or too many characters.
 *
 * Lines have numbers, counted from the first that ever came, so that a place in the log stays the same while others go.
 *
 * @example
 * ```ts
 * import { LogBuffer } from "./log_buffer.ts";
 * import assert from "node:assert/strict";
 *
 * const log = new LogBuffer({ lines: 2, characters: 100, lineCharacters: 100 });
 * log.append(["one", "two", "three"].map((text) => ({ time: "", text })));
 * assert.deepEqual([log.first, log.end, log.at(log.first)?.text], [1, 3, "two"]);
 * ```
 */
export class LogBuffer {
  readonly #limits: { readonly lines: number; readonly characters: number; lineCharacters: number };
  readonly #lines: (LogLine | undefined)[];
  #first = 0;
  #end = 0;
  #characters = 0;
  #query = "";
  /** Numbers of the lines that were found; those before `#foundFrom` are gone. */
  #found: number[] = [];
  #foundFrom = 0;

  constructor(
    limits: typeof LIMITS | { lines: number; characters: number; lineCharacters: number } = LIMITS,
  ) {
    this.#limits = limits;
    this.#lines = new Array(limits.lines);
  }

  /** Number of the oldest line that is kept; also, how many are not. */
  get first(): number {
    return this.#first;
  }

  /** Number that the next line will have. */
  get end(): number {
    return this.#end;
  }

  /** How many lines are shown: all that are kept, or those that the search finds. */
  get shown(): number {
    return this.#query === "" ? this.#end - this.#first : this.#found.length - this.#foundFrom;
  }

  get query(): string {
    return this.#query;
  }

  /** Adds lines at the end. */
  append(lines: readonly LogLine[]): void {
    for (const line of lines) this.#add(line);
    while (this.#characters > this.#limits.characters && this.#first < this.#end) this.#drop();
    this.#forgetFound();
  }

  /** Forgets everything. The next line has the number 0 again. */
  clear(): void {
    this.#lines.fill(undefined);
    this.#first =
      this.#end =
      this.#characters =
      this.#foundFrom =
        0;
    this.#found = [];
  }

  /** A line by its number. */
  at(number: number): LogLine | undefined {
    if (number < this.#first || number >= this.#end) return undefined;
    return this.#lines[number % this.#limits.lines];
  }

  /** The number of a shown line, by its place among those. */
  numberAt(index: number): number {
    return this.#query === "" ? this.#first + index : this.#found[this.#foundFrom + index] ?? -1;
  }

  /** Shows only lines that contain a text, whatever its case; all, when it is empty. */
  search(query: string): void {
    this.#query = query.toLowerCase();
    this.#found = [];
    this.#foundFrom = 0;
    if (this.#query === "") return;
    for (let number = this.#first; number < this.#end; number++) this.#match(number);
  }

  #add({ time, text }: LogLine): void {
    if (this.#end - this.#first === this.#limits.lines) this.#drop();
    const limit = this.#limits.lineCharacters;
    const cut = text.length > limit
      ? `${text.slice(0, limit)} … ${text.length - limit} more`
      : text;
    this.#lines[this.#end % this.#limits.lines] = { time, text: cut };
    this.#characters += cut.length;
    this.#end++;
    if (this.#query !== "") this.#match(this.#end - 1);
  }

  #drop(): void {
    const index = this.#first % this.#limits.lines;
    this.#characters -= this.#lines[index]?.text.length ?? 0;
    this.#lines[index] = undefined;
    this.#first++;
  }

  #match(number: number): void {
    if (this.at(number)?.text.toLowerCase().includes(this.#query)) this.#found.push(number);
  }

  #forgetFound(): void {
    while ((this.#found[this.#foundFrom] ?? Infinity) < this.#first) this.#foundFrom++;
    // Moving an array costs as much as it is long, so it is done once in a while.
    if (this.#foundFrom > 10_000 && this.#foundFrom > this.#found.length / 2) {
      this.#found = this.#found.slice(this.#foundFrom);
      this.#foundFrom = 0;
    }
  }
}
