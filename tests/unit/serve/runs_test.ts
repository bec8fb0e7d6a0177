import assert from "node:assert/strict";
import type { ActionContext, Commands } from "../../../lib/serve/commands.ts";
import type { LiveMessage, Run, RunMessage } from "../../../lib/serve/contract.ts";
import { codeOf, jsonBody, PLAN, readEvents, type Serving, serving } from "./serving.ts";

const RUNS = "/api/components/web/runs";

/** Commands whose runs go on until a test lets them end. */
function held(plan = PLAN) {
  const end = Promise.withResolvers<void>();
  const going: ActionContext[] = [];
  const commands: Partial<Commands> = {
    prepare: () =>
      Promise.resolve({
        plan,
        carryOut: async (context) => {
          going.push(context);
          context.emit({ type: "stage", stage: "apply" });
          const { signal } = context;
          const aborted = new Promise<void>((resolve) =>
            signal.addEventListener("abort", () => resolve(), { once: true })
          );
          await Promise.race([end.promise, aborted]);
          signal.throwIfAborted();
          return { result: "applied", message: "The cluster is now as Git says" };
        },
      }),
    durations: () => Promise.resolve([30, 10, 20]),
  };
  return { commands, going, end: () => end.resolve() };
}

async function ask(server: Serving, headers: Record<string, string>, body: unknown): Promise<Run> {
  const answer = await server.request(RUNS, jsonBody(body, headers));
  const run: Run = await answer.json();
  assert.equal(answer.status, 201, JSON.stringify(run));
  return await reach(server, run.id, (state) => state !== "planning");
}

async function reach(
  server: Serving,
  id: string,
  fits: (state: Run["state"]) => boolean,
): Promise<Run> {
  const answer = await server.request(`/api/runs/${id}/events`);
  const messages = await readEvents<RunMessage>(answer, (messages) => {
    const last = messages.findLast(({ data }) => data.type === "state")?.data;
    return last?.type === "state" && fits(last.run.state);
  });
  const last = messages.findLast(({ data }) => data.type === "state")?.data;
  assert.ok(last?.type === "state");
  return last.run;
}

Deno.test("an action is planned, confirmed by its plan, and carried out", async () => {
  const { commands, going, end } = held();
  await using server = serving({ commands });
  const headers = await server.operator();
  const run = await ask(server, headers, { action: "deploy" });
  assert.deepEqual([run.state, run.plan, run.expected], [
    "waiting",
    PLAN,
    { seconds: 20, runs: 3 },
  ]);
  assert.equal(going.length, 0);
  const confirm = (digest: string) =>
    server.request(`/api/runs/${run.id}/confirm`, jsonBody({ digest }, headers));
  const wrong = await confirm("digest-2");
  assert.deepEqual([wrong.status, await codeOf(wrong)], [409, "plan-moved"]);
  assert.equal((await confirm(PLAN.digest)).status, 202);
  const twice = await confirm(PLAN.digest);
  assert.deepEqual([twice.status, await codeOf(twice)], [409, "not-now"]);
  end();
  const done = await reach(server, run.id, (state) => state === "done");
  assert.deepEqual([done.result, done.message], ["applied", "The cluster is now as Git says"]);
  assert.equal(going.length, 1);
});

Deno.test("where data is lost, the component's name is typed", async () => {
  const { commands, end } = held({ ...PLAN, confirm: "name" });
  await using server = serving({ commands });
  const headers = await server.operator();
  const { id } = await ask(server, headers, { action: "deploy" });
  const confirm = (name?: string) =>
    server.request(`/api/runs/${id}/confirm`, jsonBody({ digest: PLAN.digest, name }, headers));
  for (const name of [undefined, "", "Web", "web "]) {
    assert.equal((await confirm(name)).status, 409, String(name));
  }
  assert.equal((await confirm("web")).status, 202);
  end();
});

Deno.test("only one acts on a component; others are told who, and may look or note something", async () => {
  const { commands, end } = held();
  await using server = serving({ commands });
  const headers = await server.operator();
  const [first, second] = [
    await ask(server, headers, { action: "deploy" }),
    await ask(server, headers, { action: "propose" }).catch(() => undefined),
  ];
  const confirm = (id: string) =>
    server.request(`/api/runs/${id}/confirm`, jsonBody({ digest: PLAN.digest }, headers));
  await confirm(first.id);
  const busy = await server.request(RUNS, jsonBody({ action: "deploy" }, headers));
  const { error } = await busy.json();
  assert.deepEqual([busy.status, error.code], [409, "busy"]);
  assert.match(error.message, /ada is at work on web: deploy/);
  if (second !== undefined) assert.equal((await confirm(second.id)).status, 409);
  await ask(server, headers, { action: "diff" });
  end();
});

Deno.test("a run is cancelled while it is planned, while it waits, and while it runs", async () => {
  const { commands, going } = held();
  await using server = serving({
    commands: {
      ...commands,
      prepare: (component, request, context) =>
        request.action === "diff"
          ? new Promise((_, reject) =>
            context.signal.addEventListener("abort", () => reject(context.signal.reason))
          )
          : commands.prepare?.(component, request, context) ?? Promise.reject(new Error()),
    },
  });
  const headers = await server.operator();
  const cancel = (id: string) =>
    server.request(`/api/runs/${id}/cancel`, { method: "POST", headers });
  const planning: Run = await (await server.request(RUNS, jsonBody({ action: "diff" }, headers)))
    .json();
  assert.equal((await cancel(planning.id)).status, 202);
  const waiting = await ask(server, headers, { action: "deploy" });
  assert.equal((await cancel(waiting.id)).status, 202);
  const running = await ask(server, headers, { action: "deploy" });
  const body = jsonBody({ digest: PLAN.digest }, headers);
  await server.request(`/api/runs/${running.id}/confirm`, body);
  const stopping: Run = await (await cancel(running.id)).json();
  assert.equal(stopping.state, "stopping");
  for (const { id } of [planning, waiting, running]) {
    const done = await reach(server, id, (state) => state === "done");
    assert.equal(done.result, "cancelled");
    assert.match(done.message ?? "", /has cancelled it/);
    assert.equal((await cancel(id)).status, 409);
  }
  assert.ok(going.every(({ signal }) => signal.aborted));
});

Deno.test("what goes wrong in a run is told with what to do next, and nothing of a defect's inside", async () => {
  const { ApplyError } = await import("../../../lib/apply/mod.ts");
  const error = new ApplyError("plan-moved", "Git has moved", { hint: "Plan again." });
  await using server = serving({ commands: { prepare: () => Promise.reject(error) } });
  const headers = await server.operator();
  const run = await ask(server, headers, { action: "deploy" });
  assert.equal(run.result, "error");
  assert.deepEqual(run.error, {
    code: "plan-moved",
    message: "Git has moved",
    hint: "Plan again.",
  });
});

Deno.test("the messages of a run are read on from the last one, also by who comes later", async () => {
  const { commands, end } = held();
  await using server = serving({ commands });
  const headers = await server.operator();
  const { id } = await ask(server, headers, { action: "deploy" });
  const body = jsonBody({ digest: PLAN.digest }, headers);
  await server.request(`/api/runs/${id}/confirm`, body);
  end();
  const all = await readEvents<RunMessage>(await server.request(`/api/runs/${id}/events`));
  assert.deepEqual(all.map(({ id }) => id), all.map((_, index) => String(index + 1)));
  for (const [index, { id: last }] of all.entries()) {
    const given = { headers: { "last-event-id": last } };
    const answer = await server.request(`/api/runs/${id}/events`, given);
    if (index === all.length - 1) assert.equal(answer.status, 204);
    else assert.deepEqual(await readEvents(answer), all.slice(index + 1));
    await answer.body?.cancel().catch(() => {});
  }
  const byQuery = await server.request(`/api/runs/${id}/events?after=2`);
  assert.deepEqual(await readEvents(byQuery), all.slice(2));
  const nonsense = { headers: { "last-event-id": "1; drop" } };
  const again = await server.request(`/api/runs/${id}/events`, nonsense);
  assert.deepEqual(await readEvents(again), all);
  assert.equal((await server.request("/api/runs/none/events")).status, 404);
});

Deno.test("the live stream goes on where it was, and tells everything anew where it can't", async () => {
  await using server = serving();
  await server.request("/api/components");
  const first = await readEvents<LiveMessage>(
    await server.request("/api/events"),
    (messages) => messages.some(({ data }) => data.type === "component"),
  );
  assert.equal(first[0]?.data.type === "hello" && first[0].data.resumed, false);
  const headers = await server.operator();
  await ask(server, headers, { action: "deploy" });
  const last = first.at(-1)?.id ?? "";
  const rest = await readEvents<LiveMessage>(
    await server.request("/api/events", { headers: { "last-event-id": last } }),
    (messages) => messages.some(({ data }) => data.type === "run" && data.run.state === "done"),
  );
  assert.equal(rest[0]?.data.type === "hello" && rest[0].data.resumed, true);
  for (const foreign of ["other-1", `${last}0000`, "x"]) {
    const [hello] = await readEvents<LiveMessage>(
      await server.request("/api/events", { headers: { "last-event-id": foreign } }),
      (messages) => messages.length > 0,
    );
    assert.equal(hello?.data.type === "hello" && hello.data.resumed, false, foreign);
  }
});
