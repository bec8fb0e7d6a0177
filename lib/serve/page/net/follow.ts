/** Streams of the server's events that come back by themselves and go on where they were. @module */
import { EventParser } from "../state/event_parser.ts";
import { ApiError, problemIn } from "./api.ts";
import { type Connection, pauseBefore } from "./retry.ts";

/** What to do with a stream. */
export interface Following<Message> {
  /** Messages that came together, so that they are shown together. */
  readonly onMessages: (messages: readonly Message[]) => void;
  readonly onConnection: (connection: Connection) => void;
  /** The server has refused for good: nobody is known, or there is no such thing. */
  readonly onRefused: (error: ApiError) => void;
  /** Whether a message was the last one. */
  readonly isLast?: (message: Message) => boolean;
  /** Where to go on; kept up to date. */
  readonly position: { id: string };
  readonly signal: AbortSignal;
}

/** A server that says nothing for so long, not even that it is there, is taken to be gone. */
const SILENCE_MILLISECONDS = 40_000;

/** Follows a stream until its last message, a refusal, or the signal. */
export async function follow<Message>(path: string, following: Following<Message>): Promise<void> {
  const { signal, onConnection, onRefused } = following;
  let since: number | undefined;
  for (let attempt = 0; !signal.aborted; attempt++) {
    try {
      const ended = await read(path, following, () => {
        attempt = 0;
        since = undefined;
        onConnection({ state: "open" });
      });
      if (ended || signal.aborted) return;
      throw new Error("The server has ended the stream.");
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ApiError && [401, 403, 404].includes(error.status)) {
        onRefused(error);
        return;
      }
      since ??= Date.now();
      const reason = error instanceof Error ? error.message : String(error);
      onConnection({ state: "lost", since, reason });
    }
    await pauseBefore(attempt, signal);
  }
}

/** @returns whether the last message has come. */
async function read<Message>(
  path: string,
  { onMessages, isLast, position, signal }: Following<Message>,
  onOpen: () => void,
): Promise<boolean> {
  const stop = new AbortController();
  const end = () => stop.abort();
  signal.addEventListener("abort", end, { once: true });
  let timer = setTimeout(end, SILENCE_MILLISECONDS);
  try {
    const response = await fetch(`api/${path}`, {
      headers: {
        accept: "text/event-stream",
        ...(position.id === "" ? {} : { "last-event-id": position.id }),
      },
      cache: "no-store",
      signal: stop.signal,
    });
    // Everything was told before.
    if (response.status === 204) return true;
    if (!response.ok || response.body === null) {
      throw new ApiError(await problemIn(response), response.status);
    }
    onOpen();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    const parser = new EventParser();
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return false;
      clearTimeout(timer);
      timer = setTimeout(end, SILENCE_MILLISECONDS);
      const events = parser.push(value);
      if (events.length === 0) continue;
      const messages = events.map(({ data }) => JSON.parse(data) as Message);
      onMessages(messages);
      position.id = events.at(-1)?.id ?? position.id;
      if (messages.some((message) => isLast?.(message))) return true;
    }
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
    stop.abort();
  }
}
