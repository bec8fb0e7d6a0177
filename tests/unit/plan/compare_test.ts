import assert from "node:assert/strict";
import { formatPath } from "../../../lib/field_path.ts";
import type { KubernetesObject, ManagedFieldsEntry } from "../../../lib/object.ts";
import { compareObjects, isEqual, withoutField } from "../../../lib/plan/compare.ts";
import { maskObject } from "../../../lib/plan/mask.ts";

const entry = (
  manager: string,
  fieldsV1: Record<string, unknown>,
  more: Partial<ManagedFieldsEntry> = {},
): ManagedFieldsEntry => ({
  manager,
  operation: manager === "plumb" ? "Apply" : "Update",
  time: "2026-01-01T00:00:00Z",
  fieldsV1,
  ...more,
});

function object(
  fields: Record<string, unknown>,
  managedFields: ManagedFieldsEntry[],
  kind = "Deployment",
): KubernetesObject {
  return { apiVersion: "v1", kind, metadata: { name: "x", managedFields }, ...fields };
}

/** Differences as `difference path live → desired (owner)`. */
function differences(
  live: KubernetesObject,
  predicted: KubernetesObject,
  desired: KubernetesObject = predicted,
): string[] {
  return compareObjects({ desired, live, predicted, manager: "plumb" }).map((
    { path, difference, live, desired, owner },
  ) =>
    `${difference} ${formatPath(path)} ${JSON.stringify(live)} → ${JSON.stringify(desired)} (${
      owner?.manager ?? "nobody"
    })`
  );
}

const replicas = { "f:spec": { "f:replicas": {} } };

Deno.test("a changed value shows with who holds it", () => {
  const live = object({ spec: { replicas: 5 } }, [
    entry("plumb", {}),
    entry("kubectl-scale", replicas),
  ]);
  const predicted = object({ spec: { replicas: 1 } }, [entry("plumb", replicas)]);
  assert.deepEqual(differences(live, predicted), ["changed spec.replicas 5 → 1 (kubectl-scale)"]);
});

Deno.test("values that others add are no difference", () => {
  const live = object({ spec: { replicas: 1, injected: true } }, [
    entry("plumb", replicas),
    entry("webhook", { "f:spec": { "f:injected": {} } }),
  ]);
  const predicted = object({ spec: { replicas: 1, injected: true, defaulted: 3 } }, [
    entry("plumb", replicas),
  ]);
  assert.deepEqual(differences(live, predicted), []);
});

Deno.test("a field that Git dropped is removed; one that was removed by hand is added", () => {
  const both = { "f:spec": { "f:replicas": {}, "f:paused": {} } };
  assert.deepEqual(
    differences(
      object({ spec: { replicas: 1, paused: true } }, [entry("plumb", both)]),
      object({ spec: { replicas: 1 } }, [entry("plumb", replicas)]),
    ),
    ["removed spec.paused true → undefined (nobody)"],
  );
  assert.deepEqual(
    differences(
      object({ spec: { replicas: 1 } }, [entry("plumb", replicas)]),
      object({ spec: { replicas: 1, paused: true } }, [entry("plumb", both)]),
    ),
    ["added spec.paused undefined → true (nobody)"],
  );
});

Deno.test("list items are told apart by their keys, and a whole new item is one difference", () => {
  const containers = (...names: string[]) => ({
    "f:spec": {
      "f:containers": Object.fromEntries(
        names.map((name) => [`k:{"name":"${name}"}`, { ".": {}, "f:name": {}, "f:image": {} }]),
      ),
    },
  });
  const live = object({
    spec: {
      containers: [{ name: "sidecar", image: "s" }, { name: "app", image: "old", extra: 1 }],
    },
  }, [entry("plumb", containers("app"))]);
  const predicted = object(
    {
      spec: {
        containers: [{ name: "sidecar", image: "s" }, { name: "app", image: "new", extra: 1 }, {
          name: "log",
          image: "l",
          defaulted: true,
        }],
      },
    },
    [entry("plumb", containers("app", "log"))],
  );
  assert.deepEqual(differences(live, predicted), [
    'changed spec.containers[name=app].image "old" → "new" (nobody)',
    'added spec.containers[name=log] undefined → {"name":"log","image":"l"} (nobody)',
  ]);
});

Deno.test("a list that is held as a whole differs as a whole", () => {
  const args = { "f:spec": { "f:args": {} } };
  const live = object({ spec: { args: ["a", "b"] } }, [entry("plumb", args)]);
  const predicted = object({ spec: { args: ["a", "c"] } }, [entry("plumb", args)]);
  assert.deepEqual(differences(live, predicted), [
    'changed spec.args ["a","b"] → ["a","c"] (nobody)',
  ]);
});

Deno.test("a right value that only somebody else holds is a difference of ownership", () => {
  const live = object({ spec: { replicas: 1 } }, [
    entry("plumb", {}),
    entry("kubectl-edit", replicas),
  ]);
  const predicted = object({ spec: { replicas: 1 } }, [entry("plumb", replicas)]);
  assert.deepEqual(differences(live, predicted), ["ownership spec.replicas 1 → 1 (kubectl-edit)"]);
});

Deno.test("an empty map that a controller filled is no difference", () => {
  const empty = { "f:metadata": { "f:annotations": {} } };
  const annotations = { revision: "1" };
  const live = object({}, [
    entry("plumb", {}),
    entry("controller", { "f:metadata": { "f:annotations": { ".": {}, "f:revision": {} } } }),
  ]);
  live.metadata.annotations = annotations;
  const predicted = object({}, [entry("plumb", empty)]);
  predicted.metadata.annotations = annotations;
  const desired = object({}, []);
  desired.metadata.annotations = {};
  assert.deepEqual(differences(live, predicted, desired), []);
});

Deno.test("of several holders the closest and latest is named", () => {
  const live = object({ spec: { replicas: 5 } }, [
    entry("early", replicas, { time: "2026-01-01T00:00:00Z" }),
    entry("late", replicas, { time: "2026-01-02T00:00:00Z" }),
    entry("whole", { "f:spec": {} }, { time: "2026-01-03T00:00:00Z" }),
  ]);
  assert.match(
    differences(live, object({ spec: { replicas: 1 } }, [entry("plumb", replicas)]))[0] ?? "",
    /\(late\)$/,
  );
});

Deno.test("secret values never show, but that they changed does", () => {
  const data = { "f:data": { "f:password": {} } };
  const live = object({ data: { password: "b2xk" } }, [entry("plumb", data)], "Secret");
  const predicted = object({ data: { password: "bmV3" } }, [entry("plumb", data)], "Secret");
  assert.deepEqual(differences(live, predicted), [
    'changed data.password "(secret)" → "(secret)" (nobody)',
  ]);
  const absent = object({}, [entry("plumb", {})], "Secret");
  assert.deepEqual(differences(absent, predicted), [
    'added data undefined → {"password":"(secret)"} (nobody)',
  ]);
  const annotated = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name: "x",
      annotations: { "kubectl.kubernetes.io/last-applied-configuration": "{}", other: "shown" },
    },
  };
  assert.deepEqual(maskObject(annotated).metadata.annotations, {
    "kubectl.kubernetes.io/last-applied-configuration": "(secret)",
    other: "shown",
  });
});

Deno.test("equality knows no order of keys, but that of lists", () => {
  assert.ok(isEqual({ a: [1, { b: null }], c: "x" }, { c: "x", a: [1, { b: null }] }));
  assert.ok(!isEqual([1, 2], [2, 1]));
  assert.ok(!isEqual({ a: undefined }, {}));
});

Deno.test("a field is taken out of a list item without touching the others", () => {
  const pod = { containers: [{ name: "a", image: "x" }, { name: "b", image: "y" }] };
  const path = [{ field: "containers" }, { key: { name: "b" } }, { field: "image" }];
  assert.deepEqual(withoutField(pod, path), {
    containers: [{ name: "a", image: "x" }, { name: "b" }],
  });
  assert.deepEqual(pod.containers[1], { name: "b", image: "y" });
  assert.deepEqual(withoutField(pod, path.slice(0, 2)), {
    containers: [{ name: "a", image: "x" }],
  });
});
