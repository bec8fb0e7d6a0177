/** The lines of one container, over a WebSocket that comes back by itself where it was. @module */
import type { LogCommand, LogMessage } from "../../contract.ts";
import { type LogPlace, logQueryOf } from "./api.ts";
import { type Connection, pauseBefore } from "./retry.ts";

type Lines = Extract<LogMessage, { type: "lines" }>["lines"];

/** What becomes of a log. */
export interface LogFollowing {
  readonly onLines: (lines: Lines) => void;
  /** Something to be said between the lines: what was passed over, or why nothing comes any more. */
  readonly onNote: (note: string) => void;
  readonly onConnection: (connection: Connection | { readonly state: "ended" }) => void;
  readonly signal: AbortSignal;
}

/** A log that is being followed. */
export class LogStream {
  readonly #place: LogPlace;
  readonly #following: LogFollowing;
  #socket: WebSocket | undefined;
  #position: string | undefined;
  #paused = false;
  #ended = false;
  /** Batches that came since the last frame. */
  #batches: Extract<LogMessage, { type: "lines" }>[] = [];
  #frame = 0;

  constructor(place: LogPlace, following: LogFollowing) {
    this.#place = place;
    this.#following = following;
    void this.#run();
  }

  /** While paused, the server sends nothing, and nothing is lost. */
  set paused(paused: boolean) {
    this.#paused = paused;
    this.#send({ type: paused ? "pause" : "resume" });
  }

  async #run(): Promise<void> {
    const { signal, onConnection } = this.#following;
    let since: number | undefined;
    for (let attempt = 0; !signal.aborted && !this.#ended; attempt++) {
      if (since === undefined) onConnection({ state: "connecting" });
      const opened = await this.#connect();
      if (signal.aborted || this.#ended) break;
      if (opened) {
        attempt = 0;
        since = undefined;
      }
      since ??= Date.now();
      onConnection({ state: "lost", since, reason: "The connection was lost." });
      await pauseBefore(attempt, signal);
    }
    if (!signal.aborted) onConnection({ state: "ended" });
  }

  /** One connection, until it ends. @returns whether it was ever open. */
  #connect(): Promise<boolean> {
    const { signal, onConnection } = this.#following;
    const query = logQueryOf(this.#place);
    if (this.#position !== undefined) query.set("after", this.#position);
    const address = new URL(
      `api/components/${encodeURIComponent(this.#place.component)}/logs?${query}`,
      location.href.replace(/#.*/, ""),
    );
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(address);
    this.#socket = socket;
    let opened = false;
    const close = () => socket.close();
    signal.addEventListener("abort", close, { once: true });
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data) as LogMessage;
      if (message.type === "open") {
        opened = true;
        onConnection({ state: "open" });
        if (this.#paused) this.#send({ type: "pause" });
      } else this.#take(message);
    };
    return new Promise((resolve) => {
      socket.onclose = () => {
        signal.removeEventListener("abort", close);
        this.#flush();
        resolve(opened);
      };
    });
  }

  #take(message: Exclude<LogMessage, { type: "open" }>): void {
    if (message.type === "lines") {
      this.#batches.push(message);
      // Once a frame, however many come. A hidden page has no frames, so it takes no more than is under way.
      if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#flush());
      return;
    }
    this.#flush();
    const { onNote } = this.#following;
    if (message.type === "skipped") {
      onNote(
        message.lines === undefined ? message.reason : `${message.lines} lines: ${message.reason}`,
      );
    } else {
      this.#ended = true;
      onNote(
        message.type === "end" ? message.reason : [message.error.message, message.error.hint]
          .filter(Boolean).join(" "),
      );
    }
  }

  /** Shows what has come, and only then asks for more. */
  #flush(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const batches = this.#batches;
    this.#batches = [];
    const last = batches.at(-1);
    if (last === undefined) return;
    this.#position = last.position;
    this.#following.onLines(
      batches.length === 1 ? last.lines : batches.flatMap(({ lines }) => lines),
    );
    for (const { batch } of batches) this.#send({ type: "ack", batch });
  }

  #send(command: LogCommand): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(command));
  }
}
