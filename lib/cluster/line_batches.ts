/** Lines of a stream that may bring very many of them. @module */
import { streamText } from "./stream_text.ts";

const CUT = " … (cut)";

/**
 * The lines of a stream, as many at a time as have come, until its end or the signal's abort. One that is too long is cut,
 * so that a line without an end takes no more memory than any other.
 *
 * @param longest in characters.
 */
export async function* lineBatches(
  stream: ReadableStream<Uint8Array>,
  longest: number,
  signal?: AbortSignal,
): AsyncGenerator<string[], void, void> {
  let rest = "";
  // What follows of a line that was cut is passed over.
  let cutting = false;
  for await (const text of streamText(stream, signal)) {
    const parts = (rest + text).split("\n");
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
}

function cut(line: string, longest: number): string {
  return line.length <= longest ? line : line.slice(0, longest) + CUT;
}
