/** Whatever reaches the dashboard's server, it answers with a refusal in words, and nothing runs. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { readCommand } from "../../lib/serve/logs.ts";
import { jsonBody, serving } from "../unit/serve/serving.ts";
import { garbled, junk, mutated, RUNS } from "./hostile.ts";

const ACTION = { action: "deploy", verify: true, refresh: false, retry: false };
const ROUTES = ["runs", "object", "history", "pods", "logs", "checks", ""];

Deno.test("requests of any address and body are answered or refused in words", async () => {
  let prepared = 0;
  const prepare = () => {
    prepared++;
    return Promise.resolve({ ended: { result: "in-sync" as const, message: "Nothing to do" } });
  };
  await using server = serving({ commands: { prepare } });
  const headers = await server.operator();
  const name = fc.oneof(
    fc.constantFrom("web", "../web", "..%2f..%2fetc", "%00", "a".repeat(300)),
    fc.string({ maxLength: 10, unit: "binary" }).filter((text) => text.isWellFormed()),
  );
  const body = fc.oneof(
    mutated(ACTION).map((value) => JSON.stringify(value) ?? ""),
    garbled(JSON.stringify(ACTION)),
    fc.constant("[".repeat(100_000)),
  );
  const parts = fc.tuple(name, fc.constantFrom(...ROUTES), body, fc.boolean());
  await fc.assert(
    fc.asyncProperty(parts, async ([name, route, body, posts]) => {
      const path = `/api/components/${encodeURIComponent(name)}/${route}?key=${
        encodeURIComponent(name)
      }`;
      const before = prepared;
      const init = posts ? { ...jsonBody(undefined, headers), body } : { headers };
      const answer = await server.request(path, init);
      await answer.body?.cancel();
      assert.ok(answer.status < 500, `${answer.status} at ${path}`);
      if (answer.status >= 400) assert.equal(prepared, before, path);
    }),
    RUNS,
  );
});

Deno.test("messages of any kind to a log are commands or nothing", () => {
  const texts = fc.oneof(
    mutated({ type: "ack", batch: 1 }).map((value) => JSON.stringify(value)),
    garbled('{"type":"pause"}'),
    junk,
    fc.uint8Array(),
  );
  fc.assert(
    fc.property(texts, (data) => {
      const command = readCommand(data);
      assert.ok(command === undefined || ["ack", "pause", "resume"].includes(command.type));
    }),
    RUNS,
  );
});
