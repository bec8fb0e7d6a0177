/**
 * `plumb verify cvat` as after a deploy: CVAT's manifests in a real cluster, and behind the ports of its pods, which are
 * reached through the API server, real servers. What is public goes through nginx and OAuth2 Proxy as the Ingress objects say.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import postgres from "postgres";
import { installPlatform, tlsSecretName } from "../../lib/cli/platform.ts";
import { Cluster } from "../../lib/cluster/mod.ts";
import type { Event } from "../../lib/event.ts";
import { forwardPort, startSandbox } from "../../lib/sandbox/mod.ts";
import { startCvatWithOpa } from "../contract/cvat/verified.ts";
import { startStack } from "../contract/identity.ts";
import { startChdb } from "../contract/servers/chdb.ts";
import { startPostgres } from "../contract/servers/postgres.ts";
import { startValkey } from "../contract/servers/valkey.ts";
import { plumb, PODS, QUIET, SECRETS } from "../plumb.ts";

const MANIFESTS = new URL("../../manifests/cvat", import.meta.url).pathname;
const PASSWORDS = {
  PLUMB_PARAMETER_ADMIN_PASSWORD: "admin-password-of-the-test",
  PLUMB_PARAMETER_POSTGRES_PASSWORD: "postgres-password-of-the-test",
  PLUMB_PARAMETER_CLICKHOUSE_PASSWORD: "clickhouse-password",
  PLUMB_PARAMETER_OAUTH2_CLIENT_SECRET: "client-secret-of-the-test",
};
const IMAGES = ["server", "ui", "opa", "postgres", "valkey", "kvrocks", "vector", "oauth2Proxy"];
const QUEUES = [
  "import",
  "export",
  "chunks",
  "notifications",
  "cleaning",
  "annotation",
  "consensus",
  "quality_reports",
  "webhooks",
];
const EVENTS = `CREATE TABLE cvat.events (scope String, obj_name Nullable(String),
  obj_id Nullable(UInt64), obj_val Nullable(String), source String, timestamp DateTime64(3, 'Etc/UTC'),
  count Nullable(UInt16), duration UInt32 DEFAULT 0, project_id Nullable(UInt64), task_id Nullable(UInt64),
  job_id Nullable(UInt64), user_id Nullable(UInt64), user_name Nullable(String), user_email Nullable(String),
  org_id Nullable(UInt64), org_slug Nullable(String), payload Nullable(String), access_token_id Nullable(UInt64))
  ENGINE = MergeTree PARTITION BY toYYYYMM(timestamp) ORDER BY timestamp`;

/** CVAT's folder, with another issuer: the sandbox has no name for Keycloak. */
async function manifestsWith(issuer: string, folder: string): Promise<string> {
  const target = join(folder, "cvat");
  await new Deno.Command("cp", { args: ["-r", MANIFESTS, target] }).output();
  const file = join(target, "component.yaml");
  const text = await Deno.readTextFile(file);
  const changed = text.replace("https://${authHost}/realms/${realm}", issuer);
  assert.notEqual(changed, text);
  await Deno.writeTextFile(file, changed);
  return target;
}

Deno.test("verify proves a deployed CVAT through the API server, and tells what breaks", async (test) => {
  const folder = await Deno.makeTempDir({ prefix: "plumb-verify-" });
  await using disposables = new AsyncDisposableStack();
  disposables.defer(() => Deno.remove(folder, { recursive: true }));
  const [sandbox, database, events] = await Promise.all([
    startSandbox(),
    startPostgres(),
    startChdb(),
  ]);
  for (const one of [sandbox, database, events]) disposables.use(one);
  const { kubeconfig } = sandbox;
  await events.query("CREATE DATABASE cvat");
  await events.query(EVENTS);
  const cvat = disposables.use(
    await startCvatWithOpa({
      accounts: [
        {
          username: "admin",
          password: PASSWORDS.PLUMB_PARAMETER_ADMIN_PASSWORD,
          group: "admin",
        },
        { username: "other", password: "other-password", group: "user" },
      ],
      sink: async (rows) => {
        for (const { scope, obj_name } of rows) {
          const row = JSON.stringify({
            scope,
            obj_name,
            source: "client",
            timestamp: "2026-01-01 00:00:00",
          });
          await events.query(`INSERT INTO cvat.events FORMAT JSONEachRow ${row}`);
        }
      },
    }),
  );
  const stack = disposables.use(await startStack({ backend: cvat.cvat.port }));
  const authority = join(folder, "authority.pem");
  await Deno.writeTextFile(authority, stack.outside.authority ?? "");
  const path = await manifestsWith(stack.issuer, folder);
  disposables.use(
    await installPlatform({
      kubeconfig,
      domain: "example.com",
      keycloak: { username: "admin", password: "unused" },
    }, QUIET),
  );
  const parameters = [
    "--path",
    path,
    ...[
      "domain=example.com",
      `tlsSecret=${tlsSecretName("example.com")}`,
      "keycloakClient=given",
      "outsider=other-account",
      ...IMAGES.map((name) => `${name}Digest=sha256:${"0123456789abcdef".repeat(4)}`),
    ].flatMap((value) => ["--set", value]),
  ];
  const settings = { kubeconfig, environment: PASSWORDS };
  const deployed = await plumb(["reconcile", ...parameters], settings);
  assert.equal(deployed.code, 0, deployed.output.slice(-2_000));

  using cluster = await Cluster.connect({ kubeconfig, environment: {} });
  const secretOf = async (name: string, key: string) => {
    const found = await cluster.get(SECRETS, { namespace: "cvat", name });
    return atob((found?.["data"] as Record<string, string>)[key] ?? "");
  };
  await cluster.create(SECRETS, {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "other-account", namespace: "cvat" },
    stringData: { username: "other", password: "other-password" },
  });
  const superuser = postgres({
    host: "127.0.0.1",
    port: database.port,
    user: database.superuser,
    password: database.password,
    database: "postgres",
    max: 1,
    onnotice: () => {},
  });
  const password = await secretOf("cvat-secrets", "POSTGRES_PASSWORD");
  await superuser.unsafe(`CREATE ROLE cvat LOGIN PASSWORD '${password}'`);
  await superuser`CREATE DATABASE cvat OWNER cvat`;
  await superuser.end();
  const owner = postgres({
    host: "127.0.0.1",
    port: database.port,
    user: "cvat",
    password,
    database: "cvat",
    max: 1,
  });
  await owner`CREATE TABLE django_migrations (app text, name text)`;
  await owner`INSERT INTO django_migrations VALUES ('engine', '0100_alter_task_mode')`;
  await owner.end();
  const [queues, cache] = await Promise.all([
    startValkey({
      password: await secretOf("cvat-secrets", "VALKEY_PASSWORD"),
      settings: { appendonly: "yes" },
    }),
    startValkey({
      password: await secretOf("cvat-media-cache", "password"),
      settings: { appendonly: "yes" },
    }),
  ]);
  disposables.use(queues);
  disposables.use(cache);
  const pods = await cluster.list(PODS, {
    namespace: "cvat",
    labelSelector: "app.kubernetes.io/component=worker",
  });
  for (const queue of QUEUES) {
    const worker = `rq:worker:${queue}`;
    await queues.command("SADD", `rq:workers:${queue}`, worker);
    await queues.command("HSET", worker, "hostname", pods[0]?.metadata.name ?? "");
  }
  const ports: readonly (readonly [namespace: string, port: number, to: number])[] = [
    ["postgres", 5432, database.port],
    ["valkey", 6379, queues.port],
    ["clickhouse", 8123, events.port],
    ["cvat", 6666, cache.port],
    ["cvat", 6379, stack.sessions.port],
    ["cvat", 8181, cvat.opaPort],
    ["cvat", 8080, cvat.cvat.port],
  ];
  for (const [namespace, port, to] of ports) await forwardPort(kubeconfig, { namespace, port, to });

  const verify = (...args: string[]) =>
    plumb([
      "verify",
      ...parameters,
      "--resolve",
      `${stack.outside.host}=127.0.0.1:${stack.outside.port}`,
      "--certificate-authority",
      authority,
      ...args,
    ], settings);
  const ends = ({ events }: { readonly events: readonly Event[] }) =>
    new Map(
      events.flatMap((event) =>
        event.type === "check" && event.status !== "running" ? [[event.name, event] as const] : []
      ),
    );

  await test.step("every check passes", async () => {
    const run = await verify();
    assert.equal(run.code, 0, run.output);
    assert.deepEqual([...ends(run).keys()].sort(), [
      "certificate",
      "clickhouse",
      "cvat-events",
      "cvat-export",
      "cvat-health",
      "cvat-media",
      "cvat-rules",
      "cvat-task",
      "deployment",
      "forged-identity",
      "media-cache",
      "opa",
      "other-queues",
      "postgres",
      "queues",
      "sessions",
      "sign-in",
    ]);
    const total = run.events.find((event) => event.type === "verified");
    assert.ok(total?.type === "verified" && total.passed === 17);
    assert.ok((total.sequentialSeconds ?? 0) > 0);
    for (const secret of [...Object.values(PASSWORDS), password]) {
      assert.ok(!run.output.includes(secret));
    }
    assert.deepEqual(cvat.cvat.violations, []);
    assert.deepEqual(cvat.cvat.tasks(), []);
  });
  await test.step("reconcile --verify does the same after it", async () => {
    const way = ["--resolve", `${stack.outside.host}=127.0.0.1:${stack.outside.port}`];
    const run = await plumb(
      ["reconcile", ...parameters, "--verify", ...way, "--certificate-authority", authority],
      settings,
    );
    assert.equal(run.code, 0, run.output.slice(-3_000));
    assert.equal(ends(run).size, 17);
  });
  await test.step("a forged header that is believed inside is told", async () => {
    cvat.cvat.faults.trustsHeaders = true;
    const run = await verify("--only", "forged-identity");
    assert.equal(run.code, 3);
    assert.match(ends(run).get("forged-identity")?.message ?? "", /X-Auth-Request-User/i);
    cvat.cvat.faults.trustsHeaders = false;
  });
  await test.step("eviction where queues live is told, and so is a queue without a worker", async () => {
    await queues.command("CONFIG", "SET", "maxmemory-policy", "allkeys-lru");
    const run = await verify("--only", "queues");
    assert.equal(run.code, 3);
    assert.match(ends(run).get("queues")?.message ?? "", /evicts \(allkeys-lru\)/);
    await queues.command("CONFIG", "SET", "maxmemory-policy", "noeviction");
    await queues.command("DEL", "rq:workers:export");
    assert.match(
      ends(await verify("--only", "queues")).get("queues")?.message ?? "",
      /No worker serves the queue export/,
    );
    await queues.command(
      "HSET",
      "rq:worker:import",
      "hostname",
      "cvat-worker-import-0123456-abcde",
    );
    await queues.command("SADD", "rq:workers:export", "rq:worker:export");
    assert.match(
      ends(await verify("--only", "queues")).get("queues")?.message ?? "",
      /No worker serves the queue import, .* 1 more registered that are gone/,
    );
  });
  await test.step("a workload with too few pods is told, with what to look at next", async () => {
    const scale = { spec: { replicas: 0 } };
    const name = { namespace: "cvat", name: "opa" };
    const deployments = {
      group: "apps",
      version: "v1",
      kind: "Deployment",
      plural: "deployments",
      namespaced: true,
    };
    await cluster.patch(deployments, name, scale, "merge", "kubectl-scale");
    while (
      (await cluster.list({ ...deployments, group: "", kind: "Pod", plural: "pods" }, {
        namespace: "cvat",
        labelSelector: "app=opa",
      })).length > 0
    ) await new Promise((resolve) => setTimeout(resolve, 200));
    const run = await verify("--only", "opa", "--output", "junit");
    assert.equal(run.code, 3);
    assert.match(run.output, /<failure[^>]*Service cvat\/opa has no ready pod/);
  });
  await test.step("an unknown check is an error with a suggestion", async () => {
    const run = await verify("--only", "valky");
    assert.equal(run.code, 1);
    assert.match(run.output, /There is no check valky/);
  });
});
