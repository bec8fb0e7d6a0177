import assert from "node:assert/strict";
import { Cluster, watch } from "../../lib/cluster/mod.ts";
import { FAIL_ANNOTATION } from "../../lib/sandbox/mod.ts";
import {
  CONFIG_MAPS,
  configMap,
  deployment,
  DEPLOYMENTS,
  documents,
  NAMESPACE,
  workspace,
} from "../plumb.ts";
import { startClusterProxy } from "./proxy.ts";

Deno.test("a watch that falls silent is opened anew, and tells what happened meanwhile", async () => {
  await using space = await workspace();
  await space.write({ "app.yaml": `${NAMESPACE}---\n${configMap("seen")}` });
  assert.equal((await space.reconcile()).code, 0);
  let watches = 0;
  await using proxy = await startClusterProxy(space.kubeconfig, ({ query }) => {
    // The first one stays open, and tells nothing.
    const isFirst = query.has("watch") && ++watches === 1;
    return isFirst ? { kind: "freeze", milliseconds: 0 } : undefined;
  });
  using cluster = await Cluster.connect({ kubeconfig: proxy.kubeconfig, environment: {} });
  const namespace = space.name;
  const { resourceVersion } = await cluster.listWithVersion(CONFIG_MAPS, { namespace });
  const stop = new AbortController();
  const options = { namespace, resourceVersion, silence: 1_000, signal: stop.signal };
  const events = watch(cluster, CONFIG_MAPS, options);
  const first = events.next();
  await space.cluster.patch(
    CONFIG_MAPS,
    { namespace, name: "seen" },
    { data: { key: "two" } },
    "merge",
  );
  const { value } = await first;
  assert.ok(value?.type === "modified" && value.object.metadata.name === "seen");
  assert.ok(watches >= 2);
  stop.abort();
  await events.return();
});

Deno.test("where no watch tells anything, what became healthy is seen in the end", async () => {
  await using space = await workspace();
  const template = `${FAIL_ANNOTATION}: never-ready`;
  await space.write({ "app.yaml": `${NAMESPACE}---\n${deployment("web", { template })}` });
  let scaled: Promise<unknown> | undefined;
  await using proxy = await startClusterProxy(space.kubeconfig, ({ path, query }) => {
    if (!query.has("watch")) return undefined;
    // It is being waited for. Without a pod, there is none that is not ready.
    if (path.endsWith("/deployments")) {
      const web = { namespace: space.name, name: "web" };
      scaled ??= space.cluster.patch(DEPLOYMENTS, web, { spec: { replicas: 0 } }, "merge");
    }
    return { kind: "freeze", milliseconds: 0 };
  });
  const run = await space.reconcile(["--timeout", "8s"], { kubeconfig: proxy.kubeconfig });
  await scaled;
  assert.ok(scaled !== undefined);
  assert.equal(run.code, 0, run.output.slice(-1500));
});

Deno.test("what an old list does not have is not taken to be deleted", async () => {
  await using space = await workspace();
  const [web, other] = [deployment("web"), deployment("other")];
  const worker = deployment("worker").replace("replicas: 1", "replicas: 1\n  minReadySeconds: 5");
  await space.write({ "app.yaml": documents(NAMESPACE, web) });
  let isMade = false;
  await using proxy = await startClusterProxy(space.kubeconfig, ({ method, path, query }) => {
    if (method === "PATCH" && path.endsWith("/worker") && !query.has("dryRun")) isMade = true;
    // The list that the wait begins with is from before the new Deployments.
    const isList = method === "GET" && path.endsWith("/deployments") && !query.has("watch");
    if (isMade && isList) return { kind: "old-list" };
    // It is asked for while the other one becomes ready.
    return isMade && method === "GET" && path.endsWith("/worker")
      ? { kind: "delay", milliseconds: 3_000 }
      : undefined;
  });
  const through = { kubeconfig: proxy.kubeconfig };
  assert.equal((await space.reconcile([], through)).code, 0);
  await space.write({ "app.yaml": documents(NAMESPACE, web, other, worker) });
  const run = await space.reconcile([], through);
  assert.ok(proxy.happened.length > 0);
  assert.equal(run.code, 0, run.output.slice(-1500));
});
