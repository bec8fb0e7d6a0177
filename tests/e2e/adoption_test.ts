/** What the plan of an adoption says is what the adoption does. */
import assert from "node:assert/strict";
import { load } from "js-yaml";
import type { KubernetesObject } from "../../lib/object.ts";
import { takeOver } from "../../lib/apply/take_over.ts";
import {
  actionsOf,
  CONFIG_MAPS,
  deployment,
  DEPLOYMENTS,
  documents,
  NAMESPACE,
  planOf,
  type Run,
  SERVICES,
  type Workspace,
  workspace,
} from "../plumb.ts";

/** Creates an object as `kubectl create` would. */
async function createByHand(space: Workspace, collection: string, manifest: string) {
  await space.cluster.raw({
    method: "POST",
    path: `${collection.replace("NAMESPACE", space.name)}?fieldManager=kubectl-create`,
    body: load(manifest),
  });
}

/** Values that the only change of a plan changes, without our own marks. */
function differencesOf(run: Run): string[] {
  return (planOf(run)[0]?.fields ?? [])
    .filter(({ path, difference }) => difference !== "ownership" && !path.includes("applyset"))
    .map(({ difference, path }) => `${difference} ${path}`).sort();
}

async function namespaced(): Promise<Workspace> {
  const space = await workspace();
  await space.write({ "app.yaml": NAMESPACE });
  assert.equal((await space.reconcile()).code, 0);
  return space;
}

Deno.test("the plan of an adoption lists what will really go, and nothing that is set again", async () => {
  await using space = await namespaced();
  const byHand = deployment("web", { container: "env: [{ name: OLD, value: left }]" })
    .replace("name: web", "name: web\n  labels: { by-hand: left, app: web }")
    .replace("replicas: 1", "replicas: 1\n  minReadySeconds: 1");
  await createByHand(space, "/apis/apps/v1/namespaces/NAMESPACE/deployments", byHand);
  const wanted = deployment("web").replace("name: web", "name: web\n  labels: { app: web }");
  await space.write({ "app.yaml": documents(NAMESPACE, wanted) });

  const diff = await space.diff();
  assert.deepEqual(actionsOf(diff), ["adopt Deployment/web"]);
  assert.deepEqual(differencesOf(diff), [
    "removed metadata.labels.by-hand",
    "removed spec.minReadySeconds",
    "removed spec.template.spec.containers[name=app].env[name=OLD].name",
    "removed spec.template.spec.containers[name=app].env[name=OLD].value",
  ]);

  const before = await space.get(DEPLOYMENTS, "web");
  const run = await space.reconcile();
  assert.equal(run.code, 0, run.output);
  const after = await space.get(DEPLOYMENTS, "web");
  // What the plan did not list is as it was.
  const expected = structuredClone(before?.["spec"]) as { minReadySeconds?: number };
  delete expected.minReadySeconds;
  assert.deepEqual(
    after?.["spec"],
    JSON.parse(
      JSON.stringify(expected).replace('"env":[{"name":"OLD","value":"left"}],', ""),
    ),
  );
  assert.equal(after?.metadata.labels?.["by-hand"], undefined);
  assert.deepEqual(planOf(await space.reconcile()), []);
});

Deno.test("where it can't be told what is set again, an adoption lists all that it takes out", async () => {
  await using space = await namespaced();
  const service = (more: string) =>
    `apiVersion: v1\nkind: Service\nmetadata: { name: web${more} }\nspec: { type: NodePort, ports: [{ port: 80 }] }\n`;
  await createByHand(
    space,
    "/api/v1/namespaces/NAMESPACE/services",
    service(", labels: { by-hand: left }"),
  );
  const { nodePort } = ((await space.get(SERVICES, "web")) as KubernetesObject & {
    spec: { ports: [{ nodePort: number }] };
  }).spec.ports[0];
  // No second Service can have the port that Git asks for.
  await space.write({
    "app.yaml": documents(
      NAMESPACE,
      service("").replace("port: 80", `port: 80, nodePort: ${nodePort}`),
    ),
  });
  const differences = differencesOf(await space.diff());
  assert.ok(differences.includes("removed metadata.labels.by-hand"), String(differences));
  assert.equal((await space.reconcile()).code, 0);
  assert.deepEqual(planOf(await space.reconcile()), []);
});

Deno.test("an adoption goes through though controllers write the object meanwhile", async () => {
  await using space = await namespaced();
  await createByHand(
    space,
    "/api/v1/namespaces/NAMESPACE/configmaps",
    "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: busy }\ndata: { old: left, kept: one }\n",
  );
  const name = { namespace: space.name, name: "busy" };
  const stale = await space.get(CONFIG_MAPS, "busy");
  assert.ok(stale);
  // Two more managers: the entries that were read are elsewhere now.
  for (const manager of ["a-controller", "b-controller"]) {
    await space.cluster.patch(
      CONFIG_MAPS,
      name,
      { metadata: { annotations: { [manager]: "x" } } },
      "merge",
      manager,
    );
  }
  const reference = { group: "", kind: "ConfigMap", ...name };
  await takeOver(space.cluster, { resource: CONFIG_MAPS, reference }, stale, "unowned");
  const managers = (await space.get(CONFIG_MAPS, "busy"))?.metadata.managedFields?.map((entry) =>
    entry.manager
  );
  assert.ok(!managers?.includes("kubectl-create"), String(managers));
});
