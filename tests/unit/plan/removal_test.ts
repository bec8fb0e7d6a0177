import assert from "node:assert/strict";
import { APPLYSET, RESTORE_MANAGER } from "../../../lib/names.ts";
import { keyOf, type ObjectMeta, type ObjectReference } from "../../../lib/object.ts";
import { foreignIn } from "../../../lib/plan/foreign.ts";
import { planRemoval } from "../../../lib/plan/removal.ts";
import type { LiveMetadata, Member } from "../../../lib/plan/types.ts";

const SET = "ours";

function object(kind: string, name: string, more: Partial<ObjectMeta> = {}): LiveMetadata {
  const reference: ObjectReference = kind === "Namespace"
    ? { group: "", kind, name }
    : { group: "", kind, namespace: "web", name };
  const labels = { [APPLYSET.partOf]: SET };
  return { reference, metadata: { name, uid: `${kind}-${name}`, labels, ...more } };
}

function memberOf({ reference, metadata }: LiveMetadata, more: Partial<Member> = {}): Member {
  const provenance = { file: "app.yaml", line: 1 };
  const { uid = "" } = metadata;
  return { reference, version: "v1", provenance, uid, hash: "", created: true, ...more };
}

function plan(
  objects: readonly LiveMetadata[],
  members: readonly Member[],
  { keepNamespace = false } = {},
) {
  const { delete: deletions, namespaces, kept } = planRemoval(members, {
    live: new Map(objects.map((item) => [keyOf(item.reference), item])),
    applySet: SET,
    keepNamespace,
    isSharedOutside: ({ handle }) => handle?.["kind"] === "line",
  });
  return {
    goes: deletions.map(({ reference }) => reference.kind),
    namespaces: namespaces.map(({ reference }) => reference.name),
    kept: Object.fromEntries(kept.map(({ reference, reason }) => [reference.kind, reason])),
  };
}

const namespace = object("Namespace", "web");
const web = object("Deployment", "web");
const claim = object("PersistentVolumeClaim", "data");
const keys = object("Secret", "keys");

Deno.test("a namespace takes its claims and generated secrets along, and goes last", () => {
  const objects = [namespace, web, claim, keys];
  const members = [
    memberOf(namespace),
    memberOf(web),
    memberOf(claim),
    memberOf(keys, { retain: true }),
  ];
  assert.deepEqual(plan(objects, members), {
    goes: ["Deployment"],
    namespaces: ["web"],
    kept: {},
  });
  const staying = plan(objects, members, { keepNamespace: true });
  assert.deepEqual([staying.goes, staying.namespaces], [["Deployment"], []]);
  assert.deepEqual(Object.keys(staying.kept).sort(), [
    "Namespace",
    "PersistentVolumeClaim",
    "Secret",
  ]);
});

Deno.test("what a rollback leaves, and why", () => {
  const cases: [why: RegExp, item: LiveMetadata, member?: Partial<Member>][] = [
    [/there before/, namespace, { created: false }],
    [/shared/, object("Namespace", "plumb-system")],
    [/shared/, object("Namespace", "default")],
    [/somebody else/, web, { uid: "another" }],
    [/somebody else/, object("Deployment", "bare", { labels: {} })],
    [
      /annotation/,
      object("ConfigMap", "stays", { annotations: { "plumb.thinkube.io/prune": "disabled" } }),
    ],
    [/holds data/, object("PersistentVolume", "disk")],
    [/holds data/, claim],
  ];
  for (const [why, item, more] of cases) {
    const { goes, namespaces, kept } = plan([item], [memberOf(item, more)]);
    assert.deepEqual([goes, namespaces], [[], []]);
    assert.match(kept[item.reference.kind] ?? "", why);
  }
});

Deno.test("what is gone already is not told; a line that was there before stays in its file", () => {
  assert.deepEqual(plan([], [memberOf(web)]), { goes: [], namespaces: [], kept: {} });
  const file = object("PodFile", "line");
  const handle = { kind: "line" };
  assert.deepEqual(plan([], [memberOf(file, { handle })]).goes, ["PodFile"]);
  const { goes, kept } = plan([], [memberOf(file, { handle, created: false })]);
  assert.deepEqual([goes, kept], [[], { PodFile: "it was there before the component" }]);
  assert.deepEqual(
    plan([], [memberOf(file, { handle: { kind: "content" }, created: false })]).goes,
    ["PodFile"],
  );
});

Deno.test("what is derived from the component or made by controllers is nobody else's", () => {
  const owned = (kind: string, name: string, ...uids: string[]) =>
    object(kind, name, {
      ownerReferences: uids.map((uid) => ({
        apiVersion: "apps/v1",
        kind: uid.startsWith("Node") ? "Node" : "ReplicaSet",
        name: uid,
        uid,
      })),
    });
  const by = (kind: string, name: string, ...managers: string[]) =>
    object(kind, name, { managedFields: managers.map((manager) => ({ manager })) });
  const contents = [
    web,
    owned("ReplicaSet", "web-1", "Deployment-web"),
    owned("Pod", "web-1-a", "ReplicaSet-web-1"),
    owned("Pod", "orphan", "ReplicaSet-gone"),
    by("Endpoints", "web", "kube-controller-manager"),
    by("PersistentVolumeClaim", "disk-0", "kube-controller-manager", RESTORE_MANAGER),
    object("ConfigMap", "kube-root-ca.crt"),
    // From here on it is somebody else's.
    object("Secret", "test-user"),
    owned("Pod", "both", "ReplicaSet-web-1", "Secret-test-user"),
    owned("Pod", "static", "Node-one"),
    owned("Ring", "a", "Ring-b"),
    owned("Ring", "b", "Ring-a"),
    by("ConfigMap", "edited", "kube-controller-manager", "kubectl-edit"),
  ];
  const foreign = foreignIn(contents, {
    uids: new Set(["Deployment-web"]),
    isNamespaced: ({ kind }) => kind !== "Node",
  });
  assert.deepEqual(foreign.map(({ name }) => name), [
    "test-user",
    "both",
    "static",
    "a",
    "b",
    "edited",
  ]);
});
