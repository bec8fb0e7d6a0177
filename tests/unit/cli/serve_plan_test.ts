import assert from "node:assert/strict";
import { planInOneRun } from "../../../lib/cli/serve_one_run.ts";
import { Told } from "../../../lib/cli/serve_plan.ts";
import { type Event, noCounts } from "../../../lib/event.ts";

const settings = { group: "", kind: "ConfigMap", namespace: "shop", name: "settings" };

function planOf(...events: Event[]) {
  const heard: Event[] = [];
  const { signal } = new AbortController();
  const told = new Told({ by: "ada", run: "1", signal, emit: (event) => heard.push(event) });
  events.forEach(told.emit);
  assert.deepEqual(heard, events);
  return told.planOf();
}

Deno.test("a plan has what becomes of data, and what to think of before", () => {
  const kept = { state: "kept", what: "Secret shop/keys", message: "in a Secret" } as const;
  const lost = { state: "lost", what: "PersistentVolume a", message: "goes for good" } as const;
  const change = { action: "delete", object: settings, fields: [] } as const;
  const plan = planOf(
    { type: "plan", counts: { ...noCounts(), delete: 1 }, changes: [change], waves: 1 },
    { type: "data", ...kept },
    { type: "data", ...lost },
    { type: "warning", message: "No undo takes this back: Job shop/migrate has run" },
  );
  assert.deepEqual(plan.data, [kept, lost]);
  assert.deepEqual(plan.warnings, [
    "Will be deleted: ConfigMap shop/settings",
    "No undo takes this back: Job shop/migrate has run",
  ]);
  const many = Array.from({ length: 7 }, () => change);
  const [warning] = planOf({ type: "plan", counts: noCounts(), changes: many, waves: 1 }).warnings;
  assert.match(
    warning ?? "",
    /^Will be deleted: (ConfigMap shop\/settings, ){5}and 2 more objects$/,
  );
  // Who confirms a plan confirms what becomes of data, too.
  assert.notEqual(plan.digest, planOf({ type: "data", ...kept }).digest);
});

Deno.test("what was cancelled before it is planned is not begun", async () => {
  const signal = AbortSignal.abort(new Error("nobody wants it any more"));
  let begun = false;
  const run = () => {
    begun = true;
    return Promise.resolve("refused" as const);
  };
  const plan = { summary: "Go back", confirm: "click" } as const;
  const planned = planInOneRun(
    { by: "ada", run: "1", signal, emit: () => {} },
    { run, result: "undone", plan },
  );
  await assert.rejects(planned, /nobody wants it/);
  assert.equal(begun, false);
});
