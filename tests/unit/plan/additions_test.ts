import assert from "node:assert/strict";
import { formatPath } from "../../../lib/field_path.ts";
import type { KubernetesObject } from "../../../lib/object.ts";
import { addedFields, type FieldRule, mayHaveAdditions } from "../../../lib/plan/mod.ts";

const desired: KubernetesObject = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web" },
  spec: { containers: [{ name: "web", image: "nginx" }] },
};

/** With what a manager added: an item of a list, a map, and an annotation beside a controller's. */
function live(manager: string): KubernetesObject {
  const env = { ".": {}, 'k:{"name":"FOO"}': { ".": {}, "f:name": {}, "f:value": {} } };
  const container = { "f:env": env, "f:resources": { "f:limits": { ".": {}, "f:cpu": {} } } };
  const theirs = {
    "f:metadata": {
      "f:annotations": { ".": {}, "f:note": {}, "f:kubectl.kubernetes.io/restartedAt": {} },
    },
    "f:spec": { "f:containers": { 'k:{"name":"web"}': container } },
  };
  const revision = { "f:metadata": { "f:annotations": { "f:revision": {} } } };
  return {
    ...desired,
    metadata: {
      name: "web",
      annotations: { note: "n", revision: "4", "kubectl.kubernetes.io/restartedAt": "today" },
      managedFields: [
        { manager, operation: "Update", time: "2026-01-01T00:00:00Z", fieldsV1: theirs },
        { manager: "kube-controller-manager", operation: "Update", fieldsV1: revision },
        { manager: "kubectl-edit", operation: "Update", subresource: "status", fieldsV1: theirs },
      ],
    },
    spec: {
      containers: [{
        name: "web",
        image: "nginx",
        env: [{ name: "FOO", value: "bar" }],
        resources: { limits: { cpu: "1" }, requests: { cpu: "1" } },
      }],
    },
  };
}

const added = (manager: string, rules: FieldRule[] = []) =>
  addedFields(desired, live(manager), { rules, manager: "plumb" }).map((
    { path, live },
  ) => [formatPath(path), live]);

const ALL = [
  ["metadata.annotations", { note: "n" }],
  ["spec.containers[name=web].env", [{ name: "FOO", value: "bar" }]],
  ["spec.containers[name=web].resources", { limits: { cpu: "1" } }],
];

Deno.test("what people add is found, and nothing that others hold beside it", () => {
  assert.deepEqual(added("kubectl-edit"), ALL);
  assert.deepEqual(added("some-webhook"), []);
});

Deno.test("rules decide about it, too", () => {
  assert.deepEqual(added("some-webhook", [{ managers: ["some-*"], action: "propose" }]), ALL);
  for (const action of ["ignore", "revert", "stop"] as const) {
    assert.deepEqual(added("kubectl-edit", [{ paths: ["spec"], action }]), ALL.slice(0, 1));
  }
});

Deno.test("metadata alone tells of which objects more must be read", () => {
  const may = (manager: string, rules: FieldRule[] = []) =>
    mayHaveAdditions(live(manager).metadata, { rules, manager: "plumb" });
  assert.equal(may("kubectl-patch"), true);
  assert.equal(may("some-webhook"), false);
  assert.equal(may("some-webhook", [{ paths: ["spec"], action: "propose" }]), true);
});
