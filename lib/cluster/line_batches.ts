/** Lines of a stream that may bring very many of them. @module */

const CUT = " … (cut)";

/**
 * The lines of a stream, as many at a time as have come. One that is too long is cut, so that a line without an end
 * takes no more memory than any other. An abort cancels the reader, as in `lines` of the watches.
 *
 * @param longest in characters.
 */
export async function* lineBatches(
  stream: ReadableStream<Uint8Array>,
  longest: number,
  signal?: AbortSignal,
): AsyncGenerator<string[], void, void> {
  const reader = stream.getReader();
  const cancel = () => void reader.cancel().catch(() => {});
  if (signal?.aborted) cancel();
  signal?.addEventListener("abort", cancel, { once: true });
  const decoder = new TextDecoder();
  let rest = "";
  // What follows of a line that was cut is passed over.
  let cutting = false;
  try {
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      const parts = (rest + decoder.decode(chunk.value, { stream: true })).split("\n");
      rest = parts.pop() ?? "";
      if (parts.length > 0 && cutting) {
        parts.shift();
        cutting = false;
      }
      const batch = parts.map((line) => cut(line, longest));
      if (cutting) rest = "";
      else if (rest.length > longest) {
        batch.push(cut(rest, longest));
        rest = "";
        cutting = true;
      }
      if (batch.length > 0) yield batch;
    }
    if (rest !== "" && !signal?.aborted) yield [rest];
  } finally {
    signal?.removeEventListener("abort", cancel);
    cancel();
  }
}

function cut(line: string, longest: number): string {
  return line.length <= longest ? line : line.slice(0, longest) + CUT;
}
