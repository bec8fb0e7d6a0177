/** What no undo takes back is said in the plan, and again when the rest was undone. */
import assert from "node:assert/strict";
import type { Resource } from "../../lib/cluster/mod.ts";
import type { KubernetesObject } from "../../lib/object.ts";
import { gitWorkspace } from "../git_workspace.ts";
import {
  actionsOf,
  CLAIMS,
  COMPONENT_YAML,
  CONFIG_MAPS,
  configMap,
  documents,
  job,
  JOBS,
  NAMESPACE,
  plumb,
  type Run,
} from "../plumb.ts";

const CLASSES: Resource = {
  group: "storage.k8s.io",
  version: "v1",
  kind: "StorageClass",
  plural: "storageclasses",
  namespaced: false,
};
const DEFINITIONS: Resource = {
  group: "apiextensions.k8s.io",
  version: "v1",
  kind: "CustomResourceDefinition",
  plural: "customresourcedefinitions",
  namespaced: false,
};

const component = (address: string) =>
  `${COMPONENT_YAML}  verify:
    checks: [{ check: http, url: "${address}", contains: welcome }]
`;
const definition = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: things.NAMESPACE.example.com }
spec:
  group: NAMESPACE.example.com
  names: { kind: Thing, plural: things }
  scope: Namespaced
  versions:
    - { name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object } } }
`;
const thing = "apiVersion: NAMESPACE.example.com/v1\nkind: Thing\nmetadata: { name: old }\n";
const claim = (size: string) =>
  `apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: data }
spec:
  accessModes: [ReadWriteOnce]
  storageClassName: NAMESPACE
  resources: { requests: { storage: ${size} } }
`;

const linesOf = ({ events }: Run) =>
  events.flatMap((event) =>
    event.type === "undo" && event.state === "done" ? event.irreversible : []
  ).sort();
const warningsOf = ({ events }: Run) =>
  events.flatMap((event) =>
    event.type === "warning" && event.message.startsWith("No undo takes this back: ")
      ? [event.message.replace("No undo takes this back: ", "")]
      : []
  ).sort();

Deno.test("a Job that runs, a volume that grows, and a custom resource that goes are told before and after an undo", async () => {
  await using space = await gitWorkspace();
  const { name, cluster, kubeconfig } = space;
  const valueOf = (object: KubernetesObject | undefined) =>
    (object?.["data"] as Record<string, string> | undefined)?.["key"];
  await using site = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async () => new Response(valueOf(await space.get(CONFIG_MAPS, "page")) ?? ""),
  );
  await cluster.create(CLASSES, {
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: { name },
    provisioner: "kubernetes.io/host-path",
    allowVolumeExpansion: true,
  });
  try {
    const files = (...manifests: readonly string[]) => ({
      "component.yaml": component(`http://127.0.0.1:${site.addr.port}`),
      "app.yaml": documents(NAMESPACE, definition, ...manifests),
    });
    await space.commit(files(configMap("page", "welcome"), thing, claim("1Gi")));
    const first = await space.run(["--verify"]);
    assert.equal(first.code, 0, first.output);
    await space.commit(files(configMap("page", "oops"), job("migrate"), claim("2Gi")));
    const diff = await plumb(space.arguments("diff"), { kubeconfig });
    const run = await space.run(["--verify"]);
    assert.equal(run.code, 3, run.output);
    const expected = [
      `Job ${name}/migrate runs: what it does elsewhere, as in a database, stays`,
      `PersistentVolumeClaim ${name}/data grows, and a volume does not shrink`,
      `Thing ${name}/old goes: what its controller removes with it does not come back`,
    ];
    for (const told of [warningsOf(diff), warningsOf(run), linesOf(run)]) {
      assert.deepEqual(told, expected, run.output);
    }
    assert.equal(valueOf(await space.get(CONFIG_MAPS, "page")), "welcome");
    assert.equal(await space.get(JOBS, "migrate"), undefined);
    const things = {
      ...DEFINITIONS,
      group: `${name}.example.com`,
      kind: "Thing",
      plural: "things",
    };
    assert.ok(await space.get({ ...things, namespaced: true }, "old"));
    const spec = JSON.stringify((await space.get(CLAIMS, "data"))?.["spec"]);
    assert.match(spec, /"requests":\{"storage":"2Gi"\}/);
    const held = await space.run(["--verify"]);
    assert.deepEqual([held.code, actionsOf(held)], [2, []], held.output);
  } finally {
    await cluster.delete(CLASSES, { name });
    await cluster.delete(DEFINITIONS, { name: `things.${name}.example.com` });
  }
});
