/** What Git drops goes, and nothing else. */
import assert from "node:assert/strict";
import {
  actionsOf,
  CLAIMS,
  CONFIG_MAPS,
  configMap,
  deployment,
  documents,
  NAMESPACE,
  planOf,
  type Run,
  startPlumb,
  workspace,
} from "../plumb.ts";
import { isWrite, startRecorder } from "../recorder.ts";

Deno.test("what Git drops is pruned, but never data", async () => {
  await using space = await workspace();
  const claim = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: { name: data }\n" +
    "spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }\n";
  await space.write({
    "app.yaml": documents(NAMESPACE, configMap("stays"), configMap("goes"), claim),
  });
  await space.reconcile();
  await space.write({ "app.yaml": documents(NAMESPACE, configMap("stays")) });
  const run = await space.reconcile();
  assert.equal(run.code, 0, run.output);
  assert.deepEqual(actionsOf(run), ["delete ConfigMap/goes"]);
  assert.equal(await space.get(CONFIG_MAPS, "goes"), undefined);
  assert.ok(await space.get(CLAIMS, "data"));
  assert.ok(
    run.events.some((event) =>
      event.type === "warning" && /data.*stays.*holds data/.test(event.message)
    ),
  );
});

Deno.test("what announces a workload comes after it and goes before it", async () => {
  await using space = await workspace();
  const announcement = configMap("announcement").replace(
    "name: announcement",
    "name: announcement, annotations: { config.kubernetes.io/depends-on: apps/namespaces/NAMESPACE/Deployment/web }",
  );
  await space.write({
    "app.yaml": documents(NAMESPACE, configMap("stays"), announcement, deployment("web")),
  });
  const order = (run: Run) =>
    run.events.flatMap((event) => event.type === "change" ? [event.object.name] : []);
  assert.deepEqual(order(await space.reconcile()).slice(-2), ["web", "announcement"]);
  await space.write({ "app.yaml": documents(NAMESPACE, configMap("stays")) });
  assert.deepEqual(order(await space.reconcile(["--yes"])), ["announcement", "web"]);
});

Deno.test("an object of the same name that somebody else made is never pruned", async () => {
  await using space = await workspace();
  await space.write({ "app.yaml": documents(NAMESPACE, configMap("stays"), configMap("goes")) });
  await space.reconcile();
  const name = { namespace: space.name, name: "goes" };
  await space.cluster.delete(CONFIG_MAPS, name);
  await space.cluster.create(CONFIG_MAPS, { apiVersion: "v1", kind: "ConfigMap", metadata: name });
  await space.write({ "app.yaml": documents(NAMESPACE, configMap("stays")) });
  assert.equal((await space.reconcile()).code, 0);
  assert.ok(await space.get(CONFIG_MAPS, "goes"));
});

Deno.test("two components in one namespace leave each other's objects alone", async () => {
  await using space = await workspace();
  await using other = await workspace();
  const shared = ["--namespace", space.name];
  await space.write({ "app.yaml": documents(NAMESPACE, configMap("first"), configMap("drops")) });
  await other.write({ "app.yaml": configMap("second") });
  assert.equal((await space.reconcile()).code, 0);
  const second = await other.reconcile(shared);
  assert.deepEqual([second.code, actionsOf(second)], [0, ["create ConfigMap/second"]]);
  await space.write({ "app.yaml": documents(NAMESPACE, configMap("first")) });
  assert.deepEqual(actionsOf(await space.reconcile()), ["delete ConfigMap/drops"]);
  assert.deepEqual(planOf(await other.reconcile([...shared, "--refresh"])), []);
  assert.ok(await space.get(CONFIG_MAPS, "first") && await space.get(CONFIG_MAPS, "second"));

  await other.write({ "app.yaml": documents(configMap("second"), configMap("first", "stolen")) });
  const thief = await other.reconcile(shared);
  assert.deepEqual([thief.code, actionsOf(thief)], [1, ["conflict ConfigMap/first"]]);
  assert.match(planOf(thief)[0]?.reason ?? "", /component|applyset/i);
  assert.ok(planOf(thief)[0]?.hint);
  assert.deepEqual((await space.get(CONFIG_MAPS, "first"))?.["data"], { key: "one" });
});

Deno.test("what a killed run made anew is still the component's, and goes when Git drops it", async () => {
  await using space = await workspace();
  await space.write({ "app.yaml": documents(NAMESPACE, configMap("stays"), configMap("goes")) });
  assert.equal((await space.reconcile()).code, 0);
  const name = "goes";
  await space.cluster.delete(CONFIG_MAPS, { namespace: space.name, name });
  let isMade = false;
  await using recorder = await startRecorder(space.kubeconfig, (request) => {
    if (!isWrite(request)) return;
    if (!isMade) return void (isMade = request.path.endsWith(`/configmaps/${name}`));
    // It is made, and nobody records that.
    child.kill("SIGKILL");
    return new Response(null, { status: 503 });
  });
  const child = startPlumb(space.arguments("reconcile"), { KUBECONFIG: recorder.kubeconfig });
  assert.equal((await child.status).signal, "SIGKILL");
  assert.ok(await space.get(CONFIG_MAPS, name));
  await space.write({ "app.yaml": documents(NAMESPACE, configMap("stays")) });
  const run = await space.reconcile();
  assert.deepEqual([run.code, actionsOf(run)], [0, [`delete ConfigMap/${name}`]], run.output);
  assert.equal(await space.get(CONFIG_MAPS, name), undefined);
});
