/** Objects that are there already, made by other tools. */
import assert from "node:assert/strict";
import {
  actionsOf,
  CONFIG_MAPS,
  configMap,
  documents,
  NAMESPACE,
  NAMESPACES,
  planOf,
  workspace,
} from "../plumb.ts";

Deno.test("an object that kubectl applied is adopted, and what Git does not have goes", async () => {
  await using space = await workspace();
  await space.cluster.create(NAMESPACES, {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: space.name },
  });
  const kubectl = async (...args: string[]) => {
    const { success, stderr } = await new Deno.Command("kubectl", {
      args: ["--kubeconfig", space.kubeconfig, "--namespace", space.name, ...args],
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
  };
  await Deno.writeTextFile(
    `${space.folder}/by-hand.yaml`,
    "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings }\ndata: { key: old, left: over }\n",
  );
  await kubectl("apply", "-f", `${space.folder}/by-hand.yaml`);
  await space.write({ "app.yaml": configMap("settings") });
  const diff = await space.diff();
  assert.deepEqual(actionsOf(diff), ["adopt ConfigMap/settings"]);
  assert.deepEqual(
    planOf(diff)[0]?.fields.map(({ path, difference }) => [path, difference])
      .filter(([path]) => path?.startsWith("data")),
    [["data.key", "changed"], ["data.left", "removed"]],
  );
  const run = await space.reconcile();
  assert.equal(run.code, 0, run.output);
  const live = await space.get(CONFIG_MAPS, "settings");
  assert.deepEqual(live?.["data"], { key: "one" });
  assert.equal(
    live?.metadata.annotations?.["kubectl.kubernetes.io/last-applied-configuration"],
    undefined,
  );
  assert.deepEqual(planOf(await space.reconcile()), []);
});

Deno.test("what another tool claims is a conflict, unless all may be adopted", async () => {
  await using space = await workspace();
  await space.write({ "app.yaml": NAMESPACE });
  await space.reconcile();
  await space.cluster.create(CONFIG_MAPS, {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name: "settings",
      namespace: space.name,
      annotations: { "meta.helm.sh/release-name": "web" },
    },
  });
  await space.write({ "app.yaml": documents(NAMESPACE, configMap("settings"), configMap("mine")) });
  const refused = await space.reconcile();
  assert.equal(refused.code, 1);
  assert.match(
    planOf(refused).find(({ action }) => action === "conflict")?.reason ?? "",
    /Helm release web/,
  );
  assert.equal((await space.get(CONFIG_MAPS, "settings"))?.["data"], undefined);
  assert.ok(await space.get(CONFIG_MAPS, "mine"));
  assert.equal((await space.reconcile(["--adopt", "all"])).code, 0);
  assert.deepEqual((await space.get(CONFIG_MAPS, "settings"))?.["data"], { key: "one" });
});

Deno.test("a name that is taken in another namespace is refused", async () => {
  await using space = await workspace();
  await space.write({ "app.yaml": documents(NAMESPACE, configMap("settings")) });
  await space.reconcile();
  const run = await space.reconcile(["--namespace", "default"]);
  assert.equal(run.code, 1);
  assert.match(run.output, /inventory-foreign/);
});
