import assert from "node:assert/strict";
import type { Component, LiveMessage, Run } from "../../../../lib/serve/contract.ts";
import { activeRun, applyLive, type Live, NOTHING } from "../../../../lib/serve/page/state/live.ts";

const time = "2026-01-01T00:00:10Z";
const component: Component = {
  name: "shop",
  namespace: "shop",
  revision: {},
  sync: { state: "in-sync", message: "The cluster is as Git says", since: time },
  health: { status: "current", message: "", objects: {} as Component["health"]["objects"] },
  actions: [],
  never: {},
  version: "1",
};
const run: Run = {
  id: "1",
  component: "shop",
  action: "deploy",
  request: { action: "deploy", verify: true, refresh: false, retry: false },
  state: "running",
  by: "ann",
  asked: time,
  last: 1,
};
const after = (...messages: LiveMessage[]): Live =>
  messages.reduce((live, message) => applyLive(live, message, Date.parse(time) - 2_000), NOTHING);

Deno.test("the newest of each component and run is known, and the server's clock", () => {
  const live = after(
    { type: "hello", resumed: false, time },
    { type: "component", component },
    { type: "component", component: { ...component, version: "2" } },
    { type: "run", run },
  );
  assert.equal(live.components.get("shop")?.version, "2");
  assert.equal(live.clock, 2_000);
  assert.equal(activeRun(live, "shop"), run);
  assert.equal(
    activeRun(after({ type: "run", run: { ...run, state: "done" } }), "shop"),
    undefined,
  );
  assert.equal(activeRun(live, "other"), undefined);
});

Deno.test("a stream that goes on keeps what is known; one that begins anew does not", () => {
  const hello = { type: "hello", time } as const;
  const known = { type: "component", component } as const;
  assert.equal(after(known, { ...hello, resumed: true }).components.size, 1);
  assert.equal(after(known, { ...hello, resumed: false }).components.size, 0);
  assert.equal(after(known, { type: "removed", name: "shop" }).components.size, 0);
});

Deno.test("what can't be reached is known until it is reached again", () => {
  const problem = { code: "unreachable", message: "No answer" };
  const lost = after({ type: "reach", cluster: problem });
  assert.deepEqual([lost.cluster, lost.source], [problem, undefined]);
  assert.equal(applyLive(lost, { type: "reach" }, 0).cluster, undefined);
});
