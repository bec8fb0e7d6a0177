import assert from "node:assert/strict";
import { join } from "node:path";
import { download } from "../../../lib/tools/download.ts";
import { serve, sha256, temporaryFolder, unreachable } from "./support.ts";

const CONTENT = new TextEncoder().encode("a program of an official release");

Deno.test("a download with the pinned checksum is written", async () => {
  await using folder = await temporaryFolder();
  await using server = serve(() => new Response(CONTENT));
  const path = join(folder.path, "file");
  await download({
    folder: "x",
    url: server.url,
    checksum: await sha256(CONTENT),
    limit: CONTENT.length,
  }, path);
  assert.deepEqual(await Deno.readFile(path), CONTENT);
});

Deno.test("a download of another content is refused with the checksum that it has", async () => {
  await using folder = await temporaryFolder();
  await using server = serve(() => new Response("something else"));
  const checksum = await sha256(CONTENT);
  const actual = (await sha256(new TextEncoder().encode("something else"))).slice(7);
  await assert.rejects(
    download({ folder: "x", url: server.url, checksum, limit: 1000 }, join(folder.path, "file")),
    { code: "checksum-mismatch", message: new RegExp(actual), place: { url: server.url } },
  );
});

Deno.test("a download larger than its limit is broken off", async () => {
  await using folder = await temporaryFolder();
  await using server = serve(() => new Response(CONTENT));
  const checksum = await sha256(CONTENT);
  await assert.rejects(
    download(
      { folder: "x", url: server.url, checksum, limit: CONTENT.length - 1 },
      join(folder.path, "file"),
    ),
    { code: "download-failed", message: /more than the expected 31 bytes/ },
  );
});

Deno.test("a download that the server breaks off is refused", async () => {
  await using folder = await temporaryFolder();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const answered = answerHalf(listener);
  const url = `http://127.0.0.1:${listener.addr.port}/release`;
  const checksum = await sha256(CONTENT);
  await assert.rejects(
    download({ folder: "x", url, checksum, limit: 1000 }, join(folder.path, "file")),
    { code: "download-failed" },
  );
  await answered;
});

async function answerHalf(listener: Deno.TcpListener): Promise<void> {
  using connection = await listener.accept();
  await connection.read(new Uint8Array(1024));
  const head = `HTTP/1.1 200 OK\r\ncontent-length: ${CONTENT.length}\r\n\r\n`;
  await connection.write(new TextEncoder().encode(head));
  await connection.write(CONTENT.slice(0, 10));
}

Deno.test("a download that the server refuses tells its answer", async () => {
  await using folder = await temporaryFolder();
  await using server = serve(() => new Response("", { status: 404, statusText: "Not Found" }));
  await assert.rejects(
    download(
      { folder: "x", url: server.url, checksum: "sha256:00", limit: 1000 },
      join(folder.path, "file"),
    ),
    { code: "download-failed", message: /404 Not Found/ },
  );
});

Deno.test("a server that is not there is told with its address", async () => {
  await using folder = await temporaryFolder();
  const url = unreachable();
  await assert.rejects(
    download({ folder: "x", url, checksum: "sha256:00", limit: 1000 }, join(folder.path, "file")),
    { code: "download-failed", place: { url } },
  );
});

Deno.test("a server that never answers is given up", async () => {
  await using folder = await temporaryFolder();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const url = `http://127.0.0.1:${listener.addr.port}/release`;
  await assert.rejects(
    download({ folder: "x", url, checksum: "sha256:00", limit: 1000 }, join(folder.path, "file")),
    { code: "download-failed", message: /no answer within 5 s/ },
  );
});

Deno.test("a download ends by its signal, with the signal's reason", async () => {
  await using folder = await temporaryFolder();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const url = `http://127.0.0.1:${listener.addr.port}/release`;
  const signal = AbortSignal.abort(new Error("the user wants no more"));
  await assert.rejects(
    download({ folder: "x", url, checksum: "sha256:00", limit: 9 }, join(folder.path, "file"), {
      signal,
    }),
    { message: "the user wants no more" },
  );
});
