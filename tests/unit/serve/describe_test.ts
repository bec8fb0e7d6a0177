import assert from "node:assert/strict";
import type { ObjectView } from "../../../lib/apply/mod.ts";
import { describeComponent } from "../../../lib/serve/describe.ts";
import { PlumbError } from "../../../lib/errors.ts";
import { emptyInventory } from "../../../lib/apply/inventory.ts";
import { lookAt } from "./serving.ts";

const known = { acting: undefined, before: undefined, now: new Date("2026-01-01T12:00:00Z") };
const inventory = {
  ...emptyInventory("web", "web"),
  source: { url: "https://git.example.com/platform.git", revision: "4f1c0de" },
};
const resource = {
  group: "",
  version: "v1",
  kind: "ConfigMap",
  plural: "configmaps",
  namespaced: true,
};

function objectNamed(name: string, rest: Partial<ObjectView> = {}): ObjectView {
  return {
    reference: { group: "", kind: "ConfigMap", namespace: "web", name },
    resource,
    provenance: { file: "app.yaml", line: 3 },
    wave: 0,
    dependsOn: [],
    exists: true,
    isSeen: true,
    health: { status: "current", message: "ready" },
    managers: ["plumb"],
    change: undefined,
    drift: undefined,
    desired: undefined,
    ...rest,
  };
}

const changed = (name: string, hasDrifted: boolean) =>
  objectNamed(name, {
    drift: hasDrifted ? "changed" : undefined,
    change: {
      action: "update",
      object: { group: "", kind: "ConfigMap", namespace: "web", name },
      fields: [],
    },
  });

function viewOf(objects: readonly ObjectView[], state = inventory) {
  const counts = {
    create: 0,
    update: 0,
    adopt: 0,
    delete: 0,
    replace: 0,
    conflict: 0,
    unchanged: 0,
  };
  return { objects, counts, waves: 1, inventory: state };
}

Deno.test("what the cluster changed has drifted; what Git changed is behind; the two are told apart", () => {
  const stateOf = (...objects: ObjectView[]) =>
    describeComponent(lookAt("web", { view: viewOf(objects) }), known).component.sync;
  assert.equal(stateOf(objectNamed("a")).state, "in-sync");
  assert.deepEqual([stateOf(changed("a", true)).state, stateOf(changed("a", true)).message], [
    "drifted",
    "1 object drifted",
  ]);
  assert.equal(stateOf(changed("a", false)).state, "behind");
  assert.match(stateOf(changed("a", false), changed("b", true)).message, /1 object drifted/);
  const unfinished = viewOf([objectNamed("a")], { ...inventory, state: "failed" });
  const { sync } = describeComponent(lookAt("web", { view: unfinished }), known).component;
  assert.match(sync.message, /did not finish/);
  const lease = { holder: "ann@laptop/7", since: undefined };
  const going = describeComponent(lookAt("web", { view: unfinished, lease }), known).component;
  assert.deepEqual([going.sync.message, going.sync.hint], [
    "A run is making it as Git says",
    undefined,
  ]);
});

Deno.test("the worst object decides the health", () => {
  const failed = { status: "failed", message: "the image can't be pulled" } as const;
  const view = viewOf([objectNamed("a"), objectNamed("b", { health: failed })]);
  const { health } = describeComponent(lookAt("web", { view }), known).component;
  assert.equal(health.status, "failed");
  assert.equal(health.message, "ConfigMap web/b: the image can't be pulled");
  assert.deepEqual([health.objects.current, health.objects.failed], [1, 1]);
});

Deno.test("what Git wants and nobody has deployed yet is not ill; what is missing is", () => {
  const absent = {
    exists: false,
    health: { status: "unknown", message: "does not exist" },
  } as const;
  const healthOf = (object: ObjectView) =>
    describeComponent(lookAt("web", { view: viewOf([objectNamed("a"), object]) }), known)
      .component.health;
  assert.equal(healthOf(objectNamed("new", absent)).status, "current");
  const missing = healthOf(objectNamed("old", { ...absent, drift: "missing" }));
  assert.deepEqual([missing.status, missing.message], [
    "unknown",
    "ConfigMap web/old: does not exist",
  ]);
});

Deno.test("what the server may not look at makes nobody ill, and is counted", () => {
  const unseen = {
    isSeen: false,
    health: { status: "unknown", message: "can't be read" },
  } as const;
  const view = viewOf([objectNamed("a"), objectNamed("b", unseen)]);
  const { health } = describeComponent(lookAt("web", { view }), known).component;
  assert.deepEqual([health.status, health.message], [
    "current",
    "1 object is well, 1 can't be seen",
  ]);
});

Deno.test("of what can't be compared with Git, the records say what there is, who did it, and what to do", () => {
  const run = {
    id: "1",
    command: "reconcile" as const,
    source: inventory.source,
    identity: "ann@laptop/1/0c0ffee0",
    started: "2026-01-01T10:00:00Z",
    seconds: 12,
    result: "applied" as const,
    message: "The cluster is now as Git says",
    changes: { create: 3 },
    evidence: [],
  };
  const records = {
    declared: undefined,
    view: viewOf([objectNamed("a", { drift: "changed" })]),
    journal: { component: "web", runs: [run] },
  };
  const found = describeComponent(lookAt("web", { ...records, isElsewhere: true }), known)
    .component;
  assert.equal(found.sync.state, "elsewhere");
  assert.match(found.sync.message, /deployed from https:\/\/git.example.com\/platform.git/);
  assert.match(found.sync.hint ?? "", /--source/);
  assert.equal(found.revision.cluster?.revision, "4f1c0de");
  assert.deepEqual([found.lastRun?.outcome, found.lastRun?.by], ["applied", "ann@laptop"]);
  assert.deepEqual(found.next, {
    words: "`plumb diff web`: ConfigMap web/a is changed",
    needed: true,
  });
  assert.deepEqual(found.actions, ["rollback", "suspend"]);
  const error = new PlumbError("missing-parameter", "domain has no value", { hint: "Give it." });
  const unreadable = describeComponent(lookAt("web", { ...records, error }), known).component;
  assert.deepEqual(
    [unreadable.sync.state, unreadable.health.status, unreadable.lastRun?.action],
    ["unknown", "current", "reconcile"],
  );
  assert.deepEqual(unreadable.actions, ["rollback", "suspend"]);
  const gone = describeComponent(lookAt("web", records), known).component;
  assert.equal(gone.sync.state, "gone");
});

Deno.test("what can't be done now is said with its reason, and a suspension that is over is none", () => {
  const suspended = { reason: "moving", by: "ann", since: "2026-01-01T00:00:00Z" };
  const journal = { component: "web", runs: [], suspended };
  const view = viewOf([objectNamed("a")]);
  const now = describeComponent(lookAt("web", { view, journal }), known).component;
  assert.equal(now.suspended?.reason, "moving");
  assert.equal(now.never.suspend, "It is suspended already");
  for (const told of [now.never.deploy, now.never.undo, now.sync.hint]) {
    assert.match(told ?? "", /nothing is written until it is resumed/);
  }
  const over = { ...journal, suspended: { ...suspended, until: "2026-01-01T11:00:00Z" } };
  const later = describeComponent(lookAt("web", { view, journal: over }), known).component;
  assert.equal(later.suspended, undefined);
  for (const action of ["suspend", "deploy", "undo"] as const) {
    assert.ok(later.actions.includes(action), action);
  }
  const error = new PlumbError("unreachable", "The API server can't be reached", { hint: "Wait." });
  const away = describeComponent(lookAt("web", { error, view: undefined }), known).component;
  assert.deepEqual([away.sync.state, away.sync.hint], ["unknown", "Wait."]);
  assert.equal(away.never.deploy, "The API server can't be reached");
});

Deno.test("a version stays as long as nothing moves", () => {
  const look = lookAt("web", { view: viewOf([objectNamed("a")]) });
  const first = describeComponent(look, known).component;
  const before = { ...known, before: first, now: new Date("2026-01-01T13:00:00Z") };
  assert.equal(describeComponent(look, before).component.version, first.version);
  const other = lookAt("web", { view: viewOf([changed("a", true)]) });
  assert.notEqual(describeComponent(other, before).component.version, first.version);
});
