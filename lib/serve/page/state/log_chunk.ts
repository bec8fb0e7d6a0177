/** Some lines of a log that stand one after another. @module */

/** One line of a container's output. */
export interface LogLine {
  /** RFC 3339, as the kubelet noted it. */
  readonly time: string;
  readonly text: string;
}

/** How much a chunk has room for. The last line may be longer than the room that is left. */
export interface ChunkRoom {
  readonly lines: number;
  readonly characters: number;
}

/** A browser keeps a text in one byte for each character, as long as it has no other than these. */
// deno-lint-ignore no-control-regex
const NARROW = /^[\u0000-\u00ff]*$/;

/**
 * Lines in one string. An object and two strings for each line would take twice the memory, and keep the browser busy
 * with collecting them.
 *
 * @example
 * ```ts
 * import { LogChunk } from "./log_chunk.ts";
 * import assert from "node:assert/strict";
 *
 * const chunk = new LogChunk(7, { lines: 2, characters: 100 });
 * const taken = chunk.append(["one", "two", "three"].map((text) => ({ time: "10:00", text })));
 * assert.deepEqual([taken, chunk.isFull, chunk.end, chunk.bytes], [2, true, 9, 16]);
 * assert.deepEqual(chunk.at(8), { time: "10:00", text: "two" });
 * ```
 */
export class LogChunk {
  /** Number of its first line. */
  readonly first: number;
  readonly #room: ChunkRoom;
  #text = "";
  #narrow = true;
  /** Where each line's time begins, and where its text does; at last, where the next line would begin. */
  readonly #starts: Uint32Array;
  #count = 0;

  constructor(first: number, room: ChunkRoom) {
    this.first = first;
    this.#room = room;
    this.#starts = new Uint32Array(2 * room.lines + 1);
  }

  /** Number of the line after its last. */
  get end(): number {
    return this.first + this.#count;
  }

  /** Memory that its text takes. */
  get bytes(): number {
    return this.#text.length * (this.#narrow ? 1 : 2);
  }

  get isFull(): boolean {
    const characters = this.#starts[2 * this.#count] ?? 0;
    return this.#count >= this.#room.lines || characters >= this.#room.characters;
  }

  /** Adds lines as long as there is room. @returns how many. */
  append(lines: readonly LogLine[]): number {
    const before = this.#count;
    const parts: string[] = [];
    let end = this.#text.length;
    for (const { time, text } of lines) {
      if (this.isFull) break;
      const at = 2 * this.#count++;
      this.#starts[at + 1] = end += time.length;
      this.#starts[at + 2] = end += text.length;
      parts.push(time, text);
    }
    // What is joined is one piece of memory; what is added by `+` would keep its pieces.
    const added = parts.join("");
    this.#narrow &&= NARROW.test(added);
    this.#text = this.#text === "" ? added : [this.#text, added].join("");
    return this.#count - before;
  }

  /** A line by its number. */
  at(number: number): LogLine {
    const at = 2 * (number - this.first);
    const text = this.textAt(number);
    return { time: this.#text.slice(this.#starts[at], this.#starts[at + 1]), text };
  }

  /** The text of a line by its number. */
  textAt(number: number): string {
    const at = 2 * (number - this.first);
    return this.#text.slice(this.#starts[at + 1], this.#starts[at + 2]);
  }
}
