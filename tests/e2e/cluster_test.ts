/** What a real API server answers, and what is made of it. */
import assert from "node:assert/strict";
import { Cluster, type ClusterError, type Resource, watch } from "../../lib/cluster/mod.ts";
import type { KubernetesObject } from "../../lib/object.ts";
import { CONFIG_MAPS, DEPLOYMENTS, kubeconfigWithToken, NAMESPACES, SECRETS } from "../plumb.ts";
import { testCluster } from "../sandbox.ts";

interface Space extends AsyncDisposable {
  readonly cluster: Cluster;
  readonly kubeconfig: string;
  readonly name: string;
}

/** A namespace of its own. */
async function space(): Promise<Space> {
  const { kubeconfig } = await testCluster();
  const cluster = await Cluster.connect({ kubeconfig, environment: {} });
  const name = `contract-${crypto.randomUUID().slice(0, 8)}`;
  await cluster.create(NAMESPACES, { apiVersion: "v1", kind: "Namespace", metadata: { name } });
  return {
    cluster,
    kubeconfig,
    name,
    async [Symbol.asyncDispose]() {
      await cluster.delete(NAMESPACES, { name });
      cluster[Symbol.dispose]();
    },
  };
}

const configMap = (namespace: string, name: string, key = "one"): KubernetesObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace },
  data: { key },
});

Deno.test("an object that is not there is undefined, and deleting it again is no error", async () => {
  await using own = await space();
  const { cluster, name: namespace } = own;
  const missing = { namespace, name: "missing" };
  assert.equal(await cluster.get(CONFIG_MAPS, missing), undefined);
  assert.equal(await cluster.delete(CONFIG_MAPS, missing), false);
  await assert.rejects(cluster.patch(CONFIG_MAPS, missing, { data: {} }, "merge"), {
    code: "not-found",
    status: 404,
    message: /patch configmaps contract-\S+\/missing: /,
  });
});

Deno.test("a write over what somebody else has written meanwhile is a conflict", async () => {
  await using own = await space();
  const { cluster, name: namespace } = own;
  const read = await cluster.create(CONFIG_MAPS, configMap(namespace, "settings"));
  await cluster.patch(CONFIG_MAPS, read.metadata, { data: { key: "two" } }, "merge");
  await assert.rejects(cluster.update(CONFIG_MAPS, { ...read, data: { key: "three" } }), {
    code: "conflict",
    status: 409,
  });
  await assert.rejects(cluster.create(CONFIG_MAPS, configMap(namespace, "settings")), {
    code: "conflict",
    reason: "AlreadyExists",
  });
  await assert.rejects(
    cluster.delete(CONFIG_MAPS, read.metadata, { uid: crypto.randomUUID() }),
    { code: "conflict" },
  );
  assert.ok(await cluster.get(CONFIG_MAPS, read.metadata));
});

Deno.test("without force a field of another manager is a conflict that names both", async () => {
  await using own = await space();
  const { cluster, name: namespace } = own;
  await cluster.apply(CONFIG_MAPS, configMap(namespace, "settings"), { manager: "operator" });
  const wanted = configMap(namespace, "settings", "two");
  await assert.rejects(
    cluster.apply(CONFIG_MAPS, wanted, { force: false }),
    (error: ClusterError) =>
      error.code === "conflict" && error.causes[0]?.field === ".data.key" &&
      /"operator"/.test(error.causes[0].message),
  );
  const predicted = await cluster.apply(CONFIG_MAPS, wanted, { dryRun: true });
  assert.deepEqual(predicted["data"], { key: "two" });
  assert.deepEqual((await cluster.get(CONFIG_MAPS, wanted.metadata))?.["data"], { key: "one" });
});

Deno.test("a wrong object is invalid, with each field that is wrong", async () => {
  await using own = await space();
  const { cluster, name: namespace } = own;
  const wrong = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", namespace },
    spec: {
      replicas: -1,
      selector: { matchLabels: { app: "web" } },
      template: { metadata: { labels: { app: "other" } }, spec: { containers: [] } },
    },
  };
  await assert.rejects(cluster.apply(DEPLOYMENTS, wrong), (error: ClusterError) => {
    assert.deepEqual([error.code, error.status], ["invalid", 422]);
    const fields = error.causes.map(({ field }) => field);
    assert.ok(fields.includes("spec.replicas"), String(fields));
    assert.ok(fields.includes("spec.template.spec.containers"), String(fields));
    return true;
  });
  const requests = cluster.requests;
  const misspelt = { ...configMap(namespace, "settings"), dota: { key: "one" } };
  await assert.rejects(cluster.apply(CONFIG_MAPS, misspelt), {
    code: "invalid",
    message: /\.dota: field not declared in schema/,
    hint: /Git/,
  });
  // It is not asked again: no repetition mends an object.
  assert.equal(cluster.requests, requests + 1);
});

Deno.test("a kind that the cluster does not serve is not found, and has no objects", async () => {
  await using own = await space();
  const { cluster, name: namespace } = own;
  const widgets: Resource = {
    group: "example.com",
    version: "v1",
    kind: "Widget",
    plural: "widgets",
    namespaced: true,
  };
  const discovery = await cluster.discover();
  assert.equal(discovery.find(widgets), undefined);
  assert.deepEqual(discovery.find({ group: "apps", kind: "Deployment" }), DEPLOYMENTS);
  assert.deepEqual(await cluster.listMetadata(widgets, namespace), []);
  const metadata = { name: "w", namespace };
  const widget = { apiVersion: "example.com/v1", kind: "Widget", metadata };
  await assert.rejects(cluster.apply(widgets, widget), { code: "not-found" });
});

Deno.test("a token that is not known is unauthorized; one without permissions is forbidden", async () => {
  await using own = await space();
  const { cluster, kubeconfig, name: namespace } = own;
  await cluster.raw({
    method: "POST",
    path: `/api/v1/namespaces/${namespace}/serviceaccounts`,
    body: { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "nobody" } },
  });
  const { status } = await cluster.raw({
    method: "POST",
    path: `/api/v1/namespaces/${namespace}/serviceaccounts/nobody/token`,
    body: { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} },
  }) as { status: { token: string } };
  const expected = [["not-a-token", "unauthorized", 401], [
    status.token,
    "forbidden",
    403,
  ]] as const;
  for (const [token, code, httpStatus] of expected) {
    const path = await kubeconfigWithToken(kubeconfig, token);
    using other = await Cluster.connect({ kubeconfig: path, environment: {} });
    await assert.rejects(other.get(SECRETS, { namespace, name: "x" }), (error: ClusterError) => {
      assert.deepEqual([error.code, error.status], [code, httpStatus]);
      assert.ok(error.hint);
      assert.ok(!error.message.includes(token));
      return true;
    });
    await Deno.remove(path);
  }
});

Deno.test("a namespace that is being deleted takes nothing new, and that is told apart from a permission", async () => {
  await using own = await space();
  const { cluster, name: namespace } = own;
  const held = configMap(namespace, "held");
  held.metadata.finalizers = ["example.com/hold"];
  await cluster.create(CONFIG_MAPS, held);
  await cluster.delete(NAMESPACES, { name: namespace });
  await assert.rejects(cluster.apply(CONFIG_MAPS, configMap(namespace, "late")), {
    code: "namespace-terminating",
    status: 403,
    hint: /Wait until it is gone/,
  });
  await cluster.patch(CONFIG_MAPS, held.metadata, { metadata: { finalizers: null } }, "merge");
});

Deno.test("a list of more than a page is whole, without doubles", async () => {
  await using own = await space();
  const { cluster, name: namespace } = own;
  const names = Array.from(
    { length: 1_200 },
    (_, index) => `map-${String(index).padStart(4, "0")}`,
  );
  await Promise.all(names.map((name) => cluster.create(CONFIG_MAPS, configMap(namespace, name))));
  const ours = (name: string) => name.startsWith("map-");
  const before = cluster.requests;
  const listed = await cluster.list(CONFIG_MAPS, { namespace });
  assert.ok(cluster.requests - before >= 3);
  assert.deepEqual(listed.map(({ metadata }) => metadata.name).filter(ours), names);
  assert.ok(listed.every(({ kind, apiVersion }) => kind === "ConfigMap" && apiVersion === "v1"));
  const requests = cluster.requests;
  const metadata = await cluster.listMetadata(CONFIG_MAPS, namespace);
  assert.equal(cluster.requests - requests, 1);
  assert.deepEqual(metadata.map(({ reference }) => reference.name).filter(ours), names);
});

Deno.test("120 watches are open at once, and other requests go on beside them", async () => {
  await using own = await space();
  const { cluster, name: namespace } = own;
  const { metadata } = await cluster.create(CONFIG_MAPS, configMap(namespace, "seen"));
  const resourceVersion = metadata.resourceVersion ?? "";
  const abort = new AbortController();
  const seen = new Set<number>();
  const all = Promise.withResolvers<void>();
  const watches = Array.from({ length: 120 }, async (_, number) => {
    const options = { namespace, name: "seen", resourceVersion, signal: abort.signal };
    for await (const event of watch(cluster, CONFIG_MAPS, options)) {
      assert.equal(event.type, "modified");
      if (seen.add(number).size === 120) all.resolve();
    }
  });
  try {
    // One watch that fails must fail the test, not leave it waiting.
    const told = Promise.race([all.promise, ...watches]);
    for (let round = 0; round < 30; round++) {
      const names = Array.from({ length: 10 }, (_, index) => `beside-${round}-${index}`);
      await Promise.all(
        names.map((name) => cluster.apply(CONFIG_MAPS, configMap(namespace, name))),
      );
    }
    await cluster.patch(CONFIG_MAPS, metadata, { data: { key: "two" } }, "merge");
    await told;
  } finally {
    abort.abort();
    await Promise.all(watches);
  }
  assert.equal(seen.size, 120);
});
