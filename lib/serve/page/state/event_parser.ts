/** Server-Sent Events out of a stream of text, as WHATWG HTML describes them. @module */

/** One event of a stream. */
export interface StreamEvent {
  /** Empty when the stream has not told any. */
  readonly id: string;
  readonly data: string;
}

/**
 * Takes text in whatever pieces it comes, and gives the events that are complete.
 *
 * @example
 * ```ts
 * import { EventParser } from "./event_parser.ts";
 * import assert from "node:assert/strict";
 *
 * const parser = new EventParser();
 * assert.deepEqual(parser.push("id: 7\nda"), []);
 * assert.deepEqual(parser.push("ta: hello\n\n"), [{ id: "7", data: "hello" }]);
 * ```
 */
export class EventParser {
  #rest = "";
  #id = "";
  #data: string[] = [];

  push(text: string): StreamEvent[] {
    // The line break may itself be cut in two.
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? "";
    return lines.flatMap((line) => this.#line(line) ?? []);
  }

  #line(line: string): StreamEvent | undefined {
    if (line === "") {
      const data = this.#data;
      this.#data = [];
      return data.length === 0 ? undefined : { id: this.#id, data: data.join("\n") };
    }
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") this.#data.push(value);
    else if (field === "id" && !value.includes("\0")) this.#id = value;
    return undefined;
  }
}
