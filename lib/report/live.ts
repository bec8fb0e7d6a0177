/** A few lines at the bottom of a terminal that are redrawn in place. @module */

const CLEAR_LINE = "\u001b[2K";
const UP = "\u001b[1A";
const REDRAW_MILLISECONDS = 100;

/** Lines that change, below text that stays. */
export class LiveBlock {
  readonly #write: (text: string) => void;
  readonly #columns: number;
  #shown = 0;
  #drawn = 0;

  constructor(write: (text: string) => void, columns: number) {
    this.#write = write;
    this.#columns = Math.max(20, columns);
  }

  /** Writes text that stays, above the block. */
  print(text: string): void {
    this.clear();
    this.#write(text);
  }

  /** Shows other lines, unless they were shown a moment ago. Lines must not be wider than the terminal. */
  draw(lines: readonly string[], now: number): void {
    if (now - this.#drawn < REDRAW_MILLISECONDS) return;
    this.#drawn = now;
    this.clear();
    for (const line of lines) this.#write(`${line.slice(0, this.#columns - 1)}\n`);
    this.#shown = lines.length;
  }

  /** Removes the lines. */
  clear(): void {
    this.#write((UP + CLEAR_LINE).repeat(this.#shown));
    this.#shown = 0;
  }
}
