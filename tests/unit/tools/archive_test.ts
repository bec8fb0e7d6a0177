import assert from "node:assert/strict";
import { join } from "node:path";
import { packTar } from "modern-tar";
import { bringArchive } from "../../../lib/tools/archive.ts";
import { isProgram } from "../../../lib/tools/lookup.ts";
import type { Archive } from "../../../lib/tools/tool.ts";
import { serve, sha256, temporaryFolder } from "./support.ts";

/** A tar.gz with these files. */
async function packed(files: Readonly<Record<string, string>>): Promise<Uint8Array<ArrayBuffer>> {
  const tar = await packTar(
    Object.entries(files).map(([name, body]) => ({ header: { name, size: body.length }, body })),
  );
  const stream = new Blob([new Uint8Array(tar)]).stream();
  return await new Response(stream.pipeThrough(new CompressionStream("gzip"))).bytes();
}

/** The release of these bytes. */
async function release(
  url: string,
  bytes: Uint8Array<ArrayBuffer>,
  members?: readonly string[],
): Promise<Archive> {
  const checksum = await sha256(bytes);
  return { folder: "x", url, checksum, limit: 10_000, ...members === undefined ? {} : { members } };
}

Deno.test("the members of an archive become programs, and nothing else is left", async () => {
  await using folder = await temporaryFolder();
  const bytes = await packed({ "v1/README": "text", "v1/bin/one": "1", "./v1/bin/two": "2" });
  await using server = serve(() => new Response(bytes));
  const path = join(folder.path, "release");
  await bringArchive(
    await release(server.url, bytes, ["v1/bin/one", "v1/bin/two"]),
    "one",
    path,
    {},
  );
  assert.equal(await Deno.readTextFile(join(path, "one")), "1");
  assert.equal(await isProgram(join(path, "two")), true);
  const names = (await Array.fromAsync(Deno.readDir(path))).map((entry) => entry.name);
  assert.deepEqual(names.sort(), ["one", "two"]);
});

Deno.test("a release that is the program itself becomes executable", async () => {
  await using folder = await temporaryFolder();
  const bytes = new TextEncoder().encode("#!/bin/sh\necho hello\n");
  await using server = serve(() => new Response(bytes));
  const path = join(folder.path, "release");
  await bringArchive(await release(server.url, bytes), "greet", path, {});
  const { stdout } = await outputOf(join(path, "greet"));
  assert.equal(new TextDecoder().decode(stdout), "hello\n");
});

/** A process that another test starts at the same moment holds the written file open for an instant. */
async function outputOf(program: string): Promise<Deno.CommandOutput> {
  for (;;) {
    try {
      return await new Deno.Command(program).output();
    } catch (error) {
      if (!String(error).includes("Text file busy")) throw error;
    }
  }
}

Deno.test("a release that is in the cache is not downloaded again", async () => {
  await using folder = await temporaryFolder();
  const bytes = new TextEncoder().encode("#!/bin/sh\n");
  let requests = 0;
  await using server = serve(() => {
    requests++;
    return new Response(bytes);
  });
  const path = join(folder.path, "release");
  for (let i = 0; i < 2; i++) await bringArchive(await release(server.url, bytes), "p", path, {});
  assert.equal(requests, 1);
});

Deno.test("an archive without the member is refused and leaves nothing behind", async () => {
  await using folder = await temporaryFolder();
  const bytes = await packed({ "other": "1" });
  await using server = serve(() => new Response(bytes));
  const path = join(folder.path, "release");
  await assert.rejects(
    bringArchive(await release(server.url, bytes, ["bin/one"]), "one", path, {}),
    { code: "download-failed", message: "The archive lacks bin/one" },
  );
  const names = (await Array.fromAsync(Deno.readDir(folder.path))).map((entry) => entry.name);
  assert.deepEqual(names, ["release.lock"]);
});

Deno.test("a file that is no archive is refused", async () => {
  await using folder = await temporaryFolder();
  const bytes = new TextEncoder().encode("<html>");
  await using server = serve(() => new Response(bytes));
  await assert.rejects(
    bringArchive(
      await release(server.url, bytes, ["one"]),
      "one",
      join(folder.path, "release"),
      {},
    ),
    { code: "download-failed", message: /^The archive is broken/ },
  );
});
