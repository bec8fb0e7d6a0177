/**
 * Programs from official releases.
 * @module
 */

import { basename, join } from "node:path";
import { createTarDecoder } from "modern-tar";
import { messageOf } from "../errors.ts";
import { fillOnce } from "./cache.ts";
import { download } from "./download.ts";
import { ToolError } from "./error.ts";
import type { Archive, ToolOptions } from "./tool.ts";

/**
 * Downloads and unpacks a release into its folder of the cache, unless it is there.
 *
 * @param program File name of the program: one of the members, or the release itself.
 * @param path The folder of the cache.
 * @throws {ToolError} `download-failed` or `checksum-mismatch`.
 */
export async function bringArchive(
  archive: Archive,
  program: string,
  path: string,
  options: ToolOptions,
): Promise<void> {
  await fillOnce(path, program, async (folder) => {
    options.progress?.(`Downloading ${archive.url}`);
    if (archive.members === undefined) {
      const file = join(folder, program);
      await download(archive, file, options);
      await Deno.chmod(file, 0o755);
      return;
    }
    const packed = join(folder, "download");
    await download(archive, packed, options);
    await unpack(archive, packed, folder);
    await Deno.remove(packed);
  });
}

async function unpack(archive: Archive, packed: string, folder: string): Promise<void> {
  const wanted = new Set(archive.members);
  try {
    using file = await Deno.open(packed);
    const entries = file.readable
      .pipeThrough(new DecompressionStream("gzip"))
      .pipeThrough(createTarDecoder());
    for await (const { header, body } of entries) {
      if (!wanted.delete(header.name.replace(/^\.\//, ""))) {
        await body.cancel();
        continue;
      }
      await Deno.writeFile(join(folder, basename(header.name)), body, { mode: 0o755 });
    }
  } catch (error) {
    throw new ToolError("download-failed", `The archive is broken: ${messageOf(error)}`, {
      place: { url: archive.url },
      cause: error,
    });
  }
  if (wanted.size === 0) return;
  throw new ToolError("download-failed", `The archive lacks ${[...wanted].join(", ")}`, {
    place: { url: archive.url },
  });
}
