/** `diff --save` and `reconcile --plan`: exactly what was approved is applied, or nothing. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { Cluster } from "../../lib/cluster/mod.ts";
import {
  actionsOf,
  CONFIG_MAPS,
  configMap,
  deployment,
  DEPLOYMENTS,
  documents,
  errorOf,
  NAMESPACE,
  planOf,
  workspace,
} from "../plumb.ts";
import { isWrite, startRecorder } from "../recorder.ts";

Deno.test("an approved plan is applied, and what has moved since is not", async (test) => {
  await using space = await workspace();
  const folder = await Deno.makeTempDir({ prefix: "plumb-plan-" });
  const file = join(folder, "plan.json");
  using cluster = await Cluster.connect({ kubeconfig: space.kubeconfig, environment: {} });
  const files = (map: string) => ({
    "app.yaml": documents(NAMESPACE, configMap("settings", map), deployment("web")),
  });
  try {
    await test.step("the first one", async () => {
      await space.write(files("one"));
      assert.equal((await space.diff(["--save", file])).code, 2);
      const run = await space.reconcile(["--plan", file]);
      assert.equal(run.code, 0, run.output);
      assert.equal(actionsOf(run).length, 3);
    });
    await test.step("an approved change", async () => {
      await space.write(files("the second"));
      assert.equal((await space.diff(["--save", file])).code, 2);
      assert.doesNotMatch(await Deno.readTextFile(file), /the second/);
      const run = await space.reconcile(["--plan", file]);
      assert.deepEqual(actionsOf(run), ["update ConfigMap/settings"]);
    });
    await test.step("it is applied once", async () => {
      const run = await space.reconcile(["--plan", file]);
      assert.equal(run.code, 1);
      assert.match(errorOf(run).message, /update ConfigMap .*settings is not needed any more/);
    });
    await test.step("the cluster moves: nothing is written", async () => {
      await space.write(files("three"));
      await space.diff(["--save", file]);
      const name = { namespace: space.name, name: "web" };
      await cluster.patch(DEPLOYMENTS, name, { spec: { replicas: 3 } }, "merge", "kubectl-scale");
      await using recorder = await startRecorder(space.kubeconfig);
      const run = await space.reconcile(["--plan", file], { kubeconfig: recorder.kubeconfig });
      assert.equal(run.code, 1);
      assert.match(errorOf(run).message, /update Deployment .*web was not approved/);
      const change = planOf(run).find(({ object }) => object.kind === "Deployment");
      assert.deepEqual(
        change?.fields.map(({ path, live, desired }) => [path, live, desired]),
        [["spec.replicas", 3, 1]],
      );
      const shown = await space.reconcile(["--plan", file, "--output", "text"]);
      assert.match(shown.output, /spec\.replicas\s+- 3[^\n]*\n\s+\+ 1/);
      assert.deepEqual(recorder.requests.filter(isWrite), []);
    });
    await test.step("the same field has another value than was seen: nothing is written", async () => {
      await space.diff(["--save", file]);
      const map = { namespace: space.name, name: "settings" };
      await cluster.patch(CONFIG_MAPS, map, { data: { key: "other" } }, "merge", "kubectl-edit");
      const run = await space.reconcile(["--plan", file]);
      assert.equal(run.code, 1);
      assert.match(errorOf(run).message, /ConfigMap .*settings is another change/);
    });
    await test.step("Git moves: nothing is written", async () => {
      await space.diff(["--save", file]);
      await space.write(files("four"));
      const run = await space.reconcile(["--plan", file]);
      assert.match(errorOf(run).message, /ConfigMap .*settings is another change/);
    });
    await test.step("a file that is no plan", async () => {
      await Deno.writeTextFile(file, "{}");
      assert.match(errorOf(await space.reconcile(["--plan", file])).message, /no plan/);
      const none = await space.reconcile(["--plan", join(folder, "absent")]);
      assert.match(errorOf(none).message, /plan can't be read/);
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("the first plan of what reads a ConfigMap can be approved, too", async () => {
  await using space = await workspace();
  const file = await Deno.makeTempFile({ prefix: "plumb-plan-" });
  const container = "envFrom: [{ configMapRef: { name: settings } }]";
  await space.write({
    "app.yaml": documents(NAMESPACE, configMap("settings"), deployment("web", { container })),
  });
  assert.equal((await space.diff(["--save", file])).code, 2);
  const run = await space.reconcile(["--plan", file]);
  assert.equal(run.code, 0, run.output);
  assert.equal(actionsOf(run).length, 3);
  await Deno.remove(file);
});
