/**
 * Positions in a log. Kubernetes only lets one read on from a second; a position is exact: the time of a line, and how
 * many lines of that very time there were up to it. Pure.
 * @module
 */

/** One line of a log. */
export interface LogLine {
  /** As the kubelet noted it. */
  readonly time: string;
  readonly text: string;
}

/** Where a reader is. */
export interface Position {
  readonly time: string;
  /** How many lines with that time were read. */
  readonly count: number;
}

/**
 * Reads a position; undefined for what is none.
 *
 * @example
 * ```ts
 * import { formatPosition, parsePosition } from "./log_position.ts";
 * import assert from "node:assert/strict";
 *
 * const position = parsePosition("2026-01-01T00:00:00.000000001Z/2");
 * assert.deepEqual(position, { time: "2026-01-01T00:00:00.000000001Z", count: 2 });
 * assert.equal(position && formatPosition(position), "2026-01-01T00:00:00.000000001Z/2");
 * assert.equal(parsePosition("yesterday"), undefined);
 * ```
 */
export function parsePosition(text: string): Position | undefined {
  const [, time = "", count] = /^([^/]{10,60})\/(\d{1,9})$/.exec(text) ?? [];
  return Number.isNaN(Date.parse(time)) ? undefined : { time, count: Number(count) };
}

/** Writes a position. */
export function formatPosition({ time, count }: Position): string {
  return `${time}/${count}`;
}

/** A line as it comes with timestamps. A line without one goes with the line before. */
export function parseLine(line: string, before: string): LogLine {
  const space = line.indexOf(" ");
  const time = space < 0 ? line : line.slice(0, space);
  // By far the most lines begin so; a date is parsed a hundred times more slowly.
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(time)
    ? { time, text: space < 0 ? "" : line.slice(space + 1) }
    : { time: before, text: line };
}

/** What a reader of a log has read, across connections. */
export class LogCursor {
  #position: Position | undefined;
  /** While looking for the position in a log that was opened again: how many lines of its time were passed. */
  #passed: number | undefined;

  constructor(position?: Position) {
    this.#position = position;
  }

  /** Where the reader is; undefined before the first line. */
  get position(): Position | undefined {
    return this.#position;
  }

  /** The log is opened again, from the second of the position on. */
  reopen(): void {
    this.#passed = this.#position === undefined ? undefined : 0;
  }

  /** Another log begins, such as that of a restarted container. */
  restart(): void {
    this.#position = undefined;
    this.#passed = undefined;
  }

  /**
   * Takes lines as they come.
   *
   * @returns those that were not read before, and whether some between may be missing, since the last one that was
   * read is not in the log any more.
   */
  take(lines: readonly string[]): { readonly lines: LogLine[]; readonly missing: boolean } {
    const fresh: LogLine[] = [];
    let missing = false;
    for (const raw of lines) {
      const line = parseLine(raw, this.#position?.time ?? "");
      if (this.#passed !== undefined && this.#position !== undefined) {
        const found = this.#find(line, this.#passed, this.#position);
        if (found === "before") continue;
        this.#passed = undefined;
        if (found === "here") continue;
        missing = true;
      }
      const same = line.time === this.#position?.time;
      const count = same && this.#position !== undefined ? this.#position.count + 1 : 1;
      this.#position = { time: line.time, count };
      fresh.push(line);
    }
    return { lines: fresh, missing };
  }

  #find(line: LogLine, passed: number, { time, count }: Position): "before" | "here" | "after" {
    if (line.time === time) {
      this.#passed = passed + 1;
      return this.#passed >= count ? "here" : "before";
    }
    return compareTimes(line.time, time) < 0 ? "before" : "after";
  }
}

/** Which of two times is earlier, to the nanosecond. */
function compareTimes(left: string, right: string): number {
  const difference = Math.floor(Date.parse(left) / 1000) - Math.floor(Date.parse(right) / 1000);
  return difference !== 0 ? difference : fraction(left) - fraction(right);
}

function fraction(time: string): number {
  return Number(`0.${/\.(\d+)/.exec(time)?.[1] ?? "0"}`);
}
