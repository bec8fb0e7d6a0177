/** What is taken for an answer of GitHub. */
import assert from "node:assert/strict";
import { fetchWhole } from "../../../lib/propose/github.ts";

/** What a server answers, whole or as far as it gets within two seconds. */
async function fetched(body: BodyInit): Promise<unknown> {
  const closed = new AbortController();
  const address = { hostname: "127.0.0.1", port: 0, signal: closed.signal, onListen: () => {} };
  const server = Deno.serve(address, () => new Response(body));
  try {
    return await (await fetchWhole(`http://127.0.0.1:${server.addr.port}`, {}, 2_000)).json();
  } finally {
    closed.abort();
    await server.finished;
  }
}

Deno.test("an answer of GitHub that never ends is none", async () => {
  assert.deepEqual(await fetched('{"sha":"4f1c"}'), { sha: "4f1c" });
  const begun = new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode('{"sha":')),
  });
  await assert.rejects(fetched(begun), { name: "TimeoutError" });
});
