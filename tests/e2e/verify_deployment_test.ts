/** The check of a deployment against a real cluster: each thing that is not as it was declared, one by one. */
import assert from "node:assert/strict";
import type { KubernetesObject } from "../../lib/object.ts";
import type { Resource } from "../../lib/cluster/mod.ts";
import { setExec } from "../../lib/sandbox/mod.ts";
import { makeCertificate } from "../contract/servers/certificates.ts";
import { until } from "../contract/servers/ports.ts";
import {
  CLAIMS,
  CONFIG_MAPS,
  DEPLOYMENTS,
  documents,
  NAMESPACE,
  PODS,
  SECRETS,
  workspace,
} from "../plumb.ts";

const HOST = "shop.example.com";
const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
const IMAGE = `registry.example.com/shop:1@${digest("a")}`;

const component = (folder: string, percent: number) => `
apiVersion: plumb.thinkube.io/v1alpha1
kind: Component
metadata: { name: shop }
spec:
  namespace: NAMESPACE
  manifests: [app.yaml]
  policy: "off"
  verify:
    checks:
      - check: deployment
        discovery: { configMap: catalogue, service: shop, url: "https://${HOST}" }
        files: [{ labels: { app: shop }, path: ${folder}/config.yaml, mode: "600" }]
        volumes: [{ labels: { app: shop }, path: ${folder}, percent: ${percent} }]
`;

const CATALOGUE =
  `{ service: { name: shop, endpoints: [{ url: "https://${HOST}", primary: true }] } }`;

const app = (certificate: string) =>
  documents(
    NAMESPACE,
    `apiVersion: apps/v1
kind: Deployment
metadata: { name: shop }
spec:
  selector: { matchLabels: { app: shop } }
  template:
    metadata: { labels: { app: shop } }
    spec: { containers: [{ name: shop, image: "${IMAGE}" }] }
`,
    `apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: data }
spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
`,
    `apiVersion: v1
kind: Secret
metadata: { name: tls }
stringData:
  tls.crt: |
${certificate.replaceAll(/^/gm, "    ")}
`,
    `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: shop }
spec:
  tls: [{ hosts: [${HOST}], secretName: tls }]
  defaultBackend: { service: { name: shop, port: { number: 80 } } }
`,
    `apiVersion: v1
kind: ConfigMap
metadata: { name: catalogue, labels: { thinkube.io/managed: "true" } }
data: { service.yaml: '${CATALOGUE}' }
`,
  );

Deno.test("the check of a deployment passes when all is as declared, and names what is not", async (test) => {
  await using space = await workspace();
  const { cluster, name: namespace, kubeconfig } = space;
  const home = await Deno.makeTempDir({ prefix: "plumb-home-" });
  await using disposables = new AsyncDisposableStack();
  disposables.defer(() => Deno.remove(home, { recursive: true }));
  const file = `${home}/config.yaml`;
  await Deno.writeTextFile(file, "password: a secret\n", { mode: 0o600 });
  await Deno.chmod(file, 0o600);
  const good = app((await makeCertificate(HOST)).certificate);
  const write = (percent = 1) =>
    space.write({ "component.yaml": component(home, percent), "app.yaml": good });
  await write();
  const deployed = await space.reconcile();
  assert.equal(deployed.code, 0, deployed.output);
  await setExec(kubeconfig, { namespace });

  const verify = async () => {
    const { events } = await space.verify();
    const end = events.find((event) => event.type === "check" && event.status !== "running");
    assert.ok(end?.type === "check");
    return `${end.status}: ${end.message} ${end.probably} ${JSON.stringify(end.evidence)}`;
  };
  const patch = (resource: Resource, name: string, changed: Record<string, unknown>) =>
    cluster.patch(resource, { namespace, name }, changed, "merge", "kubectl-edit");
  const image = (image: string) =>
    patch(DEPLOYMENTS, "shop", {
      spec: { template: { spec: { containers: [{ name: "shop", image }] } } },
    });
  const pods = async () =>
    await cluster.list(PODS, { namespace, labelSelector: "app=shop" }) as KubernetesObject[];
  const heal = async () => {
    const run = await space.reconcile();
    assert.equal(run.code, 0, run.output);
    await until("the end of old pods", async () => (await pods()).length === 1);
    await setExec(kubeconfig, { namespace });
  };
  const tell = async (imageID: string) => {
    const [{ metadata: { name } } = assert.fail("no pod")] = await pods();
    await cluster.raw({
      method: "PATCH",
      path: `/api/v1/namespaces/${namespace}/pods/${name}/status`,
      contentType: "application/strategic-merge-patch+json",
      body: { status: { containerStatuses: [{ name: "shop", imageID }] } },
    });
  };

  await test.step("well", async () => {
    const said = await verify();
    assert.match(said, /^passed/);
    assert.match(said, /workloads ready","value":"1".*claims bound","value":"1"/);
    assert.match(said, /1 valid for 14 days.*config\.yaml","value":"mode 600"/);
    assert.match(said, / free","value":"\d+ %"/);
    await tell(`registry.example.com/shop@${digest("a")}`);
    assert.match(await verify(), /^passed.*images","value":"1 by digest"/);
  });
  await test.step("a file that others may read, and one that is not there", async () => {
    await Deno.chmod(file, 0o644);
    assert.match(await verify(), /config\.yaml in shop-.* has mode 644, not 600.*written by hand/);
    await Deno.rename(file, `${file}.old`);
    assert.match(await verify(), /config\.yaml can't be looked at in shop-.*pod is new/);
    await Deno.rename(`${file}.old`, file);
    await Deno.chmod(file, 0o600);
  });
  await test.step("a volume with too little space", async () => {
    await write(99);
    assert.match(await verify(), /failed: Only \d+ % of .* is free in shop-.*volume fills up/);
    await write();
  });
  await test.step("a node that runs another image than the pod names", async () => {
    await tell(`registry.example.com/shop@${digest("b")}`);
    assert.match(await verify(), /runs registry\.example\.com\/shop@sha256:b+, not .*pushed again/);
    await tell(`registry.example.com/shop@${digest("a")}`);
  });
  await test.step("another digest than the declared one", async () => {
    await image(`registry.example.com/shop:1@${digest("c")}`);
    await until("the roll-out", async () => !(await verify()).includes("at the desired revision"));
    assert.match(
      await verify(),
      /Container shop of shop has the image .*@sha256:c+, not .*@sha256:a+.*changed by hand/,
    );
  });
  await test.step("a roll-out that does not come to its end", async () => {
    await patch(DEPLOYMENTS, "shop", {
      spec: { template: { spec: { nodeSelector: { nowhere: "at-all" } } } },
    });
    const stuck = /shop wants 1 pods, and has 2: 1 ready, 1 at the desired revision A roll-out/;
    await until("the report of it", async () => stuck.test(await verify()));
    await patch(DEPLOYMENTS, "shop", {
      spec: { template: { spec: { nodeSelector: null } } },
    });
  });
  await test.step("a workload that is gone", async () => {
    await cluster.delete(DEPLOYMENTS, { namespace, name: "shop" });
    await cluster.create(DEPLOYMENTS, {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "foreign", namespace },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: "foreign" } },
        template: {
          metadata: { labels: { app: "foreign" } },
          spec: { containers: [{ name: "foreign", image: "example.com/foreign" }] },
        },
      },
    });
    assert.match(await verify(), /The Deployment shop does not exist.*deleted by hand/);
    await cluster.delete(DEPLOYMENTS, { namespace, name: "foreign" });
    await until("the end of old pods", async () => (await pods()).length === 0);
    await heal();
    assert.match(await verify(), /^passed/);
  });
  await test.step("certificates that end soon, have ended, or are for another host", async () => {
    const certificate = async (host: string, lasts: { from?: number; to?: number } = {}) => {
      const made = await makeCertificate(host, lasts);
      await patch(SECRETS, "tls", { stringData: { "tls.crt": made.certificate } });
      return await verify();
    };
    assert.match(
      await certificate(HOST, { to: 10 }),
      /certificate in Secret tls runs out within 14 days, on 20.*source was not renewed/,
    );
    assert.match(await certificate(HOST, { from: -9, to: -2 }), /Secret tls ran out on 20/);
    assert.match(await certificate("other.example.com"), /is not for shop\.example\.com/);
    await patch(SECRETS, "tls", { stringData: { "tls.crt": "nothing" } });
    assert.match(await verify(), /Secret tls holds no certificate/);
    await heal();
  });
  await test.step("a catalogue that does not tell the truth", async () => {
    await patch(CONFIG_MAPS, "catalogue", {
      metadata: { labels: { "thinkube.io/managed": null } },
    });
    assert.match(await verify(), /catalogue has no label thinkube\.io\/managed=true/);
    await heal();
    const other = CATALOGUE.replaceAll("shop", "other");
    await patch(CONFIG_MAPS, "catalogue", { data: { "service.yaml": other } });
    assert.match(await verify(), /tells of other at https:\/\/other\.example\.com.*by hand/);
    await patch(CONFIG_MAPS, "catalogue", { data: { "service.yaml": "{" } });
    assert.match(await verify(), /service\.yaml in catalogue can't be read/);
    await cluster.delete(CONFIG_MAPS, { namespace, name: "catalogue" });
    assert.match(await verify(), /ConfigMap catalogue does not exist.*written last/);
    await heal();
  });
  await test.step("a claim that no volume fits", async () => {
    await cluster.apply(CLAIMS, {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name: "lost", namespace },
      spec: {
        accessModes: ["ReadWriteOnce"],
        storageClassName: "nowhere",
        resources: { requests: { storage: "1Gi" } },
      },
    });
    assert.match(await verify(), /claim lost is Pending, not Bound.*No volume fits/);
    await cluster.delete(CLAIMS, { namespace, name: "lost" });
    await until("the end of the claim", async () => /^passed/.test(await verify()));
  });
});
