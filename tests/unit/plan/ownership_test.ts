import assert from "node:assert/strict";
import type { KubernetesObject, ObjectMeta } from "../../../lib/object.ts";
import { adoptionPatch, leftoverDifferences, previousOwner } from "../../../lib/plan/ownership.ts";
import { applyRules, applyRulesToRemoved, type FieldRule } from "../../../lib/plan/rules.ts";

const OURS = "applyset-ours-v1";
const claims: readonly [string, Partial<ObjectMeta>, RegExp | undefined][] = [
  ["nobody", {}, undefined],
  ["ourselves", { labels: { "applyset.kubernetes.io/part-of": OURS } }, undefined],
  [
    "another ApplySet",
    { labels: { "applyset.kubernetes.io/part-of": "applyset-other-v1" } },
    /ApplySet/,
  ],
  ["Helm", { annotations: { "meta.helm.sh/release-name": "web" } }, /Helm release web/],
  ["Flux", { labels: { "kustomize.toolkit.fluxcd.io/name": "apps" } }, /Flux Kustomization apps/],
  [
    "Argo CD by annotation",
    { annotations: { "argocd.argoproj.io/tracking-id": "web:/x" } },
    /Argo CD/,
  ],
  ["Argo CD by label", { labels: { "argocd.argoproj.io/instance": "web" } }, /Argo CD/],
  ["kapp", { labels: { "kapp.k14s.io/app": "1" } }, /kapp/],
  ["a controller", {
    ownerReferences: [{
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      name: "web-1",
      uid: "u",
      controller: true,
    }],
  }, /ReplicaSet web-1/],
  ["an owner that is no controller", {
    ownerReferences: [{ apiVersion: "v1", kind: "ConfigMap", name: "x", uid: "u" }],
  }, undefined],
];
for (const [who, metadata, expected] of claims) {
  Deno.test(`an object of ${who} is ${expected === undefined ? "free" : "claimed"}`, () => {
    const owner = previousOwner({ name: "x", ...metadata }, OURS);
    if (expected === undefined) assert.equal(owner, undefined);
    else assert.match(owner ?? "", expected);
  });
}

/** As the API server 1.34 shows a ConfigMap after `kubectl apply` and `kubectl label`. */
function applied(manager = "kubectl-client-side-apply"): KubernetesObject {
  const annotation = "kubectl.kubernetes.io/last-applied-configuration";
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name: "settings",
      resourceVersion: "7",
      annotations: { [annotation]: "{}" },
      managedFields: [{
        manager,
        operation: "Update",
        apiVersion: "v1",
        time: "2026-01-01T00:00:00Z",
        fieldsType: "FieldsV1",
        fieldsV1: {
          "f:data": { ".": {}, "f:key": {}, "f:left": {} },
          "f:metadata": { "f:annotations": { ".": {}, [`f:${annotation}`]: {} } },
        },
      }, { manager: "operator", operation: "Update", fieldsV1: { "f:data": { "f:foreign": {} } } }],
    },
    data: { key: "old", left: "over", foreign: "kept" },
  };
}

Deno.test("what kubectl owned becomes ours, guarded by the version that was read; what controllers own stays theirs", () => {
  const patch = adoptionPatch(applied(), "unowned", "plumb");
  assert.deepEqual(patch?.map(({ op, path }) => [op, path]), [
    ["test", "/metadata/resourceVersion"],
    ["replace", "/metadata/managedFields"],
    ["remove", "/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration"],
  ]);
  assert.equal(patch?.[0]?.value, "7");
  const entries = patch?.[1]?.value as {
    manager: string;
    operation: string;
    fieldsV1: Record<string, unknown>;
  }[];
  assert.deepEqual(entries.map(({ manager, operation }) => [manager, operation]), [[
    "plumb",
    "Apply",
  ], ["operator", "Update"]]);
  assert.deepEqual(entries[0]?.fieldsV1["f:data"], { ".": {}, "f:key": {}, "f:left": {} });
});

Deno.test("another tool's applies become ours only where all may be adopted", () => {
  const flux = applied("kustomize-controller");
  delete flux.metadata.annotations;
  assert.equal(adoptionPatch(flux, "unowned", "plumb"), undefined);
  assert.ok(adoptionPatch(flux, "all", "plumb"));
});

Deno.test("what an adoption will remove is told before", () => {
  const predicted = {
    ...applied(),
    metadata: {
      name: "settings",
      managedFields: [{
        manager: "plumb",
        operation: "Apply" as const,
        fieldsV1: { "f:data": { "f:key": {} } },
      }],
    },
  };
  const removed = leftoverDifferences(applied(), predicted, {
    policy: "unowned",
    manager: "plumb",
  });
  assert.deepEqual(removed.map(({ path, difference, live }) => [path.at(-1), difference, live]), [[
    { field: "left" },
    "removed",
    "over",
  ]]);
});

const live: KubernetesObject = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: {
    name: "web",
    managedFields: [{
      manager: "hpa-controller",
      operation: "Update",
      fieldsV1: { "f:spec": { "f:replicas": {}, "f:paused": {} } },
    }],
  },
  spec: { replicas: 5, paused: true },
};
const desired = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web" },
  spec: { replicas: 1, paused: true, image: "x" },
};
const ruled = (rules: FieldRule[]) =>
  applyRules(desired, live, { rules, manager: "plumb", proposing: false });

Deno.test("without a rule Git wins", () => {
  assert.equal(ruled([]).object, desired);
});

Deno.test("a path that is ignored is not applied while somebody else holds it", () => {
  assert.deepEqual(ruled([{ paths: ["spec.replicas"], action: "ignore" }]).object["spec"], {
    paused: true,
    image: "x",
  });
  assert.deepEqual(ruled([{ paths: ["spec.rep"], action: "ignore" }]).object["spec"], desired.spec);
});

Deno.test("a manager that is ignored", () => {
  assert.deepEqual(ruled([{ managers: ["hpa-*"], action: "ignore" }]).object["spec"], {
    image: "x",
  });
  assert.deepEqual(ruled([{ managers: ["vpa-*"], action: "ignore" }]).object["spec"], desired.spec);
});

Deno.test("the first rule that fits decides, and only for the objects it names", () => {
  const rules: FieldRule[] = [{ paths: ["spec.replicas"], action: "revert" }, {
    managers: ["*"],
    action: "ignore",
  }];
  assert.deepEqual(ruled(rules).object["spec"], { replicas: 1, image: "x" });
  assert.deepEqual(
    ruled([{ objects: { name: "other" }, managers: ["*"], action: "ignore" }]).object["spec"],
    desired.spec,
  );
});

Deno.test("stop names what differs and who set it, and is silent about what is the same", () => {
  const { stopped } = ruled([{ managers: ["*"], action: "stop" }]);
  assert.deepEqual(
    stopped.map(({ path, live, desired, owner }) => [path.at(-1), live, desired, owner?.manager]),
    [[{ field: "replicas" }, 5, 1, "hpa-controller"]],
  );
});

Deno.test("what a rule proposes stays as it lives, until Git moves it or it is proposed", () => {
  const rules: FieldRule[] = [{ paths: ["spec.replicas"], action: "propose" }];
  const { object, toPropose } = ruled(rules);
  assert.deepEqual(object["spec"], { paused: true, image: "x" });
  assert.deepEqual(toPropose.map(({ live, desired }) => [live, desired]), [[5, 1]]);
  const held = structuredClone(live);
  const ours = { manager: "plumb", operation: "Apply" as const };
  held.metadata.managedFields?.push({ ...ours, fieldsV1: { "f:spec": { "f:replicas": {} } } });
  const options = { rules, manager: "plumb", proposing: false };
  assert.equal(applyRules(desired, held, options).object, desired);
  assert.equal(applyRules(desired, live, { ...options, proposing: true }).object, desired);
});

Deno.test("an item of a list keeps what it is found by", () => {
  const containers = [{ name: "app", image: "one" }];
  const wanted = { ...desired, spec: { containers } };
  const fields = { 'k:{"name":"app"}': { ".": {}, "f:name": {}, "f:image": {} } };
  const entry = { manager: "kubectl", fieldsV1: { "f:spec": { "f:containers": fields } } };
  const metadata = { name: "web", managedFields: [entry] };
  const rules: FieldRule[] = [{ managers: ["kubectl"], action: "ignore" }];
  const options = { rules, manager: "plumb", proposing: false };
  const { object } = applyRules(wanted, { ...wanted, metadata }, options);
  assert.deepEqual(object["spec"], { containers: [{ name: "app" }] });
});

Deno.test("what was removed is in nobody's hands: rules by path alone decide about it", () => {
  const path = [{ field: "spec" }, { field: "image" }];
  const removed = { path, difference: "added" as const, live: undefined, desired: "x" };
  const differences = [{ ...removed, owner: undefined }];
  const ruledOn = (rule: Omit<FieldRule, "paths">, proposing = false) => {
    const rules = [{ paths: ["spec.image"], ...rule }];
    const all = applyRulesToRemoved(desired, differences, { rules, manager: "plumb", proposing });
    return [all.object, all.differences, all.toPropose, all.stopped].map((part) =>
      part === desired ? "whole" : Array.isArray(part) ? part.length : "less"
    );
  };
  assert.deepEqual(ruledOn({ action: "revert" }), ["whole", 1, 0, 0]);
  assert.deepEqual(ruledOn({ action: "ignore" }), ["less", 0, 0, 0]);
  assert.deepEqual(ruledOn({ action: "propose" }), ["less", 0, 1, 0]);
  assert.deepEqual(ruledOn({ action: "propose" }, true), ["whole", 1, 0, 0]);
  assert.deepEqual(ruledOn({ action: "stop" }), ["whole", 0, 0, 1]);
  assert.deepEqual(ruledOn({ action: "ignore", managers: ["*"] }), ["whole", 1, 0, 0]);
});
