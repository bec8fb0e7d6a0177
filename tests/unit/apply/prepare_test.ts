import assert from "node:assert/strict";
import { prepare, type PrepareOptions } from "../../../lib/apply/prepare.ts";
import { type Cluster, Discovery } from "../../../lib/cluster/mod.ts";
import { isMap, valueAt } from "../../../lib/field_path.ts";
import type { KubernetesObject } from "../../../lib/object.ts";
import type { DesiredObject } from "../../../lib/render/mod.ts";

const core = (kind: string, plural: string, namespaced = true) => ({
  group: "",
  version: "v1",
  kind,
  plural,
  namespaced,
});
const options: PrepareOptions = {
  component: "web",
  namespace: "web",
  salt: "salt",
  rules: [],
  discovery: new Discovery([
    core("ConfigMap", "configmaps"),
    core("Secret", "secrets"),
    core("Namespace", "namespaces", false),
    { ...core("Deployment", "deployments"), group: "apps" },
    { ...core("Job", "jobs"), group: "batch" },
  ]),
  secrets: { readSecret: () => Promise.resolve(undefined) },
  // None of the objects here lives outside of it.
  cluster: {} as Cluster,
};
const desired = (object: KubernetesObject, line = 1): DesiredObject => ({
  object,
  provenance: { file: "app.yaml", line },
  lineOf: () => undefined,
});
const map = (name: string, more: Partial<KubernetesObject> = {}) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name },
  data: { key: "one" },
  ...more,
});
const preparedObject = async (object: KubernetesObject) =>
  (await prepare([desired(object)], options))[0]?.object;

Deno.test("an object without a namespace gets the component's, a cluster-scoped one none", async () => {
  assert.equal((await preparedObject(map("a")))?.metadata.namespace, "web");
  assert.equal(
    (await preparedObject({ ...map("a"), metadata: { name: "a", namespace: "other" } }))?.metadata
      .namespace,
    "other",
  );
  assert.equal(
    (await preparedObject({
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: "x", namespace: "web" },
    }))?.metadata.namespace,
    undefined,
  );
});

Deno.test("every object is marked as a member, beside the labels it has", async () => {
  const labels =
    (await preparedObject({ ...map("a"), metadata: { name: "a", labels: { app: "a" } } }))?.metadata
      .labels;
  assert.deepEqual(Object.keys(labels ?? {}).sort(), ["app", "applyset.kubernetes.io/part-of"]);
});

Deno.test("stringData becomes data", async () => {
  const secret = await preparedObject({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "s" },
    data: { a: "YQ==" },
    stringData: { b: "b" },
  });
  assert.deepEqual([secret?.["data"], secret?.["stringData"]], [
    { a: "YQ==", b: "Yg==" },
    undefined,
  ]);
});

Deno.test("a kind that nobody knows is refused where it stands; one in another version says so", async () => {
  await assert.rejects(
    prepare(
      [desired({ apiVersion: "x.com/v1", kind: "Widget", metadata: { name: "w" } }, 7)],
      options,
    ),
    { code: "unknown-kind", place: { file: "app.yaml", line: 7, object: "Widget w" } },
  );
  await assert.rejects(
    prepare(
      [desired({ apiVersion: "apps/v1beta1", kind: "Deployment", metadata: { name: "w" } })],
      options,
    ),
    { code: "unknown-kind", hint: /another version/ },
  );
});

Deno.test("what a declaration becomes must not be written out as well", async () => {
  const generated = {
    apiVersion: "plumb.thinkube.io/v1alpha1",
    kind: "GeneratedSecret",
    metadata: { name: "keys" },
    spec: { generate: { A: {} } },
  };
  const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "keys" } };
  await assert.rejects(prepare([desired(secret, 1), desired(generated, 5)], options), {
    code: "duplicate",
    place: { file: "app.yaml", line: 5 },
  });
});

Deno.test("only pods that use a configuration roll with it, and a Job never does", async () => {
  const workload = (apiVersion: string, kind: string, name: string) => ({
    apiVersion,
    kind,
    metadata: { name: kind.toLowerCase() },
    spec: {
      template: {
        spec: {
          volumes: [{ name: "v", projected: { sources: [{ secret: { name } }] } }],
          containers: [{
            name: "c",
            env: [{ name: "E", valueFrom: { configMapKeyRef: { name, key: "key" } } }],
          }],
        },
      },
    },
  });
  const hashOfTemplate = async (value: string, used: string, kind = "Deployment") => {
    const objects = [
      map("used", { data: { key: value } }),
      workload(kind === "Job" ? "batch/v1" : "apps/v1", kind, used),
    ];
    const [, prepared] = await prepare(objects.map((object) => desired(object)), options);
    const annotations = valueAt(
      prepared?.object,
      ["spec", "template", "metadata", "annotations"].map((field) => ({ field })),
    );
    return isMap(annotations) ? annotations["plumb.thinkube.io/config-hash"] : undefined;
  };
  assert.notEqual(await hashOfTemplate("one", "used"), undefined);
  assert.notEqual(await hashOfTemplate("one", "used"), await hashOfTemplate("two", "used"));
  assert.equal(await hashOfTemplate("one", "unused"), undefined);
  assert.equal(await hashOfTemplate("one", "used", "Job"), undefined);
});
