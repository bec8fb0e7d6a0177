import assert from "node:assert/strict";
import type { Event } from "../../../../lib/event.ts";
import { noCounts } from "../../../../lib/event.ts";
import type { Run, RunMessage } from "../../../../lib/serve/contract.ts";
import {
  applyMessages,
  countDone,
  failedObjects,
  NO_PROGRESS,
  objectsByWave,
  type Progress,
} from "../../../../lib/serve/page/state/progress.ts";

const time = "2026-01-01T00:00:00Z";
const web = { group: "apps", kind: "Deployment", namespace: "shop", name: "web" };
const settings = { group: "", kind: "ConfigMap", namespace: "shop", name: "settings" };

const messagesOf = (...events: Event[]): RunMessage[] =>
  // Fields of events are read-only here and not in the schema.
  events.map((event, index) => ({ type: "event", id: index + 1, time, event } as RunMessage));
const after = (...events: Event[]): Progress => applyMessages(NO_PROGRESS, messagesOf(...events));
const statesOf = ({ objects }: Progress) =>
  [...objects.values()].map(({ object, state }) => `${object.name} ${state}`);

const plan: Event = {
  type: "plan",
  counts: { ...noCounts(), create: 2 },
  waves: 2,
  changes: [settings, web].map((object) => ({ action: "create", object, fields: [] })),
};
const deploy: Event[] = [
  { type: "run", command: "reconcile", component: "shop", mode: "apply", cluster: "here" },
  plan,
  { type: "wave", wave: 1, waves: 2, objects: 1 },
  { type: "change", action: "create", object: settings, result: "done" },
  { type: "wave", wave: 2, waves: 2, objects: 1 },
  { type: "change", action: "create", object: web, result: "done" },
  { type: "health", object: web, status: "progressing", message: "0 of 1 pods available" },
];

Deno.test("objects are pending, then written in their wave, then waited for", () => {
  assert.deepEqual(statesOf(after(plan)), ["settings pending", "web pending"]);
  const progress = after(...deploy);
  assert.deepEqual(statesOf(progress), ["settings done", "web waiting"]);
  assert.deepEqual(countDone(progress), { done: 1, total: 2 });
  assert.deepEqual(progress.wave, { wave: 2, waves: 2 });
  assert.deepEqual([...objectsByWave(progress)].map(([wave, objects]) => [wave, objects.length]), [
    [1, 1],
    [2, 1],
  ]);
  const ready = after(...deploy, { type: "health", object: web, status: "current", message: "ok" });
  assert.deepEqual(countDone(ready), { done: 2, total: 2 });
});

Deno.test("a failure keeps its reason and its evidence", () => {
  const { objects } = after(...deploy, {
    type: "health",
    object: web,
    status: "failed",
    message: "the image can't be pulled",
    evidence: ["Back-off"],
  });
  const failed = [...objects.values()].find(({ state }) => state === "failed");
  assert.deepEqual([failed?.object.name, failed?.message, failed?.evidence], [
    "web",
    "the image can't be pulled",
    ["Back-off"],
  ]);
});

Deno.test("what had failed is still told when the way back has other objects, and once", () => {
  const failed: Event[] = [
    ...deploy,
    { type: "health", object: web, status: "failed", message: "no image" },
  ];
  const undo: Event = {
    type: "undo",
    state: "begun",
    from: "bad",
    to: "good",
    reason: "no image",
    irreversible: [],
  };
  const names = (progress: Progress) => failedObjects(progress).map(({ object }) => object.name);
  assert.deepEqual(names(after(...failed, undo)), ["web"]);
  const done = after(...failed, undo, ...deploy, { ...undo, state: "done" });
  assert.deepEqual(names(done), ["web"]);
  assert.equal(done.undo?.state, "done");
  assert.equal(failedObjects(done)[0]?.message, "no image");
});

Deno.test("what comes twice, as after a lost connection, is counted once", () => {
  const messages = messagesOf(...deploy, { type: "warning", message: "slow" });
  const once = applyMessages(NO_PROGRESS, messages);
  assert.deepEqual(applyMessages(once, messages), once);
  const inPieces = messages.reduce(
    (progress, message) => applyMessages(progress, [message]),
    NO_PROGRESS,
  );
  assert.deepEqual(inPieces, once);
});

Deno.test("a second pass over the component begins anew", () => {
  const progress = after(
    { type: "requirement", name: "postgresql", met: false, message: "not there" },
    ...deploy,
    ...deploy,
  );
  assert.deepEqual(progress.requirements, []);
  assert.deepEqual(statesOf(progress), ["settings done", "web waiting"]);
});

Deno.test("checks are known by their newest state, and the run by its last message", () => {
  const run: Run = {
    id: "1",
    component: "shop",
    action: "verify",
    request: { action: "verify", only: [], skip: [] },
    state: "done",
    by: "ann",
    asked: time,
    last: 3,
  };
  const check = { type: "check", name: "http", title: "HTTP" } as const;
  const progress = applyMessages(NO_PROGRESS, [
    ...messagesOf({ ...check, status: "running" }, { ...check, status: "passed", seconds: 1 }),
    { type: "gap", id: 3, time, messages: 4 },
    { type: "state", id: 7, time, run },
  ]);
  assert.equal(progress.checks.get("http")?.status, "passed");
  assert.deepEqual([progress.run, progress.missed, progress.last, progress.stage], [
    run,
    4,
    7,
    "verify",
  ]);
});

Deno.test("what is deleted is waited for until it is gone, and done then", () => {
  const change: Event = { type: "change", action: "delete", object: web, result: "done" };
  const going: Event[] = [
    {
      type: "plan",
      counts: noCounts(),
      waves: 1,
      changes: [{ action: "delete", object: web, fields: [] }],
    },
    change,
    { type: "health", object: web, status: "terminating", message: "1 of 2 pods is left" },
  ];
  assert.deepEqual(statesOf(after(...going)), ["web waiting"]);
  const gone: Event = { type: "health", object: web, status: "current", message: "is gone" };
  assert.deepEqual(statesOf(after(...going, gone)), ["web done"]);
});

Deno.test("what becomes of data is told as the run that goes tells it, not as its plan did", () => {
  const data = (state: "kept" | "back"): Event => (
    { type: "data", state, what: "Secret shop/keys", message: "as before" }
  );
  const planned: Event[] = [
    { type: "run", command: "diff", component: "shop", mode: "observe" },
    data("back"),
  ];
  assert.equal(after(...planned).data.length, 1);
  assert.deepEqual(after(...planned, ...deploy).data, []);
  assert.deepEqual(after(...planned, ...deploy, data("back")).data.map(({ state }) => state), [
    "back",
  ]);
});
