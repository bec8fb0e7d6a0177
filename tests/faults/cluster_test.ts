/** Faults of the cluster itself: each is told for what it is, and the next run after it is mended makes all good. */
import assert from "node:assert/strict";
import { Cluster, ClusterError, type Resource } from "../../lib/cluster/mod.ts";
import { startSandbox } from "../../lib/sandbox/mod.ts";
import {
  CONFIG_MAPS,
  configMap,
  documents,
  errorOf,
  NAMESPACE,
  NAMESPACES,
  planOf,
  plumb,
  workspace,
} from "../plumb.ts";
import { isWrite } from "../recorder.ts";
import { startClusterProxy } from "./proxy.ts";

const WEBHOOKS: Resource = {
  group: "admissionregistration.k8s.io",
  version: "v1",
  kind: "ValidatingWebhookConfiguration",
  plural: "validatingwebhookconfigurations",
  namespaced: false,
};

const maps = (count: number, value = "one") =>
  documents(
    NAMESPACE,
    ...Array.from({ length: count }, (_, index) => configMap(`map-${index}`, value)),
  );

Deno.test("credentials that expire in the middle stop the run, and the next one finishes", async () => {
  await using space = await workspace();
  await space.write({ "app.yaml": maps(30) });
  let writes = 0;
  await using proxy = await startClusterProxy(
    space.kubeconfig,
    (request) => isWrite(request) && ++writes > 15 ? { kind: "refuse", status: 401 } : undefined,
  );
  const run = await space.reconcile([], { kubeconfig: proxy.kubeconfig });
  assert.deepEqual([run.code, errorOf(run).code], [1, "unauthorized"], run.output.slice(-800));
  assert.match(errorOf(run).hint ?? "", /Log in to the cluster again/);
  assert.equal((await space.reconcile()).code, 0);
  assert.deepEqual(planOf(await space.diff()), []);
});

Deno.test("an admission webhook that is down is named, and the run is made good once it is up again", async () => {
  await using space = await workspace();
  await space.write({ "app.yaml": maps(2) });
  assert.equal((await space.reconcile()).code, 0);
  const webhook = { name: `${space.name}.example.com` };
  await space.cluster.create(WEBHOOKS, {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingWebhookConfiguration",
    metadata: webhook,
    webhooks: [{
      name: webhook.name,
      admissionReviewVersions: ["v1"],
      sideEffects: "None",
      timeoutSeconds: 1,
      failurePolicy: "Fail",
      clientConfig: { url: "https://127.0.0.1:9/nobody-listens" },
      namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": space.name } },
      rules: [{
        apiGroups: [""],
        apiVersions: ["v1"],
        operations: ["UPDATE"],
        resources: ["configmaps"],
      }],
    }],
  });
  try {
    await space.write({ "app.yaml": maps(2, "two") });
    const run = await space.reconcile();
    assert.equal(run.code, 1, run.output.slice(-800));
    assert.match(run.output, new RegExp(`The webhook ${webhook.name} does not answer`));
  } finally {
    await space.cluster.delete(WEBHOOKS, webhook);
  }
  assert.equal((await space.reconcile()).code, 0);
  assert.deepEqual(planOf(await space.diff()), []);
});

Deno.test("a cluster whose store is full is told as such, at once, and loses nothing", async () => {
  await using sandbox = await startSandbox({ components: [], storage: 12 * 1024 * 1024 });
  using cluster = await Cluster.connect({ kubeconfig: sandbox.kubeconfig, environment: {} });
  const folder = await Deno.makeTempDir();
  const run = async (count: number) => {
    await Deno.writeTextFile(`${folder}/app.yaml`, maps(count).replaceAll("NAMESPACE", "full"));
    const place = ["--path", folder, "--name", "full", "--namespace", "full", "--no-wait"];
    return await plumb(["reconcile", ...place], { kubeconfig: sandbox.kubeconfig });
  };
  assert.equal((await run(3)).code, 0);
  await cluster.create(NAMESPACES, {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: "fat" },
  });
  await assert.rejects(fill(cluster), { code: "store-full" });
  const failed = await run(5);
  assert.equal(failed.code, 1);
  assert.match(failed.output, /store-full/);
  assert.match(failed.output, /etcdctl alarm disarm/);
  const live = await cluster.listMetadata(CONFIG_MAPS, "full");
  assert.deepEqual(live.map(({ reference }) => reference.name).sort(), ["map-0", "map-1", "map-2"]);
  await Deno.remove(folder, { recursive: true });
});

/** Writes until the store takes no more. */
async function fill(cluster: Cluster): Promise<void> {
  for (let index = 0; index < 200; index++) {
    const key = crypto.getRandomValues(new Uint8Array(60_000)).toHex().repeat(8);
    try {
      await cluster.create(CONFIG_MAPS, {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: `fat-${index}`, namespace: "fat" },
        data: { key },
      });
    } catch (error) {
      // The last one before it is full is sent again after the API server's 500, and is there already.
      if (!(error instanceof ClusterError && error.code === "conflict")) throw error;
    }
  }
}
