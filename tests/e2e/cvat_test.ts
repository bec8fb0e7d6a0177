/** CVAT as it stands in `manifests/`, with exactly the permissions of `manifests/plumb`; and the demo. */
import assert from "node:assert/strict";
import { installPlatform, tlsSecretName } from "../../lib/cli/platform.ts";
import { Cluster } from "../../lib/cluster/mod.ts";
import { isMap } from "../../lib/field_path.ts";
import { testKeycloak } from "../contract/servers/keycloak.ts";
import { startSandbox } from "../../lib/sandbox/mod.ts";
import {
  actionsOf,
  CLAIMS,
  DEPLOYMENTS,
  JOBS,
  NAMESPACES,
  planOf,
  plumb,
  QUIET,
  SECRETS,
  tokenKubeconfig,
} from "../plumb.ts";
import { renderCvat } from "../cvat.ts";
import { moduleFolder, RELEASES } from "../releases.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const DOMAIN = "example.com";
/** All but the files in code-server. */
const OBJECTS = 57;
const environment = {
  PLUMB_PARAMETER_ADMIN_PASSWORD: "admin-password-of-the-test",
  PLUMB_PARAMETER_POSTGRES_PASSWORD: "postgres-password-of-the-test",
  PLUMB_PARAMETER_CLICKHOUSE_PASSWORD: "clickhouse-password-of-the-test",
};
const images = ["server", "ui", "opa", "postgres", "valkey", "kvrocks", "vector", "oauth2Proxy"];
const parameters = [
  "--path",
  `${ROOT}/manifests/cvat`,
  "--set",
  `domain=${DOMAIN}`,
  "--set",
  `tlsSecret=${tlsSecretName(DOMAIN)}`,
  ...images.flatMap((name) => ["--set", `${name}Digest=sha256:${"0123456789abcdef".repeat(4)}`]),
];

Deno.test("CVAT: every step, with the shipped permissions; a second run changes nothing; drift heals; no secret shows", async () => {
  await using sandbox = await startSandbox();
  const admin = sandbox.kubeconfig;
  using cluster = await Cluster.connect({ kubeconfig: admin, environment: {} });
  const server = await testKeycloak();
  const keycloak = { username: server.adminUsername, password: server.adminPassword };
  await using _platform = await installPlatform(
    { kubeconfig: admin, domain: DOMAIN, keycloak },
    QUIET,
  );
  const realm = `cvat-${crypto.randomUUID().slice(0, 8)}`;
  await (await server.admin("", { method: "POST", json: { realm, enabled: true } })).body?.cancel();
  assert.equal(
    (await plumb(["reconcile", "--path", `${ROOT}/manifests/plumb`], { kubeconfig: admin })).code,
    0,
  );
  await using apply = await tokenKubeconfig(cluster, admin, "plumb-apply");
  await using observe = await tokenKubeconfig(cluster, admin, "plumb-observe");
  const settings = { kubeconfig: apply.kubeconfig, environment };
  const login = ["--set", `keycloakServer=${server.url}`, "--set", `realm=${realm}`];
  const run = (...args: string[]) => plumb([...args, ...parameters, ...login], settings);

  const observed = (...args: string[]) =>
    plumb(["diff", ...args, ...parameters, ...login], { ...settings, ...observe });
  const diff = await observed();
  assert.equal(diff.code, 2, diff.output.slice(-2_000));
  const first = await run("reconcile");
  assert.equal(first.code, 0, first.output.slice(-3_000));
  assert.deepEqual(first.events.filter((event) => event.type === "violation"), []);
  // There is no code-server: its six files wait for it.
  const warnings = first.events.flatMap((event) => event.type === "warning" ? [event.message] : []);
  assert.equal(warnings.length, 1, warnings.join("\n"));
  assert.equal(warnings[0]?.match(/PodFile/g)?.length, 6);
  assert.equal(first.events.filter((event) => event.type === "requirement" && event.met).length, 4);
  assert.equal(planOf(first).length, OBJECTS);
  const sizes = await Promise.all(["data", "keys", "logs", "models"].map(async (name) => {
    const spec = (await cluster.get(CLAIMS, { namespace: "cvat", name: `cvat-${name}-pvc` }))
      ?.["spec"];
    return isMap(spec) && isMap(spec["resources"]) && isMap(spec["resources"]["requests"])
      ? spec["resources"]["requests"]["storage"]
      : undefined;
  }));
  assert.deepEqual(sizes, ["20Gi", "1Gi", "5Gi", "10Gi"]);

  const again = await run("reconcile");
  assert.deepEqual([again.code, planOf(again)], [0, []]);
  assert.deepEqual(planOf(await observed("--refresh")), []);

  const secret = (await cluster.get(SECRETS, { namespace: "cvat", name: "cvat-secrets" }))
    ?.["data"];
  assert.ok(isMap(secret));
  await cluster.patch(
    DEPLOYMENTS,
    { namespace: "cvat", name: "opa" },
    { spec: { replicas: 4 } },
    "merge",
    "kubectl-scale",
  );
  await cluster.delete(JOBS, { namespace: "cvat", name: "cvat-db-init" });
  const healed = await run("reconcile");
  assert.equal(healed.code, 0, healed.output.slice(-2_000));
  assert.deepEqual(actionsOf(healed), ["create Job/cvat-db-init", "update Deployment/opa"]);
  assert.deepEqual(
    (await cluster.get(SECRETS, { namespace: "cvat", name: "cvat-secrets" }))?.["data"],
    secret,
  );

  await aggregateToView(cluster, ["kwok.x-k8s.io"], ["execs", "logs"]);
  const clients = async () =>
    await (await server.admin(`/${realm}/clients?clientId=cvat`)).json() as unknown[];
  const volumes = async () =>
    Object.fromEntries(
      (await cluster.list(CLAIMS, { namespace: "cvat" }))
        .map(({ metadata, spec }) => [metadata.name, isMap(spec) ? spec["volumeName"] : undefined]),
    );
  const bound = await volumes();
  assert.equal(Object.keys(bound).length, 5);
  assert.equal((await clients()).length, 1);
  const removed = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "rollback", "cvat", "--yes", "--kubeconfig", apply.kubeconfig],
    cwd: ROOT,
  }).output();
  const removal = new TextDecoder().decode(removed.stdout);
  assert.equal(removed.code, 0, removal + new TextDecoder().decode(removed.stderr));
  assert.match(removal, /= PostgreSQL database cvat, with its role: Service postgres\//);
  assert.match(removal, /✓ cvat is rolled back; its data is kept for the next deploy/);
  assert.equal(await cluster.get(NAMESPACES, { name: "cvat" }), undefined);
  assert.deepEqual(await clients(), []);
  const back = await run("reconcile");
  assert.equal(back.code, 0, back.output.slice(-2_000));
  assert.deepEqual(await volumes(), bound);
  assert.deepEqual(
    (await cluster.get(SECRETS, { namespace: "cvat", name: "cvat-secrets" }))?.["data"],
    secret,
  );
  assert.equal((await clients()).length, 1);

  const told = { output: removal };
  const said = [diff, first, again, healed, told, back].map(({ output }) => output).join("\n");
  for (
    const value of [
      ...Object.values(environment),
      ...Object.values(secret).map((encoded) => atob(String(encoded))).filter((text) =>
        text.length > 8 && !text.includes("@")
      ),
    ]
  ) {
    assert.ok(!said.includes(value) && !said.includes(btoa(value)), "a secret value was shown");
  }
});

/** Lets whoever may view see some kinds, as operators do with theirs. */
async function aggregateToView(
  cluster: Cluster,
  apiGroups: readonly string[],
  resources: readonly string[],
): Promise<void> {
  const apiVersion = "rbac.authorization.k8s.io/v1";
  const [kind, plural, namespaced] = ["ClusterRole", "clusterroles", false];
  const resource = { group: "rbac.authorization.k8s.io", version: "v1", kind, plural, namespaced };
  const labels = { "rbac.authorization.k8s.io/aggregate-to-view": "true" };
  const metadata = { name: "test-view", labels };
  const rules = [{ apiGroups, resources, verbs: ["list"] }];
  await cluster.create(resource, { apiVersion, kind, metadata, rules });
}

Deno.test("CVAT with the Gateway API: its routes fit the real definitions", async () => {
  const release = RELEASES.find(({ name }) => name === "gateway-api");
  assert.ok(release);
  // Definitions are of the whole cluster, so it is one of its own.
  await using sandbox = await startSandbox({ components: [] });
  using cluster = await Cluster.connect({ kubeconfig: sandbox.kubeconfig, environment: {} });
  const folder = await moduleFolder(release);
  const copy = await Deno.makeTempDir();
  for (const path of release.files.filter((path) => path.includes("/crd/"))) {
    await Deno.copyFile(`${folder}/${path}`, `${copy}/${path.replaceAll("/", "-")}`);
  }
  const { kubeconfig } = sandbox;
  assert.equal((await plumb(["reconcile", "--path", copy], { kubeconfig })).code, 0);
  await Deno.remove(copy, { recursive: true });
  const routes = (await renderCvat({ exposure: "gateway" })).map(({ object }) => object)
    .filter(({ kind }) => kind === "HTTPRoute");
  assert.equal(routes.length, 2);
  for (const route of routes) {
    const object = { ...route, metadata: { ...route.metadata, namespace: "default" } };
    await cluster.apply(HTTP_ROUTES, object, { dryRun: true });
    const wrong = {
      ...object,
      spec: { ...route["spec"] as object, rules: [{ timeouts: { request: "soon" } }] },
    };
    await assert.rejects(cluster.apply(HTTP_ROUTES, wrong, { dryRun: true }));
  }
});

const HTTP_ROUTES = {
  group: "gateway.networking.k8s.io",
  version: "v1",
  kind: "HTTPRoute",
  plural: "httproutes",
  namespaced: true,
};

Deno.test("the demo shows what it claims, and leaves nothing behind", async () => {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "demo"],
    cwd: ROOT,
    env: { CI: "true" },
  });
  const { code, stdout, stderr } = await command.output();
  const text = new TextDecoder().decode(stdout);
  assert.equal(code, 0, text.slice(-2_000) + new TextDecoder().decode(stderr).slice(-2_000));
  assert.match(text, new RegExp(`✓ The cluster is now as Git says \\(${OBJECTS} to create`));
  assert.match(text, new RegExp(`✓ The cluster is as Git says \\(${OBJECTS + 6} unchanged`));
  assert.match(
    text,
    /- 3 {2}set by kubectl-scale, \d{4}-\d\d-\d\dT\S+ \(\d+ seconds? ago\)\n +\+ 1 {2}06-backend\.yaml:\d+/,
  );
  assert.match(
    text,
    /Deployment cvat\/cvat-backend updated {2}took spec\.replicas from kubectl-scale/,
  );
});
