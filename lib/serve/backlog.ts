/** Numbered messages that anybody can read from any number on. @module */

/** A message with its number, or how many are no longer kept. */
export type Numbered<Message> =
  | { readonly id: number; readonly message: Message }
  | { readonly id: number; readonly missed: number };

/**
 * The last messages of something that goes on. Each reader reads at its own speed from what is kept, so that a slow one
 * costs no memory; one that is too slow is told how many it has missed.
 *
 * @example
 * ```ts
 * import { Backlog } from "./backlog.ts";
 * import assert from "node:assert/strict";
 *
 * const backlog = new Backlog<string>(100);
 * backlog.add("one");
 * backlog.add("two");
 * backlog.end();
 * const read = await Array.fromAsync(backlog.read(1));
 * assert.deepEqual(read, [{ id: 2, message: "two" }]);
 * ```
 */
export class Backlog<Message> {
  readonly #limit: number;
  #kept: Message[] = [];
  #last = 0;
  #ended = false;
  #news = Promise.withResolvers<void>();

  /** @param limit how many messages are kept, at the least. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Number of the last message; 0 before the first. */
  get last(): number {
    return this.#last;
  }

  /** What is kept, the oldest first. */
  get kept(): readonly Message[] {
    return this.#kept;
  }

  /** Adds a message, which may be made with its number. */
  add(message: Message | ((id: number) => Message)): void {
    if (this.#ended) return;
    this.#last++;
    this.#kept.push(message instanceof Function ? message(this.#last) : message);
    // Now and then, not each time: the rest is moved.
    if (this.#kept.length > this.#limit * 1.25) {
      this.#kept.splice(0, this.#kept.length - this.#limit);
    }
    this.#wake();
  }

  /** Nothing comes any more: readers end after the last message. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** Whether everything after this number is still kept. */
  reaches(after: number): boolean {
    return after >= this.#last - this.#kept.length && after <= this.#last;
  }

  /** All messages after a number, and those to come, until the end or the signal's abort. */
  async *read(after: number, signal?: AbortSignal): AsyncGenerator<Numbered<Message>, void, void> {
    let next = after + 1;
    while (!signal?.aborted) {
      const first = this.#last - this.#kept.length + 1;
      if (next < first) {
        yield { id: first - 1, missed: first - next };
        next = first;
        continue;
      }
      const message = this.#kept[next - first];
      if (next <= this.#last && message !== undefined) {
        yield { id: next++, message };
        continue;
      }
      if (this.#ended) return;
      await this.#newsOr(signal);
    }
  }

  async #newsOr(signal: AbortSignal | undefined): Promise<void> {
    const aborted = Promise.withResolvers<void>();
    const abort = () => aborted.resolve();
    signal?.addEventListener("abort", abort, { once: true });
    await Promise.race([this.#news.promise, aborted.promise]);
    signal?.removeEventListener("abort", abort);
  }

  #wake(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }
}
