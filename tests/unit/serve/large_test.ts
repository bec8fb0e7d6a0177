/** Components of thousands of objects, and what becomes of the server's memory. */
import assert from "node:assert/strict";
import type { Commands } from "../../../lib/serve/commands.ts";
import type { LiveMessage, Run } from "../../../lib/serve/contract.ts";
import { jsonBody, PLAN, readEvents, serving } from "./serving.ts";

const RUNS = "/api/components/web/runs";

Deno.test("a plan is told where its run is looked at, not to everybody", async () => {
  const commands: Partial<Commands> = {
    prepare: () =>
      Promise.resolve({
        plan: PLAN,
        carryOut: () => Promise.resolve({ result: "applied" as const, message: "Done" }),
      }),
  };
  await using server = serving({ commands });
  const headers = await server.operator();
  const live = server.request("/api/events");
  const { id }: Run = await (await server.request(RUNS, jsonBody({ action: "deploy" }, headers)))
    .json();
  const told = await readEvents<LiveMessage>(
    await live,
    (messages) => messages.some(({ data }) => data.type === "run" && data.run.state === "waiting"),
  );
  const { runs }: { runs: Run[] } = await (await server.request("/api/runs")).json();
  const waiting = told.flatMap(({ data }) => data.type === "run" ? data.run : []).at(-1);
  assert.deepEqual([waiting?.state, waiting?.plan], ["waiting", undefined]);
  assert.deepEqual(runs.map((run) => [run.id, run.state, run.plan]), [[id, "waiting", undefined]]);
  const one: Run = await (await server.request(`/api/runs/${id}`)).json();
  assert.deepEqual(one.plan, PLAN);
});

Deno.test("runs of thousands of events are forgotten before they fill the memory, the oldest first", async () => {
  const commands: Partial<Commands> = {
    prepare: (_component, _request, { emit }) => {
      for (let index = 0; index < 20_000; index++) emit({ type: "stage", stage: "observe" });
      return Promise.resolve({ ended: { result: "in-sync", message: "Nothing to do" } });
    },
  };
  await using server = serving({ commands });
  const asked: Run[] = [];
  for (let index = 0; index < 9; index++) {
    const run = server.runs.ask("web", { action: "diff", refresh: false }, "ada");
    asked.push(run);
    for await (const _ of server.runs.messages(run.id).read(run.last)) { /* until it is done */ }
  }
  const kept = server.runs.list().map(({ id }) => id);
  const messages = kept.map((id) => server.runs.messages(id).kept.length);
  assert.ok(messages.reduce((sum, count) => sum + count) <= 150_000, `${messages}`);
  assert.ok(kept.length >= 4);
  assert.deepEqual(kept, asked.map(({ id }) => id).reverse().slice(0, kept.length));
});

Deno.test("what a component consists of is sent packed, and a stream is not", async () => {
  await using server = serving();
  const headers = { "accept-encoding": "gzip" };
  const detail = await server.request("/api/components/web", { headers });
  assert.equal(detail.headers.get("content-encoding"), "gzip");
  const text = await new Response(detail.body?.pipeThrough(new DecompressionStream("gzip"))).text();
  assert.equal(JSON.parse(text).component.name, "web");
  const stream = await server.request("/api/events", { headers });
  assert.equal(stream.headers.get("content-encoding"), null);
  await stream.body?.cancel();
});
