/** Server-Sent Events. @module */

/** One message of a stream. */
export interface StreamMessage {
  /** From which a client goes on. */
  readonly id: string;
  readonly data: unknown;
}

/** Proxies close a connection on which nothing moves; most of them after a minute. */
const HEARTBEAT_MILLISECONDS = 15_000;
/** How soon a browser comes back. */
const RETRY_MILLISECONDS = 1_000;

/**
 * Answers with messages as they come. They are asked for only as fast as the client reads.
 *
 * @param closed called once, when nobody reads any more or the messages end.
 */
export function eventStream(messages: AsyncIterable<StreamMessage>, closed: () => void): Response {
  const iterator = messages[Symbol.asyncIterator]();
  const encoder = new TextEncoder();
  let next: Promise<IteratorResult<StreamMessage>> | undefined;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: (controller) => controller.enqueue(encoder.encode(`retry: ${RETRY_MILLISECONDS}\n\n`)),
    async pull(controller) {
      next ??= iterator.next();
      const pause = Promise.withResolvers<undefined>();
      const timer = setTimeout(() => pause.resolve(undefined), HEARTBEAT_MILLISECONDS);
      const result = await Promise.race([next, pause.promise]);
      clearTimeout(timer);
      if (result === undefined) return controller.enqueue(encoder.encode(":\n\n"));
      next = undefined;
      if (result.done) {
        closed();
        return controller.close();
      }
      const { id, data } = result.value;
      controller.enqueue(encoder.encode(`id: ${id}\ndata: ${JSON.stringify(data)}\n\n`));
    },
    cancel: () => closed(),
  });
  return new Response(body, {
    headers: {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      // For nginx, which would collect them.
      "x-accel-buffering": "no",
    },
  });
}
