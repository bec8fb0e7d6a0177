/** The dashboard's server against a cluster: actions, streams, what appears by itself. */
import assert from "node:assert/strict";
import { Lease } from "../../lib/apply/mod.ts";
import type { CommandContext } from "../../lib/cli/command.ts";
import { runCli } from "../../lib/cli/main.ts";
import type {
  ComponentDetail,
  ComponentList,
  History,
  ObjectTexts,
  Run,
} from "../../lib/serve/contract.ts";
import { FAIL_ANNOTATION } from "../../lib/sandbox/mod.ts";
import { dashboard, firstOf } from "../dashboard.ts";
import {
  COMPONENT_YAML,
  CONFIG_MAPS,
  configMap,
  deployment,
  documents,
  JOBS,
  NAMESPACE,
  QUIET,
  type Workspace,
  workspace,
} from "../plumb.ts";

const COMPONENT = `${COMPONENT_YAML}  parameters:
    password: { type: string, secret: true, required: false, description: A password }
    color: { type: string, default: red, description: A color }
    size: { type: string, default: small, description: A size }
`;

async function write(space: Workspace, ...manifests: string[]): Promise<void> {
  await space.write({
    [`${space.name}/component.yaml`]: COMPONENT,
    [`${space.name}/app.yaml`]: documents(NAMESPACE, ...manifests),
  });
}

const CRON_JOBS = { ...JOBS, kind: "CronJob", plural: "cronjobs" };
const never = deployment("web", { template: `${FAIL_ANNOTATION}: never-ready` });

Deno.test("a component is deployed by the API, and everything that happened can be read again from any place", async () => {
  await using space = await workspace();
  await write(space, configMap("settings"), deployment("web"));
  await using served = await dashboard(space, { set: [`${space.name}.color=blue`, "other=1"] });
  const { operator, viewer } = served;
  const before = await viewer.get<ComponentList>("/api/components");
  const [row] = before.components;
  assert.equal(row?.name, space.name);
  assert.equal(row?.sync.state, "not-deployed");

  const planned = await operator.plan(space.name, { action: "deploy" });
  assert.equal(planned.state, "waiting");
  assert.deepEqual(
    planned.plan?.changes.map(({ action, object }) => `${action} ${object.kind}`),
    ["create Namespace", "create ConfigMap", "create Deployment"],
  );
  assert.equal(await space.get(CONFIG_MAPS, "settings"), undefined);
  const wrong = await operator.post(`/api/runs/${planned.id}/confirm`, { digest: "another" });
  assert.equal(wrong.status, 409);

  await operator.confirm(planned);
  const all = await Array.fromAsync(viewer.events(planned.id));
  const last = all.at(-1)?.data;
  assert.equal(last?.type === "state" && last.run.result, "applied");
  assert.deepEqual(all.map(({ id }) => Number(id)), all.map((_, index) => index + 1));
  const kinds = all.flatMap(({ data }) => data.type === "event" ? [data.event.type] : []);
  for (const kind of ["plan", "wave", "change", "health", "result"]) {
    assert.ok(kinds.some((type) => type === kind), kind);
  }
  for (const after of [1, Math.floor(all.length / 2), all.length - 1]) {
    const rest = await Array.fromAsync(operator.events(planned.id, String(after)));
    assert.deepEqual(rest, all.slice(after));
  }
  assert.deepEqual(await Array.fromAsync(operator.events(planned.id, String(all.length))), []);

  const detail = await viewer.get<ComponentDetail>(`/api/components/${space.name}`);
  assert.equal(detail.component.sync.state, "in-sync");
  assert.equal(detail.component.health.status, "current");
  const web = detail.objects.find(({ object }) => object.kind === "Deployment");
  assert.equal(web?.file, "app.yaml");
  assert.ok((web?.wave ?? 0) > 1);
  assert.ok(web?.owners.includes("plumb"));
  assert.deepEqual(
    detail.parameters.map(({ name, value, origin }) => [name, value, origin]),
    [["password", undefined, undefined], ["color", "blue", "given"], ["size", "small", "default"]],
  );
  const key = encodeURIComponent(web?.key ?? "");
  const texts = await viewer.get<ObjectTexts>(`/api/components/${space.name}/object?key=${key}`);
  assert.match(texts.desired ?? "", /kind: Deployment/);
  assert.match(texts.live ?? "", /kind: Deployment/);
  const { entries } = await viewer.get<History>(`/api/components/${space.name}/history`);
  assert.equal(entries[0]?.run, planned.id);
  assert.match(entries[0]?.by ?? "", /^ada@/);
  const again = await operator.plan(space.name, { action: "deploy" });
  assert.equal(again.result, "in-sync");
  const told = served.audit.map((line) => JSON.parse(line).audit);
  assert.deepEqual(
    told.map(({ by, action, what }) => `${by} ${action} ${what}`),
    ["asked", "confirmed", "applied", "asked", "in-sync"].map((what) => `ada deploy ${what}`),
  );
});

Deno.test("what somebody changes in the cluster appears by itself, and the plan says what heals it", async () => {
  await using space = await workspace();
  await write(space, configMap("settings"));
  await using served = await dashboard(space);
  const { operator, viewer } = served;
  await operator.confirm(await operator.plan(space.name, { action: "deploy" }));
  const inSync = firstOf(
    viewer.live(),
    (message) => message.type === "component" && message.component.sync.state === "in-sync",
  );
  await inSync;
  const messages = viewer.live();
  const drifted = firstOf(
    messages,
    (message) => message.type === "component" && message.component.sync.state === "drifted",
  );
  const name = { namespace: space.name, name: "settings" };
  await space.cluster.patch(CONFIG_MAPS, name, { data: { key: "two" } }, "merge", "kubectl-edit");
  const message = await drifted;
  assert.equal(message.type === "component" && message.component.sync.counts?.update, 1);
  const { objects } = await viewer.get<ComponentDetail>(`/api/components/${space.name}`);
  const [field] = objects.flatMap(({ change }) => change?.fields ?? []);
  assert.deepEqual([field?.path, field?.live, field?.desired, field?.owner], [
    "data.key",
    "two",
    "one",
    "kubectl-edit",
  ]);
  const planned = await operator.plan(space.name, { action: "deploy" });
  assert.equal(planned.expected?.runs, 1);
  await operator.confirm(planned);
  assert.equal((await operator.finished(planned.id)).result, "applied");
});

Deno.test("a CronJob that reconciles a component tells when it is next reconciled", async () => {
  await using space = await workspace();
  await write(space, configMap("settings"));
  const container = {
    name: "plumb",
    image: "registry.example.com/plumb:1",
    command: ["deno", "task", "--quiet", "reconcile"],
    args: [space.name, "--mode=apply"],
  };
  const template = { spec: { restartPolicy: "Never", containers: [container] } };
  const job = { namespace: "plumb-system", name: space.name };
  assert.equal((await space.reconcile(["--path", `${space.folder}/${space.name}`])).code, 0);
  await space.cluster.create(CRON_JOBS, {
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata: job,
    spec: { schedule: "30 4 1 1 *", jobTemplate: { spec: { template } } },
  });
  try {
    const scheduled = async () => {
      await using served = await dashboard(space);
      const { components } = await served.viewer.get<ComponentList>("/api/components");
      return components[0]?.schedule;
    };
    const { next, ...schedule } = await scheduled() ?? { next: "" };
    assert.deepEqual(schedule, {
      cron: "30 4 1 1 *",
      job: `plumb-system/${space.name}`,
      suspended: false,
    });
    assert.equal(next, `${new Date().getUTCFullYear() + 1}-01-01T04:30:00.000Z`);
    await space.cluster.patch(CRON_JOBS, job, { spec: { suspend: true } }, "merge", "kubectl");
    const stopped = await scheduled();
    assert.deepEqual([stopped?.suspended, stopped?.next], [true, undefined]);
  } finally {
    await space.cluster.delete(CRON_JOBS, job);
  }
});

Deno.test("a plan that does not hold any more when it is confirmed does nothing", async () => {
  await using space = await workspace();
  await write(space, configMap("settings"));
  await using served = await dashboard(space);
  const { operator } = served;
  const planned = await operator.plan(space.name, { action: "deploy" });
  await write(space, configMap("settings", "other"));
  await operator.confirm(planned);
  const done = await operator.finished(planned.id);
  assert.equal(done.result, "error");
  assert.equal(done.error?.code, "plan-moved");
  assert.equal(await space.get(CONFIG_MAPS, "settings"), undefined);
});

Deno.test("a run goes on without its viewers, is the only one, and stops when it is cancelled", async () => {
  await using space = await workspace();
  await write(space, never);
  await using served = await dashboard(space);
  const { operator, viewer } = served;
  const planned = await operator.plan(space.name, { action: "deploy" });
  await operator.confirm(planned);
  // The first viewer goes away in the middle.
  await firstOf(
    operator.events(planned.id),
    (message) => message.type === "event" && message.event.type === "health",
  );
  const other = await operator.post(`/api/components/${space.name}/runs`, { action: "deploy" });
  assert.equal(other.status, 409);
  assert.match(JSON.stringify(other.body), /ada is at work/);
  const { component } = await viewer.get<ComponentDetail>(`/api/components/${space.name}`);
  assert.deepEqual([component.holder?.by, component.holder?.run], ["ada", planned.id]);
  const refused = await viewer.post(`/api/runs/${planned.id}/cancel`);
  assert.equal(refused.status, 403);
  const cancelled = await operator.post(`/api/runs/${planned.id}/cancel`);
  assert.equal(cancelled.status, 202);
  const done = await viewer.get<Run>(`/api/runs/${planned.id}`).then(({ id }) =>
    operator.finished(id)
  );
  assert.equal(done.result, "cancelled");
  assert.equal(await Lease.holderOf(space.cluster, space.name), undefined);
});

Deno.test("who finds somebody else at work is told who it is", async () => {
  await using space = await workspace();
  await write(space, configMap("settings"));
  await using served = await dashboard(space);
  const { operator, viewer } = served;
  const lease = await Lease.acquire(space.cluster, space.name, { identity: "ann@laptop/7" });
  assert.ok(lease instanceof Lease);
  await using _ = lease;
  const { component } = await viewer.get<ComponentDetail>(`/api/components/${space.name}`);
  assert.equal(component.holder?.by, "ann@laptop/7");
  const planned = await operator.plan(space.name, { action: "deploy" });
  await operator.confirm(planned);
  const done = await operator.finished(planned.id);
  assert.equal(done.result, "busy");
  assert.match(done.message ?? "", /ann@laptop\/7/);
});

/** What a rollback keeps. */
const KEYS = `apiVersion: plumb.thinkube.io/v1alpha1
kind: GeneratedSecret
metadata: { name: keys }
spec: { generate: { SECRET_KEY: { length: 40 } } }
`;

Deno.test("a component is suspended and resumed, and rolled back when its plan is confirmed", async () => {
  await using space = await workspace();
  await write(space, configMap("settings"), KEYS);
  await using served = await dashboard(space);
  const { operator } = served;
  const act = async (request: Parameters<typeof operator.plan>[1], name?: string) => {
    const planned = await operator.plan(space.name, request);
    if (planned.state === "done") return planned;
    await operator.confirm(planned, name);
    return await operator.finished(planned.id);
  };
  assert.equal((await act({ action: "deploy" })).result, "applied");
  const reason = "moving the database";
  assert.equal((await act({ action: "suspend", reason })).result, "suspended");
  const suspended = await firstOf(
    operator.live(),
    (message) => message.type === "component" && message.component.suspended !== undefined,
  );
  assert.ok(suspended.type === "component");
  assert.equal(suspended.component.suspended?.reason, reason);
  assert.match(suspended.component.suspended?.by ?? "", /ada@/);
  assert.ok(suspended.component.actions.includes("resume"));
  assert.equal((await act({ action: "resume" })).result, "resumed");

  const planned = await operator.plan(space.name, { action: "rollback", deleteData: true });
  assert.equal(planned.plan?.confirm, "name");
  const { digest } = planned.plan ?? { digest: "" };
  const unnamed = await operator.post(`/api/runs/${planned.id}/confirm`, { digest });
  assert.equal(unnamed.status, 409);
  assert.ok(await space.get(CONFIG_MAPS, "settings"));
  // What becomes of data stands in the plan, of a rollback and of the deploy after it.
  const dataOf = ({ plan }: Run) => plan?.data.map(({ state, what }) => `${state} ${what}`);
  const keys = `Secret ${space.name}/keys, SECRET_KEY`;
  assert.deepEqual(dataOf(planned), [`lost ${keys}`]);
  const rolledBack = await act({ action: "rollback" });
  assert.equal(rolledBack.result, "rolled-back");
  assert.deepEqual(dataOf(rolledBack), [`kept ${keys}`]);
  assert.equal(await space.get(CONFIG_MAPS, "settings"), undefined);
  const again = await operator.plan(space.name, { action: "deploy" });
  assert.deepEqual(dataOf(again), [`back ${keys}`]);

  const { entries } = await operator.get<History>(`/api/components/${space.name}/history`);
  assert.deepEqual(entries.map(({ action }) => action), [
    "rollback",
    "resume",
    "suspend",
    "reconcile",
  ]);
  for (const { action, run = "" } of entries) {
    const { action: asked } = await operator.get<Run>(`/api/runs/${run}`);
    assert.equal(asked, action === "reconcile" ? "deploy" : action);
  }
});

Deno.test("Ctrl-C ends the dashboard and what it does, and leaves nothing held", async () => {
  await using space = await workspace();
  await write(space, never);
  const abort = new AbortController();
  const address = Promise.withResolvers<string>();
  const cache = await Deno.makeTempDir({ prefix: "plumb-cache-" });
  const context: CommandContext = {
    ...QUIET,
    cache,
    environment: { PATH: Deno.env.get("PATH"), HOME: Deno.env.get("HOME") },
    signal: abort.signal,
    write: (text) => {
      const [found] = /http:\S+#token=\S+/.exec(text) ?? [];
      if (found !== undefined) address.resolve(found);
    },
  };
  const args = ["serve", space.name, "--path", space.folder, "--kubeconfig", space.kubeconfig];
  const ended = runCli(args, context);
  const [base = "", token = ""] = (await address.promise).split("/#token=");
  const json = { "content-type": "application/json" };
  const body = JSON.stringify({ token });
  const session = await fetch(`${base}/api/session`, { method: "POST", headers: json, body });
  const cookie = (session.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  const { csrf } = await (await fetch(`${base}/api/me`, { headers: { cookie } })).json();
  const headers = { ...json, cookie, "x-plumb-csrf": csrf };
  const post = async (path: string, sent: unknown) =>
    await (await fetch(base + path, { method: "POST", headers, body: JSON.stringify(sent) }))
      .json();
  const { id } = await post(`/api/components/${space.name}/runs`, { action: "deploy" });
  const run = async (): Promise<Run> => await (await fetch(`${base}/api/runs/${id}`)).json();
  while ((await run()).state !== "waiting") await new Promise((resolve) => setTimeout(resolve, 50));
  await post(`/api/runs/${id}/confirm`, { digest: (await run()).plan?.digest });
  while (await Lease.holderOf(space.cluster, space.name) === undefined) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  abort.abort();
  assert.equal(await ended, 0);
  assert.equal(await Lease.holderOf(space.cluster, space.name), undefined);
  await assert.rejects(fetch(`${base}/healthz`));
  await Deno.remove(cache, { recursive: true });
});
