/** What goes wrong outside of Git fails a run, but is no reason to undo a revision and to hold it back. */
import assert from "node:assert/strict";
import { FAIL_ANNOTATION } from "../../lib/sandbox/mod.ts";
import { type GitWorkspace, gitWorkspace } from "../git_workspace.ts";
import {
  CLAIMS,
  CONFIG_MAPS,
  configMap,
  DEPLOYMENTS,
  documents,
  errorOf,
  LEASES,
  NAMESPACE,
  NAMESPACES,
  plumb,
  type Run,
  VOLUMES,
} from "../plumb.ts";
import { startRecorder } from "../recorder.ts";
import { statesOf, undosOf, valueOf, web } from "../undoing.ts";

const REPLACEABLE =
  "metadata:\n  name: fixed\n  annotations: { plumb.thinkube.io/replace: allowed }\n";
const fixed = (value: string) =>
  `apiVersion: v1\nkind: ConfigMap\n${REPLACEABLE}immutable: true\ndata: { key: ${value} }\n`;
const CLAIM =
  "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: { name: data }\nspec:\n  accessModes: [ReadWriteOnce]\n  resources: { requests: { storage: 1Gi } }\n";

async function assertNotBlamed(space: GitWorkspace, run: Run, reason: RegExp): Promise<void> {
  assert.equal(run.code, 1, run.output.slice(-1500));
  assert.match(run.output, reason);
  assert.deepEqual(run.events.filter(({ type }) => type === "undo"), []);
  assert.equal((await space.journal()).rejected, undefined);
}

Deno.test("an old object that does not go is waited for, and the next run makes the new one", async () => {
  await using space = await gitWorkspace();
  await space.commit({ "app.yaml": documents(NAMESPACE, fixed("one")) });
  assert.equal((await space.run()).code, 0);
  const target = { namespace: space.name, name: "fixed" };
  const hold = (finalizers: readonly string[] | null) =>
    space.cluster.patch(CONFIG_MAPS, target, { metadata: { finalizers } }, "merge", "backup-tool");
  await hold(["example.com/hold"]);
  await space.commit({ "app.yaml": documents(NAMESPACE, fixed("two")) });
  const stuck = await space.run(["--timeout", "2s"]);
  await assertNotBlamed(
    space,
    stuck,
    /The old one is held by finalizer example\.com\/hold: .*\(set by backup-tool/,
  );
  const still = await space.run();
  await assertNotBlamed(space, still, /It is being deleted since \S+, held by example\.com\/hold/);
  await hold(null);
  const next = await space.run();
  assert.equal(next.code, 0, next.output.slice(-1500));
  const made = await space.get(CONFIG_MAPS, "fixed");
  assert.deepEqual(made?.["data"], { key: "two" });
});

Deno.test("a volume that was kept and is gone stops a deploy, whatever Git says meanwhile", async () => {
  await using space = await gitWorkspace();
  await space.commit({ "app.yaml": documents(NAMESPACE, CLAIM) });
  assert.equal((await space.run()).code, 0);
  const rolledBack = await plumb(["rollback", space.name, "--yes"], space);
  assert.equal(rolledBack.code, 0, rolledBack.output.slice(-1500));
  const volumes = await space.cluster.list(VOLUMES);
  const volume = volumes.find(({ spec }) =>
    (spec as { claimRef?: { namespace: string } }).claimRef?.namespace === space.name
  );
  assert.ok(volume);
  const { name } = volume.metadata;
  await space.cluster.patch(VOLUMES, { name }, { metadata: { finalizers: null } }, "merge");
  await space.cluster.delete(VOLUMES, { name });
  await space.commit({ "app.yaml": documents(NAMESPACE, CLAIM, configMap("more")) });
  const run = await space.run();
  await assertNotBlamed(space, run, /PersistentVolume \S+, which a rollback kept, is gone/);
  assert.equal(await space.get(CLAIMS, "data"), undefined);
});

Deno.test("a cluster that does not answer is no fault of a revision: it is tried again", async () => {
  await using space = await gitWorkspace();
  await space.commit({ "app.yaml": documents(NAMESPACE, configMap("a")) });
  assert.equal((await space.run()).code, 0);
  await space.commit({ "app.yaml": documents(NAMESPACE, configMap("a", "two"), configMap("b")) });
  await using recorder = await startRecorder(space.kubeconfig, ({ method, path, query }) => {
    const isRefused = method === "PATCH" && path.endsWith("/configmaps/b") && !query.has("dryRun");
    return isRefused ? new Response("webhook down", { status: 500 }) : undefined;
  });
  const run = await space.run([], { kubeconfig: recorder.kubeconfig });
  assert.deepEqual([run.code, statesOf(run)], [1, []], run.output);
  assert.equal(valueOf(await space.get(CONFIG_MAPS, "a")), "two");
  assert.equal((await space.journal()).rejected, undefined);
  assert.equal((await space.run()).code, 0);
});

Deno.test("what somebody deletes while a run waits for it is made again by the next", async () => {
  await using space = await gitWorkspace();
  await space.commit({ "app.yaml": documents(NAMESPACE, configMap("a")) });
  assert.equal((await space.run()).code, 0);
  await space.commit({ "app.yaml": documents(NAMESPACE, configMap("a"), web("2", "never-ready")) });
  const waited = Promise.withResolvers<void>();
  const running = space.run([], {
    onEvent: (event) => {
      if (event.type === "health" && event.object.kind === "Deployment") waited.resolve();
    },
  });
  await waited.promise;
  await space.cluster.delete(DEPLOYMENTS, { namespace: space.name, name: "web" });
  const run = await running;
  await assertNotBlamed(space, run, /was deleted while waiting/);
  const next = await space.run(["--timeout", "2s"]);
  assert.deepEqual([next.code, statesOf(next)], [1, ["begun", "done"]], next.output);
});

Deno.test("a run that loses its lease in the middle undoes nothing: its revision is tried again", async () => {
  await using space = await gitWorkspace();
  const good = await space.commit({ "app.yaml": documents(NAMESPACE, configMap("a")) });
  assert.equal((await space.run()).code, 0);
  await space.commit({ "app.yaml": documents(NAMESPACE, configMap("a", "two"), configMap("b")) });
  const lease = { namespace: "plumb-system", name: `component-${space.name}` };
  const holder = (holderIdentity: string) =>
    space.cluster.patch(LEASES, lease, { spec: { holderIdentity } }, "merge");
  const learnt = Promise.withResolvers<void>();
  let isStolen = false;
  await using recorder = await startRecorder(space.kubeconfig, async ({ method, path, query }) => {
    if (method === "PUT" && path.includes("/leases/") && isStolen) setTimeout(learnt.resolve, 500);
    if (method !== "PATCH" || !path.endsWith("/configmaps/a") || query.has("dryRun")) return;
    await holder("thief");
    isStolen = true;
    // Held until the run has learnt of its loss.
    await learnt.promise;
  });
  const run = await space.run([], { kubeconfig: recorder.kubeconfig });
  assert.deepEqual([run.code, errorOf(run).code, statesOf(run)], [1, "lease-lost", []]);
  const journal = await space.journal();
  assert.deepEqual([journal.good?.revision, journal.rejected], [good, undefined]);
  await holder("");
  const next = await space.run();
  assert.deepEqual([next.code, statesOf(next)], [0, []], next.output);
  assert.equal(valueOf(await space.get(CONFIG_MAPS, "a")), "two");
});

Deno.test("a good revision that is not well any more is not undone, since Git is not to blame", async () => {
  await using space = await gitWorkspace();
  await space.commit({ "app.yaml": documents(NAMESPACE, web("1")) });
  assert.equal((await space.run()).code, 0);
  const name = { namespace: space.name, name: "web" };
  const template = { metadata: { annotations: { [FAIL_ANNOTATION]: "never-ready" } } };
  await space.cluster.patch(DEPLOYMENTS, name, { spec: { template } }, "merge", "somebody");
  const more = { "spec": { replicas: 2 } };
  await space.cluster.patch(DEPLOYMENTS, name, more, "merge", "somebody");
  const run = await space.run(["--timeout", "4s"]);
  assert.deepEqual([run.code, statesOf(run)], [1, ["impossible"]], run.output);
  assert.match(undosOf(run)[0]?.reason ?? "", /was good before/);
});

Deno.test("an interrupt, and what policies refuse, undoes nothing and rejects nothing", async () => {
  await using space = await gitWorkspace();
  const gated =
    "apiVersion: plumb.thinkube.io/v1alpha1\nkind: Component\nmetadata: { name: NAMESPACE }\nspec: { namespace: NAMESPACE, manifests: [app.yaml] }\n";
  const files = (...more: readonly string[]) => ({
    "component.yaml": gated,
    "app.yaml": documents(configMap("a"), ...more),
  });
  const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: space.name } };
  await space.cluster.create(NAMESPACES, namespace);
  await space.commit(files());
  const first = await space.run();
  assert.equal(first.code, 0, first.output);
  await space.commit(files(web("2")));
  const refused = await space.run();
  assert.deepEqual([refused.code, statesOf(refused)], [4, []], refused.output);
  await space.commit(files(configMap("b")));
  const stop = new AbortController();
  const interrupted = await space.run([], {
    signal: stop.signal,
    onEvent: (event) => {
      if (event.type === "stage" && event.stage === "apply") stop.abort();
    },
  });
  assert.deepEqual([interrupted.code, statesOf(interrupted)], [130, []], interrupted.output);
  assert.equal((await space.journal()).rejected, undefined);
  assert.equal((await space.run()).code, 0);
  assert.ok(await space.get(CONFIG_MAPS, "b"));
});
