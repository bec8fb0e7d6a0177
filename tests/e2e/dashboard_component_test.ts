/** `manifests/plumb-dashboard`: deployed by Plumb as a whole, it gives the dashboard what it needs, and no more. */
import assert from "node:assert/strict";
import { installPlatform, tlsSecretName } from "../../lib/cli/platform.ts";
import { Cluster, ClusterError, type Resource } from "../../lib/cluster/mod.ts";
import { startSandbox } from "../../lib/sandbox/mod.ts";
import type { ComponentDetail, ComponentList, Pods } from "../../lib/serve/contract.ts";
import { type Client, dashboard, firstOf } from "../dashboard.ts";
import { type Keycloak, testKeycloak } from "../contract/servers/keycloak.ts";
import {
  CONFIG_MAPS,
  configMap,
  deployment,
  DEPLOYMENTS,
  documents,
  NAMESPACE,
  NAMESPACES,
  planOf,
  plumb,
  QUIET,
  SECRETS,
  tokenKubeconfig,
} from "../plumb.ts";

const SYSTEM = "plumb-system";
const DOMAIN = "example.com";
const IMAGE = `registry.example.com/plumb:1.0.0@sha256:${"0123456789abcdef".repeat(4)}`;
const folderOf = (component: string) =>
  new URL(`../../manifests/${component}`, import.meta.url).pathname;
const LOGS: Resource = {
  group: "kwok.x-k8s.io",
  version: "v1alpha1",
  kind: "Logs",
  plural: "logs",
  namespaced: true,
};

Deno.test("the dashboard is deployed by Plumb, and does its work as the account that it gets", async (test) => {
  await using stack = new AsyncDisposableStack();
  // Its names are of the whole cluster, so it is one of its own.
  const [sandbox, keycloak] = await Promise.all([startSandbox(), testKeycloak()]);
  stack.use(sandbox);
  const { kubeconfig: admin } = sandbox;
  using cluster = await Cluster.connect({ kubeconfig: admin, environment: {} });
  // Nothing in its namespace runs with more than the restricted standard allows.
  const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
  await cluster.create(NAMESPACES, {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: SYSTEM, labels },
  });
  const { adminUsername: username, adminPassword: password } = keycloak;
  stack.use(
    await installPlatform(
      { kubeconfig: admin, domain: DOMAIN, keycloak: { username, password } },
      QUIET,
    ),
  );
  await letViewersSee(cluster, "kwok.x-k8s.io", ["execs", "logs"]);
  const realm = await makeRealm(keycloak);
  stack.defer(() => remove(keycloak, realm));

  await test.step("it is applied as a whole, and stays as it is", async () => {
    const rights = await plumb(["reconcile", "--path", folderOf("plumb")], { kubeconfig: admin });
    assert.equal(rights.code, 0, rights.output.slice(-3_000));
    const settings = [
      ...[`domain=${DOMAIN}`, `image=${IMAGE}`, `oauth2ProxyImage=${IMAGE}`, `realm=${realm}`],
      ...["source=https://git.example.com/team/platform.git", "ingressAddresses=10.1.0.0/16"],
      ...[`tlsSecret=${tlsSecretName(DOMAIN)}`, `keycloakServer=${keycloak.url}`],
    ].flatMap((setting) => ["--set", setting]);
    const install = () =>
      plumb(["reconcile", "--path", folderOf("plumb-dashboard"), ...settings], {
        kubeconfig: admin,
      });
    const first = await install();
    assert.equal(first.code, 0, first.output.slice(-3_000));
    const again = await install();
    assert.deepEqual([again.code, planOf(again)], [0, []], again.output.slice(-3_000));
    for (const name of ["plumb-dashboard", "oauth2-proxy"]) {
      const found = await cluster.get(DEPLOYMENTS, { namespace: SYSTEM, name });
      assert.match(JSON.stringify(found?.["status"]), /"readyReplicas":1/);
    }
  });

  const { kubeconfig } = stack.use(await tokenKubeconfig(cluster, admin, "plumb-dashboard"));
  const folder = await Deno.makeTempDir({ prefix: "plumb-web-" });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  await Deno.mkdir(`${folder}/web`);
  await Deno.writeTextFile(
    `${folder}/web/component.yaml`,
    "apiVersion: plumb.thinkube.io/v1alpha1\nkind: Component\nmetadata: { name: web }\n" +
      'spec: { namespace: web, manifests: ["web.yaml"], policy: "off", verify: { checks: [{ check: deployment }] } }\n',
  );
  await Deno.writeTextFile(
    `${folder}/web/web.yaml`,
    documents(NAMESPACE, configMap("settings"), deployment("web", { image: IMAGE }))
      .replaceAll("NAMESPACE", "web"),
  );
  const served = stack.use(
    await dashboard({ folder, name: "web", kubeconfig }, { component: undefined }),
  );
  const { operator, viewer } = served;

  await test.step("as its account it deploys, sees drift as it happens, and verifies", async () => {
    const { components, cluster: reach } = await viewer.get<ComponentList>("/api/components");
    assert.equal(reach.error, undefined);
    // Of what was deployed from elsewhere, itself among it, the cluster's records tell.
    assert.deepEqual(
      components.map(({ name, sync, health, lastRun }) => [
        name,
        sync.state,
        health.status,
        lastRun?.outcome,
      ]),
      [
        ["platform", "elsewhere", "current", "applied"],
        ["plumb", "elsewhere", "current", "applied"],
        ["plumb-dashboard", "elsewhere", "current", "applied"],
        ["web", "not-deployed", "unknown", undefined],
      ],
    );
    const rights = components.find(({ name }) => name === "plumb");
    assert.match(rights?.sync.message ?? "", /deployed from .*manifests\/plumb, which/);
    assert.match(rights?.sync.hint ?? "", /plumb reconcile/);
    assert.equal(await act(operator, "deploy"), "applied");
    const { component } = await viewer.get<ComponentDetail>("/api/components/web");
    assert.deepEqual([component.sync.state, component.health.status], ["in-sync", "current"]);
    const drifted = firstOf(
      viewer.live(),
      (message) => message.type === "component" && message.component.sync.state === "drifted",
    );
    const settings = { namespace: "web", name: "settings" };
    await cluster.patch(CONFIG_MAPS, settings, { data: { key: "two" } }, "merge", "kubectl-edit");
    await drifted;
    assert.equal(await act(operator, "deploy"), "applied");
    assert.equal(await act(operator, "verify"), "verified");
  });

  await test.step("it reads logs, and rolls back", async () => {
    using own = await Cluster.connect({ kubeconfig, environment: {} });
    const logs = { namespace: "web", verb: "list", group: LOGS.group, resource: "logs" };
    while (!await may(own, logs)) await new Promise((resolve) => setTimeout(resolve, 100));
    const { pods: [pod] } = await viewer.get<Pods>("/api/components/web/pods");
    assert.equal(pod?.owner?.name, "web");
    const file = `${folder}/app.log`;
    await Deno.writeTextFile(file, "2026-01-01T00:00:00.000000000Z stdout F hello\n");
    await cluster.create(LOGS, {
      apiVersion: "kwok.x-k8s.io/v1alpha1",
      kind: "Logs",
      metadata: { name: pod?.name, namespace: "web" },
      spec: { logs: [{ containers: ["app"], logsFile: file, follow: true }] },
    });
    assert.match(await followed(viewer, `namespace=web&pod=${pod?.name}&container=app`), /hello/);
    await cluster.delete(LOGS, { namespace: "web", name: pod?.name ?? "" });
    assert.equal(await act(operator, "rollback"), "rolled-back");
    assert.equal(await cluster.get(DEPLOYMENTS, { namespace: "web", name: "web" }), undefined);
  });

  await test.step("files of code-server are written by it, and it gives nobody rights", async () => {
    using own = await Cluster.connect({ kubeconfig, environment: {} });
    assert.equal(await may(own, { namespace: "code-server", verb: "create", ...EXEC }), true);
    assert.equal(await may(own, { namespace: "web", verb: "create", ...EXEC }), false);
    for (const resource of ["clusterrolebindings", "rolebindings", "clusterroles"]) {
      const group = "rbac.authorization.k8s.io";
      assert.equal(await may(own, { namespace: SYSTEM, verb: "create", group, resource }), false);
    }
    await assert.rejects(
      () =>
        own.create({ ...SECRETS, kind: "ServiceAccount", plural: "serviceaccounts" }, {
          apiVersion: "v1",
          kind: "ServiceAccount",
          metadata: { namespace: SYSTEM, name: "another" },
        }),
      (error) => error instanceof ClusterError && error.status === 403,
    );
  });
});

const EXEC = { group: "", resource: "pods", subresource: "exec" };

/** What the API server says that the credentials allow. */
async function may(
  cluster: Cluster,
  resourceAttributes: Readonly<Record<string, string>>,
): Promise<boolean> {
  const answer = await cluster.raw({
    method: "POST",
    path: "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
    body: {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SelfSubjectAccessReview",
      spec: { resourceAttributes },
    },
  }) as { status: { allowed: boolean } };
  return answer.status.allowed;
}

async function act(operator: Client, action: "deploy" | "verify" | "rollback") {
  const planned = await operator.plan("web", { action });
  assert.equal(planned.state, "waiting", JSON.stringify(planned));
  await operator.confirm(planned);
  const done = await operator.finished(planned.id);
  assert.equal(done.error, undefined, JSON.stringify(done.error));
  return done.result;
}

/** The first lines of a log. */
async function followed({ address, cookie }: Client, query: string): Promise<string> {
  const url = `${address.replace("http", "ws")}/api/components/web/logs?${query}`;
  const socket = new WebSocket(url, { headers: { cookie, origin: address } });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  socket.addEventListener("message", ({ data }) => {
    if (/"type":"(lines|error)"/.test(data)) resolve(data);
  });
  socket.addEventListener("error", () => reject(new Error("the socket is broken")));
  const closed = new Promise((done) => socket.addEventListener("close", done));
  const text = await promise;
  socket.close();
  await closed;
  return text;
}

/** As operators do it for their kinds: what is in the cluster's role view, a rollback sees. */
async function letViewersSee(cluster: Cluster, group: string, resources: string[]): Promise<void> {
  const rbac = "rbac.authorization.k8s.io";
  const name = `${group}-view`;
  await cluster.create(
    { group: rbac, version: "v1", kind: "ClusterRole", plural: "clusterroles", namespaced: false },
    {
      apiVersion: `${rbac}/v1`,
      kind: "ClusterRole",
      metadata: { name, labels: { [`${rbac}/aggregate-to-view`]: "true" } },
      rules: [{ apiGroups: [group], resources, verbs: ["list"] }],
    },
  );
}

async function makeRealm(keycloak: Keycloak): Promise<string> {
  const realm = `plumb-${crypto.randomUUID().slice(0, 8)}`;
  const answer = await keycloak.admin("", { method: "POST", json: { realm, enabled: true } });
  assert.equal(answer.status, 201, await answer.text());
  return realm;
}

async function remove(keycloak: Keycloak, realm: string): Promise<void> {
  await (await keycloak.admin(`/${realm}`, { method: "DELETE" })).body?.cancel();
}
