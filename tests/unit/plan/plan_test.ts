import assert from "node:assert/strict";
import { keyOf, type ObjectReference } from "../../../lib/object.ts";
import { classify } from "../../../lib/plan/classify.ts";
import { fingerprintOf } from "../../../lib/plan/fingerprint.ts";
import { deletionWaves, orderObjects } from "../../../lib/plan/order.ts";
import { dropMembers, guardShrinking } from "../../../lib/plan/prune.ts";
import type { LiveMetadata, Member } from "../../../lib/plan/types.ts";

const SET = "applyset-ours-v1";
const reference: ObjectReference = {
  group: "",
  kind: "ConfigMap",
  namespace: "web",
  name: "settings",
};
const provenance = { file: "app.yaml", line: 1 };

function living(more: Partial<LiveMetadata["metadata"]> = {}, target = reference): LiveMetadata {
  return {
    reference: target,
    metadata: {
      name: target.name,
      uid: "u1",
      labels: { "applyset.kubernetes.io/part-of": SET },
      managedFields: [{
        manager: "plumb",
        operation: "Apply",
        time: "2026-01-01T00:00:00Z",
        fieldsV1: { "f:data": { "f:key": {} } },
      }],
      ...more,
    },
  };
}

function member(more: Partial<Member> = {}, target = reference): Member {
  const fingerprint = fingerprintOf(living().metadata, "plumb");
  return {
    reference: target,
    version: "v1",
    provenance,
    uid: "u1",
    hash: "h1",
    ...(fingerprint === undefined ? {} : { fields: fingerprint.fields }),
    ...(fingerprint?.time === undefined ? {} : { time: fingerprint.time }),
    ...more,
  };
}

const ours = living().metadata.managedFields?.[0];
const moved: readonly [
  string,
  Parameters<typeof living>[0],
  Partial<Member>,
  "unchanged" | "inspect",
][] = [
  ["nothing moved", {}, {}, "unchanged"],
  ["Git moved", {}, { hash: "h0" }, "inspect"],
  ["it was only meant to be made", {}, { hash: "" }, "inspect"],
  ["it is another object of that name", { uid: "u2" }, {}, "inspect"],
  ["it is being deleted", { deletionTimestamp: "2026-01-02T00:00:00Z" }, {}, "inspect"],
  ["somebody took a field", { managedFields: [{ ...ours, fieldsV1: {} }] }, {}, "inspect"],
  [
    "somebody changed it under our name",
    { managedFields: [{ ...ours, time: "2026-01-02T00:00:00Z" }] },
    {},
    "inspect",
  ],
  ["our entry is gone", { managedFields: [] }, {}, "inspect"],
  [
    "somebody added fields of their own",
    {
      managedFields: [...ours === undefined ? [] : [ours], {
        manager: "x",
        operation: "Update",
        fieldsV1: { "f:x": {} },
      }],
    },
    {},
    "unchanged",
  ],
];
for (const [what, metadata, record, expected] of moved) {
  Deno.test(`an object is ${expected} when ${what}`, () => {
    const key = keyOf(reference);
    const classes = classify({
      desired: [{ reference, hash: "h1" }],
      members: new Map([[key, member(record)]]),
      live: new Map([[key, living(metadata)]]),
      manager: "plumb",
    });
    assert.deepEqual(
      [classes.unchanged.length, classes.inspect.length],
      expected === "unchanged" ? [1, 0] : [0, 1],
    );
  });
}

Deno.test("an object that does not live is absent, and one without a record is looked at", () => {
  const desired = [{ reference, hash: "h1" }];
  assert.equal(
    classify({ desired, members: new Map(), live: new Map(), manager: "plumb" }).absent.length,
    1,
  );
  assert.equal(
    classify({
      desired,
      members: new Map(),
      live: new Map([[keyOf(reference), living()]]),
      manager: "plumb",
    }).inspect.length,
    1,
  );
});

const migration: ObjectReference = {
  group: "batch",
  kind: "Job",
  namespace: "web",
  name: "migration",
};
const removed: readonly [
  string,
  Partial<Member>,
  Parameters<typeof living>[0],
  "expired" | "absent",
][] = [
  ["it expires", {}, {}, "expired"],
  ["Git moved", { hash: "h0" }, {}, "absent"],
  ["it had failed", { hash: "" }, {}, "absent"],
  ["it does not expire", { expires: false }, {}, "absent"],
  ["another object was made anew, too", {}, { uid: "u2" }, "absent"],
];
for (const [what, record, other, expected] of removed) {
  Deno.test(`a Job that does not live is ${expected} when ${what}`, () => {
    const { expired, absent } = classify({
      desired: [{ reference: migration, hash: "h1" }],
      members: new Map([
        [keyOf(reference), member()],
        [keyOf(migration), member({ uid: "u9", expires: true, ...record }, migration)],
      ]),
      live: new Map([[keyOf(reference), living(other)]]),
      manager: "plumb",
    });
    assert.deepEqual([expired.length, absent.length], expected === "expired" ? [1, 0] : [0, 1]);
  });
}

Deno.test("a Job that is being deleted is expired, when it expires", () => {
  const deletionTimestamp = "2026-01-02T00:00:00Z";
  const classesOf = (record: Partial<Member>) =>
    classify({
      desired: [{ reference: migration, hash: "h1" }],
      members: new Map([[keyOf(migration), member(record, migration)]]),
      live: new Map([[keyOf(migration), living({ deletionTimestamp }, migration)]]),
      manager: "plumb",
    });
  assert.equal(classesOf({ expires: true }).expired.length, 1);
  assert.equal(classesOf({}).inspect.length, 1);
  assert.equal(classesOf({ expires: true, uid: "u9" }).inspect.length, 1);
});

const claim: ObjectReference = {
  group: "",
  kind: "PersistentVolumeClaim",
  namespace: "web",
  name: "data",
};
const namespace: ObjectReference = { group: "", kind: "Namespace", name: "web" };
const fates: readonly [
  string,
  Partial<Member>,
  Parameters<typeof living>[0],
  ObjectReference,
  "deleted" | "forgotten" | RegExp,
][] = [
  ["is ours", {}, {}, reference, "deleted"],
  [
    "was made by a run that died",
    { uid: undefined as unknown as string },
    {},
    reference,
    "deleted",
  ],
  ["is another object of that name", {}, { uid: "u2" }, reference, "forgotten"],
  ["lost our label", {}, { labels: {} }, reference, "forgotten"],
  [
    "belongs to another set",
    {},
    { labels: { "applyset.kubernetes.io/part-of": "other" } },
    reference,
    "forgotten",
  ],
  ["holds data", {}, {}, claim, /holds data/],
  ["was generated", { retain: true }, {}, reference, /generated/],
  ["says so", {}, { annotations: { "plumb.thinkube.io/prune": "disabled" } }, reference, /prune/],
  ["is a namespace with something in it", {}, {}, namespace, /not empty/],
  ["is a shared namespace", {}, {}, { ...namespace, name: "default" }, /shared/],
  ["is an empty namespace", {}, {}, { ...namespace, name: "empty" }, "deleted"],
];
for (const [what, record, metadata, target, fate] of fates) {
  Deno.test(`a dropped object that ${what} is ${typeof fate === "string" ? fate : "kept"}`, () => {
    const dropped = dropMembers([member(record, target)], {
      live: new Map([[keyOf(target), living(metadata, target)], [
        "x",
        living({}, { ...reference, name: "other" }),
      ]]),
      applySet: SET,
      desired: [],
    });
    assert.equal(dropped.delete.length, fate === "deleted" ? 1 : 0);
    if (typeof fate !== "string") assert.match(dropped.kept[0]?.reason ?? "", fate);
    else assert.equal(dropped.kept.length, 0);
  });
}

Deno.test("a component that shrinks to nothing, or by most of what it had, is refused", () => {
  guardShrinking({ members: 9, dropped: 8, desired: 1 });
  guardShrinking({ members: 20, dropped: 10, desired: 10 });
  guardShrinking({ members: 0, dropped: 0, desired: 0 });
  assert.throws(() => guardShrinking({ members: 1, dropped: 1, desired: 0 }), {
    code: "render-shrank",
  });
  assert.throws(() => guardShrinking({ members: 20, dropped: 11, desired: 9 }), {
    code: "render-shrank",
  });
});

function item(
  kind: string,
  name: string,
  options: { group?: string; namespace?: string; dependsOn?: string; spec?: unknown } = {},
) {
  const { group = "", namespace = "web", dependsOn, spec } = options;
  const cluster = kind === "Namespace" || kind === "CustomResourceDefinition";
  return {
    reference: cluster ? { group, kind, name } : { group, kind, namespace, name },
    provenance,
    object: {
      apiVersion: group === "" ? "v1" : `${group}/v1`,
      kind,
      metadata: {
        name,
        ...(dependsOn === undefined
          ? {}
          : { annotations: { "config.kubernetes.io/depends-on": dependsOn } }),
      },
      ...(spec === undefined ? {} : { spec }),
    },
  };
}
const names = (waves: readonly (readonly string[])[]) =>
  waves.map((wave) => wave.map((key) => key.split("/").at(-1)));

Deno.test("kinds come in their turn, whatever the order of the files", () => {
  const order = orderObjects([
    item("Ingress", "ingress", { group: "networking.k8s.io" }),
    item("Deployment", "web", { group: "apps" }),
    item("ConfigMap", "settings"),
    item("Namespace", "web"),
  ]);
  assert.deepEqual(names(order.waves), [["web"], ["settings"], ["web"], ["ingress"]]);
});

Deno.test("a dependency raises its dependants, and theirs", () => {
  const order = orderObjects([
    item("ConfigMap", "last", { dependsOn: "apps/namespaces/web/Deployment/web" }),
    item("Deployment", "web", { group: "apps", dependsOn: "batch/namespaces/web/Job/migrate" }),
    item("Job", "migrate", { group: "batch" }),
  ]);
  assert.deepEqual(names(order.waves), [["migrate"], ["web"], ["last"]]);
  assert.deepEqual(order.dependencies.get("/ConfigMap/web/last"), ["apps/Deployment/web/web"]);
});

Deno.test("instances come after their definition and after the workloads that serve them", () => {
  const definition = item("CustomResourceDefinition", "widgets.example.com", {
    group: "apiextensions.k8s.io",
    spec: { group: "example.com", names: { kind: "Widget", plural: "widgets" } },
  });
  const order = orderObjects([
    item("Widget", "w", { group: "example.com" }),
    item("Gadget", "g", { group: "other.com" }),
    item("Deployment", "operator", { group: "apps" }),
    definition,
  ]);
  assert.deepEqual(names(order.waves), [["widgets.example.com"], ["g"], ["operator"], ["w"]]);
});

Deno.test("circles, nonsense and the unknown are told apart", () => {
  const circle = [
    item("ConfigMap", "a", { dependsOn: "/namespaces/web/ConfigMap/b" }),
    item("ConfigMap", "b", { dependsOn: "/namespaces/web/ConfigMap/a" }),
  ];
  assert.throws(() => orderObjects(circle), {
    code: "dependency-cycle",
    message: /a → ConfigMap web\/b → ConfigMap web\/a/,
  });
  assert.throws(() => orderObjects([item("ConfigMap", "a", { dependsOn: "just-a-name" })]), {
    code: "dependency-malformed",
  });
  const { external } = orderObjects([
    item("ConfigMap", "a", { dependsOn: "example.com/Widget/w, /namespaces/other/Secret/s" }),
  ]);
  assert.deepEqual(external.map(({ reference }) => reference), [
    { group: "example.com", kind: "Widget", name: "w" },
    { group: "", kind: "Secret", namespace: "other", name: "s" },
  ]);
});

Deno.test("deletions go the other way round", () => {
  const waves = deletionWaves([
    item("Namespace", "web"),
    item("ConfigMap", "settings"),
    item("Deployment", "web", { group: "apps" }),
    item("Ingress", "ingress", { group: "networking.k8s.io" }),
  ]);
  assert.deepEqual(waves.map((wave) => wave.map(({ reference }) => reference.kind)), [
    ["Ingress"],
    ["Deployment"],
    ["ConfigMap"],
    ["Namespace"],
  ]);
});

Deno.test("what was applied after something goes before it, whatever its kind", () => {
  const waves = deletionWaves([
    { ...item("Deployment", "web", { group: "apps" }), wave: 2 },
    { ...item("ConfigMap", "announcement"), wave: 3 },
    { ...item("Namespace", "web"), wave: 0 },
  ]);
  assert.deepEqual(waves.map((wave) => wave.map(({ reference }) => reference.kind)), [
    ["ConfigMap"],
    ["Deployment"],
    ["Namespace"],
  ]);
});
