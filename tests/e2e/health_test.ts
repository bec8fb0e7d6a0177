import assert from "node:assert/strict";
import type { Event } from "../../lib/event.ts";
import { FAIL_ANNOTATION, setLogs } from "../../lib/sandbox/mod.ts";
import {
  CONFIG_MAPS,
  configMap,
  deployment,
  DEPLOYMENTS,
  documents,
  NAMESPACE,
  NAMESPACES,
  PODS,
  type Run,
  workspace,
} from "../plumb.ts";
import { startRecorder } from "../recorder.ts";
import { until } from "../rolling_back.ts";

function failureOf(run: Run): Extract<Event, { type: "health" }> {
  const failure = run.events.find((event) => event.type === "health" && event.status === "failed");
  assert.ok(failure?.type === "health", run.output);
  return failure;
}

const failing = (how: string) => deployment("web", { template: `${FAIL_ANNOTATION}: ${how}` });

Deno.test("an image that can't be pulled stops the run early, with the image and the pod", async () => {
  await using space = await workspace();
  await space.write({ "app.yaml": documents(NAMESPACE, failing("image-pull")) });
  const run = await space.reconcile(["--timeout", "60s"]);
  assert.equal(run.code, 1);
  const { message, object } = failureOf(run);
  assert.equal(object.name, "web");
  assert.match(
    message,
    /pod web-\S+: container app can't pull image registry\.example\.com\/app:1/,
  );
});

Deno.test("a registry without the digest is told with the digest", async () => {
  await using space = await workspace();
  const image = `registry.example.com/app:1.0@sha256:${"0123456789abcdef".repeat(4)}`;
  const pinned = deployment("web", { image, template: `${FAIL_ANNOTATION}: image-pull` });
  await space.write({ "app.yaml": documents(NAMESPACE, pinned) });
  const run = await space.reconcile(["--timeout", "60s"]);
  assert.equal(run.code, 1);
  const { message } = failureOf(run);
  assert.ok(
    message.includes(`can't pull image ${image}`) && message.includes("not found"),
    message,
  );
});

Deno.test("a container that keeps ending stops the run early, with its last words and without secrets", async () => {
  await using space = await workspace();
  const secret =
    "apiVersion: v1\nkind: Secret\nmetadata: { name: login }\nstringData: { password: correct-horse }\n";
  await space.write({ "app.yaml": documents(NAMESPACE, secret, failing("crash-loop")) });
  const folder = await Deno.makeTempDir();
  const told = Promise.withResolvers<void>();
  await using recorder = await startRecorder(space.kubeconfig, async ({ path }) => {
    if (path.endsWith("/log")) await told.promise;
  });
  let isRunning = true;
  const running = space.reconcile(["--timeout", "60s"], { kubeconfig: recorder.kubeconfig })
    .finally(() => isRunning = false);
  const { name: namespace, cluster } = space;
  await until(async () => !isRunning || (await cluster.list(PODS, { namespace })).length > 0);
  const lines = ["starting", "panic: can't log in with correct-horse"];
  await setLogs(space.kubeconfig, { namespace, labels: { app: "web" }, lines, folder });
  told.resolve();
  const run = await running;
  assert.equal(run.code, 1);
  const { message, evidence } = failureOf(run);
  assert.match(message, /container app keeps ending \(exit code \d+/);
  assert.ok(
    evidence?.some((line) => line === "log: panic: can't log in with (secret)"),
    JSON.stringify(evidence),
  );
  assert.ok(!run.output.includes("correct-horse"));
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a pod that never gets ready is waited for until the timeout, and explained", async () => {
  await using space = await workspace();
  await space.write({ "app.yaml": documents(NAMESPACE, failing("never-ready")) });
  const run = await space.reconcile(["--timeout", "10s"]);
  assert.equal(run.code, 1);
  assert.match(
    failureOf(run).message,
    /not ready after 10 s: .*container app runs, but is not ready/,
  );
});

Deno.test("what was applied but never got healthy is waited for by the next run", async () => {
  await using space = await workspace();
  await space.write({ "app.yaml": documents(NAMESPACE, failing("never-ready")) });
  assert.equal((await space.reconcile(["--timeout", "2s"])).code, 1);
  const again = await space.reconcile(["--timeout", "2s"]);
  assert.equal(again.code, 1, again.output);
  await space.write({ "app.yaml": documents(NAMESPACE, deployment("web")) });
  const mended = await space.reconcile(["--timeout", "30s"]);
  assert.equal(mended.code, 0, mended.output);
  assert.ok(await space.get(DEPLOYMENTS, "web"));
});

Deno.test("without waiting a run ends at once, whatever becomes of its workloads", async () => {
  await using space = await workspace();
  await space.write({ "app.yaml": documents(NAMESPACE, failing("never-ready")) });
  assert.equal((await space.reconcile(["--no-wait"])).code, 0);
});

Deno.test("an object that a finalizer holds is explained, and stays in the record until it is gone", async () => {
  await using space = await workspace();
  await space.write({ "app.yaml": documents(NAMESPACE, configMap("stays"), configMap("held")) });
  await space.reconcile();
  const held = { namespace: space.name, name: "held" };
  await space.cluster.patch(
    CONFIG_MAPS,
    held,
    { metadata: { finalizers: ["example.com/hold"] } },
    "merge",
    "operator",
  );
  await space.write({ "app.yaml": documents(NAMESPACE, configMap("stays")) });
  const run = await space.reconcile(["--timeout", "1s"]);
  assert.equal(run.code, 1);
  assert.match(
    run.output,
    /is held by finalizer example\.com\/hold: its controller must remove it/,
  );
  await space.cluster.patch(
    CONFIG_MAPS,
    held,
    { metadata: { finalizers: null } },
    "merge",
    "operator",
  );
  assert.equal((await space.reconcile()).code, 0);
  assert.equal(await space.get(CONFIG_MAPS, "held"), undefined);
  assert.ok(await space.cluster.get(NAMESPACES, { name: space.name }));
});
