/**
 * Downloads that must be exactly what was pinned.
 * @module
 */

import { createHash } from "node:crypto";
import { messageOf } from "../errors.ts";
import { ToolError } from "./error.ts";
import type { Archive, ToolOptions } from "./tool.ts";

/** How long a server may take to begin its answer. */
const ANSWER_SECONDS = 5;

/**
 * Downloads a file of a release.
 *
 * @param path Where to write it. Left behind incomplete after an error.
 * @throws {ToolError} `download-failed` when the server cannot be reached, refuses, breaks off or sends more
 *   than the limit; `checksum-mismatch` when the content is another.
 */
export async function download(
  archive: Archive,
  path: string,
  { signal }: ToolOptions = {},
): Promise<void> {
  const { url, checksum, limit } = archive;
  const separator = checksum.indexOf(":");
  const hash = createHash(checksum.slice(0, separator));
  try {
    const body = await open(url, signal);
    let size = 0;
    const counted = body.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          size += chunk.length;
          if (size > limit) throw new Error(`more than the expected ${limit} bytes`);
          hash.update(chunk);
          controller.enqueue(chunk);
        },
      }),
    );
    await Deno.writeFile(path, counted);
  } catch (error) {
    signal?.throwIfAborted();
    const reason = messageOf(error instanceof Error && error.cause || error);
    throw new ToolError("download-failed", `The download failed: ${reason}`, {
      place: { url },
      hint: "Check the connection to that server, and the proxy settings.",
      cause: error,
    });
  }
  const actual = hash.digest("hex");
  if (actual === checksum.slice(separator + 1)) return;
  throw new ToolError(
    "checksum-mismatch",
    `The download is not the release that was pinned: its checksum is ${actual}`,
    { place: { url }, hint: "Do not use it: something between here and that server changed it." },
  );
}

async function open(url: string, signal?: AbortSignal): Promise<ReadableStream<Uint8Array>> {
  const answered = new AbortController();
  const timer = setTimeout(
    () => answered.abort(new Error(`no answer within ${ANSWER_SECONDS} s`)),
    ANSWER_SECONDS * 1000,
  );
  try {
    const signals = signal === undefined ? [answered.signal] : [answered.signal, signal];
    const response = await fetch(url, { signal: AbortSignal.any(signals) });
    if (response.ok && response.body !== null) return response.body;
    await response.body?.cancel();
    throw new Error(`the server answers ${response.status} ${response.statusText}`);
  } finally {
    clearTimeout(timer);
  }
}
