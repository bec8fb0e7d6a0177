/** The last lines of a log, and which of them a search finds. @module */
import { type ChunkRoom, LogChunk, type LogLine } from "./log_chunk.ts";

/** How much is kept, whatever comes. */
export interface LogLimits {
  readonly lines: number;
  /** Of texts and times together. */
  readonly bytes: number;
  readonly lineCharacters: number;
}

export const LIMITS: LogLimits = { lines: 200_000, bytes: 32_000_000, lineCharacters: 16_384 };

/** A full log is kept in about so many parts, and let go of by whole ones. */
const CHUNKS = 200;

/**
 * A log in bounded memory: the oldest lines go when there are too many, or too many bytes.
 *
 * Lines have numbers, counted from the first that ever came, so that a place in the log stays the same while others go.
 *
 * @example
 * ```ts
 * import { LogBuffer } from "./log_buffer.ts";
 * import assert from "node:assert/strict";
 *
 * const log = new LogBuffer({ lines: 2, bytes: 100, lineCharacters: 100 });
 * log.append(["one", "two", "three"].map((text) => ({ time: "", text })));
 * assert.deepEqual([log.first, log.end, log.at(log.first)?.text], [1, 3, "two"]);
 * ```
 */
export class LogBuffer {
  readonly #limits: LogLimits;
  readonly #room: ChunkRoom;
  #chunks: LogChunk[] = [];
  #first = 0;
  #end = 0;
  #query = "";
  /** Numbers of the lines that were found; those before `#foundFrom` are gone. */
  #found: number[] = [];
  #foundFrom = 0;

  constructor(limits: LogLimits = LIMITS) {
    this.#limits = limits;
    this.#room = {
      lines: Math.ceil(limits.lines / CHUNKS),
      characters: Math.ceil(limits.bytes / CHUNKS),
    };
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

  /** Memory that texts and times take. */
  get bytes(): number {
    return this.#chunks.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Adds lines at the end. */
  append(lines: readonly LogLine[]): void {
    for (let from = 0; from < lines.length;) {
      const chunk = this.#open();
      const before = chunk.end;
      from += chunk.append(
        lines.slice(from, from + this.#room.lines).map((line) => this.#cut(line)),
      );
      this.#end = chunk.end;
      this.#match(chunk, before);
      this.#drop();
    }
    this.#forgetFound();
  }

  /** Forgets everything. The next line has the number 0 again. */
  clear(): void {
    this.#chunks = [];
    this.#first = this.#end = this.#foundFrom = 0;
    this.#found = [];
  }

  /** A line by its number. */
  at(number: number): LogLine | undefined {
    if (number < this.#first || number >= this.#end) return undefined;
    return this.#chunks.findLast(({ first }) => first <= number)?.at(number);
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
    for (const chunk of this.#chunks) this.#match(chunk, this.#first);
  }

  /** The last chunk, as long as it has room; else another. */
  #open(): LogChunk {
    const last = this.#chunks.at(-1);
    if (last !== undefined && !last.isFull) return last;
    const chunk = new LogChunk(this.#end, this.#room);
    this.#chunks.push(chunk);
    return chunk;
  }

  #cut({ time, text }: LogLine): LogLine {
    const limit = this.#limits.lineCharacters;
    if (text.length <= limit) return { time, text };
    return { time, text: `${text.slice(0, limit)} … ${text.length - limit} more` };
  }

  /** Lets chunks go of which no line is kept, and such as there is no memory for. */
  #drop(): void {
    this.#first = Math.max(this.#first, this.#end - this.#limits.lines);
    let bytes = this.bytes;
    for (let [chunk] = this.#chunks; chunk !== undefined; [chunk] = this.#chunks) {
      if (chunk.end > this.#first && bytes <= this.#limits.bytes) return;
      bytes -= chunk.bytes;
      this.#first = Math.max(this.#first, chunk.end);
      this.#chunks.shift();
    }
  }

  /** Adds what the search finds in a chunk, from a line on. */
  #match(chunk: LogChunk, from: number): void {
    if (this.#query === "") return;
    for (let number = Math.max(from, chunk.first); number < chunk.end; number++) {
      if (chunk.textAt(number).toLowerCase().includes(this.#query)) this.#found.push(number);
    }
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
