/** Sends a log to somebody who may read more slowly than it is written. @module */
import type { LogCommand, LogMessage, LogQuery } from "./contract.ts";
import type { LogPart } from "./log_follow.ts";
import { formatPosition } from "./log_position.ts";

/** Batches under way, which the reader has not acknowledged. */
const WINDOW = 8;
/** Lines that wait to be sent. */
const MAX_WAITING = 10_000;
const MAX_WAITING_CHARACTERS = 4 * 1024 * 1024;

/** How to send. */
export interface LogSenderOptions {
  readonly behind: LogQuery["behind"];
  readonly send: (message: LogMessage) => void;
  readonly signal: AbortSignal;
}

/**
 * Leads a log to its reader. What waits in between is bounded: then the log is read no further (`wait`), or the oldest
 * lines are passed over, counted and told (`skip`).
 */
export class LogSender {
  readonly #options: LogSenderOptions;
  readonly #waiting: LogPart[] = [];
  #lines = 0;
  #characters = 0;
  /** Lines that were passed over and are not yet told. */
  #dropped = 0;
  #sent = 0;
  #acknowledged = 0;
  #paused = false;
  #ended = false;
  #news = Promise.withResolvers<void>();

  constructor(options: LogSenderOptions) {
    this.#options = options;
    options.signal.addEventListener("abort", () => this.#wake(), { once: true });
  }

  /** What the reader says. */
  command(command: LogCommand): void {
    if (command.type === "ack") {
      // Nobody can acknowledge what he was not sent.
      if (command.batch <= this.#sent) {
        this.#acknowledged = Math.max(this.#acknowledged, command.batch);
      }
    } else this.#paused = command.type === "pause";
    this.#wake();
  }

  /** Sends everything, until the log or the signal ends. */
  async run(parts: AsyncIterable<LogPart>): Promise<void> {
    const reading = this.#read(parts).then(() => undefined, (error: unknown) => ({ error }))
      .finally(() => {
        this.#ended = true;
        this.#wake();
      });
    // What was read before a failure is sent before it is told.
    await this.#write();
    const failure = await reading;
    if (failure !== undefined) throw failure.error;
  }

  async #read(parts: AsyncIterable<LogPart>): Promise<void> {
    const { behind, signal } = this.#options;
    for await (const part of parts) {
      this.#add(part);
      if (behind === "skip") this.#dropOldest();
      while (!signal.aborted && (this.#paused || (behind === "wait" && this.#isFull()))) {
        await this.#news.promise;
      }
      if (signal.aborted) return;
    }
  }

  async #write(): Promise<void> {
    const { signal, send } = this.#options;
    while (!signal.aborted) {
      const [part] = this.#waiting;
      if (part === undefined && this.#ended) return;
      if (part === undefined || this.#paused || this.#sent - this.#acknowledged >= WINDOW) {
        await this.#news.promise;
        continue;
      }
      if (this.#dropped > 0) {
        const reason = "They came faster than they were read";
        send({ type: "skipped", lines: this.#dropped, reason });
        this.#dropped = 0;
      }
      this.#take();
      send(part.type === "lines" ? this.#batchOf(part) : part);
      this.#wake();
    }
  }

  #batchOf({ lines, position }: Extract<LogPart, { type: "lines" }>): LogMessage {
    const batch = ++this.#sent;
    return { type: "lines", batch, position: formatPosition(position), lines: [...lines] };
  }

  #add(part: LogPart): void {
    this.#waiting.push(part);
    this.#count(part, 1);
    this.#wake();
  }

  #take(): void {
    const part = this.#waiting.shift();
    if (part !== undefined) this.#count(part, -1);
  }

  #count(part: LogPart, sign: 1 | -1): void {
    if (part.type !== "lines") return;
    this.#lines += sign * part.lines.length;
    this.#characters += sign * part.lines.reduce((sum, { text }) => sum + text.length, 0);
  }

  #isFull(): boolean {
    return this.#lines > MAX_WAITING || this.#characters > MAX_WAITING_CHARACTERS;
  }

  /** Only lines are passed over; what is told about them stays. */
  #dropOldest(): void {
    while (this.#isFull()) {
      const index = this.#waiting.findIndex(({ type }) => type === "lines");
      const [part] = index < 0 ? [] : this.#waiting.splice(index, 1);
      if (part?.type !== "lines") return;
      this.#count(part, -1);
      this.#dropped += part.lines.length;
    }
  }

  #wake(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }
}
