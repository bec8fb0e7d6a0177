/** The text of a stream, as it comes. @module */

/**
 * The text of a stream, piece by piece. An abort cancels the reader: under Deno the abort of a fetch whose answer has begun
 * can be lost, and the stream would stay open for ever.
 */
export async function* streamText(
  stream: ReadableStream<Uint8Array>,
  signal?: AbortSignal,
): AsyncGenerator<string, void, void> {
  const reader = stream.getReader();
  const cancel = () => void reader.cancel().catch(() => {});
  if (signal?.aborted) cancel();
  signal?.addEventListener("abort", cancel, { once: true });
  const decoder = new TextDecoder();
  try {
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      yield decoder.decode(chunk.value, { stream: true });
    }
  } finally {
    signal?.removeEventListener("abort", cancel);
    cancel();
  }
}
