/** A rollback keeps volumes and secrets, a deploy brings them back, and whatever interrupts either, nothing is lost. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { Event } from "../../lib/event.ts";
import { readJournal } from "../../lib/apply/mod.ts";
import { readRetained } from "../../lib/apply/retained.ts";
import { Cluster } from "../../lib/cluster/mod.ts";
import { isMap } from "../../lib/field_path.ts";
import { setExec } from "../../lib/sandbox/mod.ts";
import type { KubernetesObject } from "../../lib/object.ts";
import {
  actionsOf,
  CLAIMS,
  CONFIG_MAPS,
  configMap,
  deployment,
  DEPLOYMENTS,
  documents,
  errorOf,
  NAMESPACE,
  NAMESPACES,
  outcomeOf,
  planOf,
  plumb,
  PODS,
  type Run,
  type RunSettings,
  SECRETS,
  type Workspace,
  workspace,
} from "../plumb.ts";
import { isWrite, type RecordedRequest, startRecorder } from "../recorder.ts";

const VOLUMES = {
  group: "",
  version: "v1",
  kind: "PersistentVolume",
  plural: "persistentvolumes",
  namespaced: false,
};
const MAIN = new URL("../../main.ts", import.meta.url).pathname;

const CLAIM = `apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: data }
spec:
  accessModes: [ReadWriteOnce]
  resources: { requests: { storage: 2Gi } }
`;
const KEYS = `apiVersion: plumb.thinkube.io/v1alpha1
kind: GeneratedSecret
metadata: { name: keys }
spec:
  generate: { SECRET_KEY: { length: 40 }, TOKEN: { length: 20, rotation: first } }
  data: { given: from-git }
`;
const SERVICE = `apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ port: 80 }] }
`;
const STORE = `apiVersion: apps/v1
kind: StatefulSet
metadata: { name: store }
spec:
  serviceName: store
  selector: { matchLabels: { app: store } }
  template:
    metadata: { labels: { app: store } }
    spec: { containers: [{ name: app, image: "registry.example.com/app:1" }] }
  volumeClaimTemplates:
    - metadata: { name: disk }
      spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
`;
const APPLICATION = documents(
  NAMESPACE,
  CLAIM,
  KEYS,
  SERVICE,
  configMap("settings"),
  deployment("web"),
  STORE,
);

const COMPONENT = `apiVersion: plumb.thinkube.io/v1alpha1
kind: Component
metadata: { name: NAMESPACE }
spec:
  namespace: NAMESPACE
  policy: "off"
  retain:
    reclaimPolicy: former
    outside: [{ what: Its database, where: Elsewhere, back: It is opened again. }]
`;

const rollback = (space: Workspace, args: readonly string[] = [], settings: RunSettings = {}) =>
  plumb(["rollback", space.name, "--timeout", "60s", ...args], {
    kubeconfig: space.kubeconfig,
    ...settings,
  });

/** Deploys the application, and writes something to its volumes. */
async function deployed(): Promise<Workspace> {
  const space = await workspace();
  await space.write({ "app.yaml": APPLICATION });
  const run = await space.reconcile();
  assert.equal(run.code, 0, run.output.slice(-2_000));
  for (const { path } of Object.values(await volumesOf(space))) {
    await Deno.writeTextFile(join(path, "precious"), space.name);
  }
  return {
    ...space,
    async [Symbol.asyncDispose]() {
      const { name } = space;
      const volumes = Object.values(await volumesOf(space));
      await space[Symbol.asyncDispose]();
      using own = await Cluster.connect({ kubeconfig: space.kubeconfig, environment: {} });
      for (const kind of ["retained", "journal"]) {
        await own.delete(SECRETS, { namespace: "plumb-system", name: `${kind}-${name}` });
      }
      for (const { name, path } of volumes) {
        await own.delete(VOLUMES, { name });
        await Deno.remove(path, { recursive: true }).catch(() => {});
      }
    },
  };
}

interface BoundVolume {
  readonly name: string;
  readonly uid: string | undefined;
  readonly policy: string;
  readonly path: string;
}

/** The bound volumes of a workspace by claim. */
async function volumesOf({ cluster, name }: Workspace): Promise<Record<string, BoundVolume>> {
  const volumes = await cluster.list(VOLUMES);
  return Object.fromEntries(volumes.flatMap((volume): [string, BoundVolume][] => {
    const { claimRef, hostPath, persistentVolumeReclaimPolicy: policy } = volume["spec"] as {
      claimRef?: { namespace: string; name: string };
      hostPath: { path: string };
      persistentVolumeReclaimPolicy: string;
    };
    if (claimRef?.namespace !== name) return [];
    const { name: volumeName, uid } = volume.metadata;
    return [[claimRef.name, { name: volumeName, uid, policy, path: hostPath.path }]];
  }));
}

async function secretOf(space: Workspace): Promise<Record<string, unknown>> {
  const data = (await space.get(SECRETS, "keys"))?.["data"];
  return isMap(data) ? data : {};
}

/** Asserts that the workspace has the volumes and secrets that it had, with what was written to them. */
async function assertSame(
  space: Workspace,
  { volumes, secret }: {
    readonly volumes: Record<string, BoundVolume>;
    readonly secret: Record<string, unknown>;
  },
): Promise<void> {
  const now = await volumesOf(space);
  const short = (all: Record<string, BoundVolume>) =>
    Object.entries(all).map(([claim, { name, uid }]) => [claim, name, uid]).sort();
  assert.deepEqual(short(now), short(volumes));
  for (const [claim, { path, name }] of Object.entries(now)) {
    assert.equal(await Deno.readTextFile(join(path, "precious")), space.name);
    const live = await space.get(CLAIMS, claim) as
      | KubernetesObject & { spec: { volumeName: string }; status: { phase: string } }
      | undefined;
    assert.deepEqual([live?.spec.volumeName, live?.status.phase], [name, "Bound"]);
  }
  assert.deepEqual(await secretOf(space), secret);
}

const retainedOf = ({ cluster, name }: Workspace) =>
  cluster.get(SECRETS, { namespace: "plumb-system", name: `retained-${name}` });
const dataIn = ({ events }: Run, state: string) =>
  events.flatMap((event: Event) =>
    event.type === "data" && event.state === state ? [event.what] : []
  );

const changesIn = ({ events }: Run) =>
  events.flatMap((event) =>
    event.type === "change" ? [`${event.object.kind}/${event.object.name}`] : []
  );
const warningsIn = ({ events }: Run) =>
  events.flatMap((event) => event.type === "warning" ? [event.message] : []).join("\n");

Deno.test("rolled back and deployed again: the same volumes with what was in them, the same secrets", async () => {
  await using space = await deployed();
  const [volumes, secret] = [await volumesOf(space), await secretOf(space)];
  assert.deepEqual(Object.keys(volumes).sort(), ["data", "disk-store-0"]);
  const refused = await rollback(space);
  assert.deepEqual([refused.code, errorOf(refused).code], [1, "rollback-unconfirmed"]);
  assert.match(errorOf(refused).hint ?? "", /--yes/);
  const declined = await rollback(space, [], { answer: "no" });
  assert.deepEqual([declined.code, errorOf(declined).code], [1, "rollback-unconfirmed"]);
  assert.equal(await retainedOf(space), undefined);

  const run = await rollback(space, ["--yes"]);
  assert.deepEqual([run.code, outcomeOf(run)], [0, "applied"], run.output.slice(-3_000));
  assert.deepEqual(
    actionsOf(run),
    [
      "delete ConfigMap/settings",
      "delete Deployment/web",
      `delete Namespace/${space.name}`,
      "delete Service/web",
      "delete StatefulSet/store",
    ],
  );
  const order = changesIn(run);
  assert.equal(order.at(-1), `Namespace/${space.name}`);
  assert.ok(order.indexOf("Deployment/web") < order.indexOf("ConfigMap/settings"), order.join());
  const kept = dataIn(run, "kept");
  assert.equal(kept.length, 3, kept.join());
  assert.match(kept.join(), /PersistentVolume pvc-\S+ \(2Gi\) of claim test-\w+\/data/);
  assert.equal(await space.cluster.get(NAMESPACES, { name: space.name }), undefined);
  const inventory = { namespace: "plumb-system", name: `inventory-${space.name}` };
  assert.equal(await space.cluster.get(SECRETS, inventory), undefined);
  for (const { policy, path } of Object.values(await volumesOf(space))) {
    assert.equal(policy, "Retain");
    assert.equal(await Deno.readTextFile(join(path, "precious")), space.name);
  }
  const { retained } = await readRetained(space.cluster, space.name) ?? {};
  assert.deepEqual(Object.keys(retained?.secrets[0]?.data ?? {}), ["SECRET_KEY", "TOKEN"]);
  const twice = await rollback(space, ["--yes"]);
  assert.deepEqual([twice.code, outcomeOf(twice), dataIn(twice, "kept")], [0, "in-sync", kept]);

  const status = await plumb(["status", "--output", "text"], space);
  const row = status.output.split("\n").find((line) => line.startsWith(space.name));
  assert.match(
    row ?? "",
    /rolled back, its data is kept: `plumb reconcile test-\w+` brings it back/,
  );
  const history = await plumb(["history", space.name, "--output", "text"], space);
  assert.match(history.output, /^test-\w+ was rolled back .+ ago$/m);

  const diff = await space.diff();
  assert.equal(diff.code, 2, diff.output.slice(-2_000));
  const again = await space.reconcile();
  assert.equal(again.code, 0, again.output.slice(-3_000));
  assert.equal(dataIn(again, "back").length, 3);
  await assertSame(space, { volumes, secret });
  assert.equal(await retainedOf(space), undefined);
  assert.deepEqual(planOf(await space.reconcile(["--refresh"])), []);
  const said = [run, twice, diff, again].map(({ output }) => output).join("");
  for (const value of Object.values(secret).map(String)) {
    assert.ok(
      !said.includes(value) && !said.includes(atob(value)),
      "a value of a Secret was shown",
    );
  }
  const { runs } = await readJournal(space.cluster, space.name);
  assert.deepEqual(runs.find(({ command }) => command === "rollback")?.result, "rolled-back");
});

/** A moment at which a run is interrupted: when this write reaches the API server. */
interface Moment {
  readonly at: (request: RecordedRequest, space: Workspace) => boolean;
  readonly how: Deno.Signal | "cut";
  /** Whether the API server still gets that write. */
  readonly isDelivered: boolean;
  /** What is run next. */
  readonly next: "rollback" | "deploy";
}

const writes = (method: string, path: RegExp) => (request: RecordedRequest) =>
  isWrite(request) && request.method === method && path.test(request.path);

/** Runs in a process of its own until a moment, which must come. */
async function interruptedAt(
  space: Workspace,
  args: readonly string[],
  { at, how, isDelivered }: Moment,
): Promise<void> {
  let reached = false;
  const broken = () => new Response(null, { status: 503 });
  await using recorder = await startRecorder(space.kubeconfig, (request) => {
    if (reached) return how === "cut" ? broken() : undefined;
    if (!isWrite(request) || !at(request, space)) return;
    reached = true;
    if (how !== "cut") child.kill(how);
    return isDelivered ? undefined : broken();
  });
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", MAIN, ...args, "--yes", "--timeout", "60s"],
    env: { KUBECONFIG: recorder.kubeconfig },
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const { success } = await child.status;
  assert.ok(reached, "the run ended before its moment");
  assert.ok(!success, "the run ended well");
}

const RECORD = /\/secrets(\/retained-[^/]+)?$/;
const ROLLBACK_MOMENTS: readonly Moment[] = [
  { at: writes("POST", RECORD), how: "SIGKILL", isDelivered: true, next: "deploy" },
  {
    at: writes("PATCH", /\/persistentvolumes\//),
    how: "SIGKILL",
    isDelivered: true,
    next: "rollback",
  },
  { at: writes("DELETE", /\/statefulsets\//), how: "SIGINT", isDelivered: true, next: "deploy" },
  { at: writes("DELETE", /\/configmaps\//), how: "cut", isDelivered: false, next: "rollback" },
  {
    at: writes("DELETE", /\/namespaces\/[^/]+$/),
    how: "SIGKILL",
    isDelivered: true,
    next: "deploy",
  },
  {
    at: writes("DELETE", /\/secrets\/inventory-/),
    how: "SIGKILL",
    isDelivered: false,
    next: "rollback",
  },
];
const DEPLOY_MOMENTS: readonly Moment[] = [
  {
    at: writes("PATCH", /\/persistentvolumes\//),
    how: "SIGKILL",
    isDelivered: true,
    next: "rollback",
  },
  {
    at: writes("PATCH", /\/persistentvolumeclaims\/disk/),
    how: "SIGKILL",
    isDelivered: false,
    next: "rollback",
  },
  {
    at: writes("DELETE", /\/secrets\/retained-/),
    how: "SIGKILL",
    isDelivered: true,
    next: "deploy",
  },
];

Deno.test("whatever interrupts a rollback or the deploy after it, either goes on or is taken back: nothing is lost", async () => {
  const rollbacks = ROLLBACK_MOMENTS.map(async (moment) => {
    await using space = await deployed();
    const before = { volumes: await volumesOf(space), secret: await secretOf(space) };
    await interruptedAt(space, ["rollback", space.name], moment);
    if (moment.next === "rollback") {
      const run = await rollback(space, ["--yes"]);
      assert.equal(run.code, 0, run.output.slice(-3_000));
      assert.equal(await space.cluster.get(NAMESPACES, { name: space.name }), undefined);
    }
    const back = await space.reconcile(["--timeout", "60s"]);
    assert.equal(back.code, 0, back.output.slice(-3_000));
    await assertSame(space, before);
    assert.equal(await retainedOf(space), undefined);
    assert.deepEqual(planOf(await space.reconcile()), []);
  });
  const deploys = DEPLOY_MOMENTS.map(async (moment) => {
    await using space = await deployed();
    const before = { volumes: await volumesOf(space), secret: await secretOf(space) };
    assert.equal((await rollback(space, ["--yes"])).code, 0);
    const { folder, name } = space;
    const args = ["reconcile", "--path", folder, "--name", name, "--namespace", name];
    await interruptedAt(space, args, moment);
    if (moment.next === "rollback") {
      const run = await rollback(space, ["--yes"]);
      assert.equal(run.code, 0, run.output.slice(-3_000));
    }
    const back = await space.reconcile(["--timeout", "60s"]);
    assert.equal(back.code, 0, back.output.slice(-3_000));
    await assertSame(space, before);
    assert.equal(await retainedOf(space), undefined);
  });
  await all([...rollbacks, ...deploys]);
});

/** Waits for all, and fails with the first that has. */
async function all(rounds: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(rounds)) {
    if (result.status === "rejected") throw result.reason;
  }
}

Deno.test("what others made in the namespace stops the rollback, or stays with it", async () => {
  await using space = await deployed();
  const before = { volumes: await volumesOf(space), secret: await secretOf(space) };
  const { cluster, name } = space;
  const note = { namespace: name, name: "note" };
  await cluster.create(CONFIG_MAPS, { apiVersion: "v1", kind: "ConfigMap", metadata: note });
  await using recorder = await startRecorder(space.kubeconfig);
  const stopped = await rollback(space, ["--yes"], recorder);
  assert.deepEqual([stopped.code, errorOf(stopped).code], [1, "namespace-shared"]);
  assert.match(errorOf(stopped).message, new RegExp(`ConfigMap ${name}/note$`));
  assert.match(errorOf(stopped).hint ?? "", /--keep-namespace/);
  assert.deepEqual(recorder.requests.filter(isWrite), []);

  const run = await rollback(space, ["--yes", "--keep-namespace"]);
  assert.equal(run.code, 0, run.output.slice(-3_000));
  assert.match(warningsIn(run), /Namespace test-\w+ stays: --keep-namespace says so/);
  assert.equal(await space.get(DEPLOYMENTS, "web"), undefined);
  assert.ok(await space.get(CONFIG_MAPS, "note"));
  await assertSame(space, before);
  await space.write({ "app.yaml": APPLICATION, "component.yaml": COMPONENT });
  const back = await space.reconcile();
  assert.equal(back.code, 0, back.output.slice(-3_000));
  await assertSame(space, before);
  assert.equal(await retainedOf(space), undefined);
  const policies = Object.values(await volumesOf(space)).map(({ policy }) => policy);
  assert.deepEqual(policies, ["Delete", "Delete"]);
  const third = await rollback(space);
  assert.ok(dataIn(third, "kept").includes("Its database"), third.output);
});

Deno.test("a namespace that was there before the component stays, and so do its claims", async () => {
  await using space = await workspace();
  const { cluster, name } = space;
  await cluster.create(NAMESPACES, { apiVersion: "v1", kind: "Namespace", metadata: { name } });
  await space.write({ "app.yaml": documents(NAMESPACE, CLAIM, KEYS, configMap("settings")) });
  assert.equal((await space.reconcile()).code, 0);
  const secret = await secretOf(space);
  const run = await rollback(space, ["--yes"]);
  assert.deepEqual([run.code, actionsOf(run)], [0, ["delete ConfigMap/settings"]]);
  assert.match(warningsIn(run), /Namespace test-\w+ stays: it was there before the component/);
  assert.ok(await space.get(CLAIMS, "data"));
  assert.deepEqual(await secretOf(space), secret);
  const lost = await rollback(space, ["--yes", "--delete-data", name]);
  assert.equal(lost.code, 0, lost.output.slice(-2_000));
  assert.deepEqual([await space.get(CLAIMS, "data"), await secretOf(space)], [undefined, {}]);
  assert.deepEqual(await volumesOf(space), {});
});

Deno.test("what holds a namespace is told: the object, its finalizer, who set it, and what to do", async () => {
  await using space = await deployed();
  const claim = { namespace: space.name, name: "data" };
  const hold = (finalizers: readonly string[]) =>
    space.cluster.patch(CLAIMS, claim, { metadata: { finalizers } }, "merge", "backup-tool");
  await hold(["kubernetes.io/pvc-protection", "example.com/hold"]);
  const run = await rollback(space, ["--yes", "--timeout", "12s"]);
  assert.deepEqual([run.code, outcomeOf(run)], [1, "failed"], run.output.slice(-3_000));
  const failed = run.events.find((event) => event.type === "health" && event.status === "failed");
  assert.ok(failed?.type === "health");
  assert.equal(failed.object.kind, "Namespace");
  assert.match(failed.message, /finalizers remaining: example\.com\/hold in 1 resource/);
  assert.match(
    failed.evidence?.join("\n") ?? "",
    /PersistentVolumeClaim test-\w+\/data is held by .*example\.com\/hold: its controller must remove it \(set by backup-tool, \S+\)\n +→ .*kubectl patch persistentvolumeclaims data/,
  );
  await hold([]);
  const next = await rollback(space, ["--yes"]);
  assert.equal(next.code, 0, next.output.slice(-2_000));
});

Deno.test("only --delete-data loses data: named, listed with its size, and typed", async () => {
  await using space = await deployed();
  const { cluster, name } = space;
  const before = await volumesOf(space);
  const secret = await secretOf(space);
  const wrong = await rollback(space, ["--yes", "--delete-data", "other"]);
  assert.equal(wrong.code, 1);
  assert.match(wrong.output, /--delete-data names other, not/);
  const mistyped = await rollback(space, ["--delete-data", name], { answer: "yes" });
  assert.deepEqual([mistyped.code, errorOf(mistyped).code], [1, "rollback-unconfirmed"]);
  assert.match(dataIn(mistyped, "lost").join(), /\(2Gi\) of claim/);
  assert.equal((await rollback(space, ["--yes"])).code, 0);

  // A volume that is gone stops the next deploy: it must not begin with an empty one.
  assert.ok(before["data"]);
  await cluster.patch(VOLUMES, { name: before["data"].name }, {
    metadata: { finalizers: null },
  }, "merge");
  await cluster.delete(VOLUMES, { name: before["data"].name });
  const stopped = await space.reconcile();
  assert.equal(stopped.code, 1);
  assert.match(stopped.output, /PersistentVolume pvc-\S+, which a rollback kept, is gone/);
  assert.equal(await space.get(CLAIMS, "data"), undefined);

  const run = await rollback(space, ["--delete-data", name], { answer: name });
  assert.equal(run.code, 0, run.output.slice(-3_000));
  assert.deepEqual(await volumesOf(space), {});
  await assert.rejects(Deno.stat(before["disk-store-0"]?.path ?? ""), Deno.errors.NotFound);
  assert.equal(await retainedOf(space), undefined);
  const unknown = await rollback(space, ["--yes"]);
  assert.deepEqual([unknown.code, errorOf(unknown).code], [1, "unknown-component"]);
  const fresh = await space.reconcile();
  assert.equal(fresh.code, 0, fresh.output.slice(-2_000));
  assert.notEqual((await secretOf(space))["SECRET_KEY"], secret["SECRET_KEY"]);
});

Deno.test("files in others' pods lose what is the component's, and nothing else; without its pod one waits", async () => {
  await using space = await workspace();
  const { cluster, name } = space;
  const home = await Deno.makeTempDir({ prefix: "plumb-home-" });
  await cluster.create(NAMESPACES, { apiVersion: "v1", kind: "Namespace", metadata: { name } });
  const metadata = { namespace: name, name: "shell", labels: { app: "shell" } };
  const spec = { containers: [{ name: "shell", image: "example.com/shell:1" }] };
  const pod = { apiVersion: "v1", kind: "Pod", metadata, spec };
  await cluster.create(PODS, pod);
  await setExec(space.kubeconfig, { namespace: name, name: "shell" });
  const file = (kind: string, path: string, content: string) =>
    `apiVersion: plumb.thinkube.io/v1alpha1
kind: PodFile
metadata: { name: ${kind} }
spec: { pod: { namespace: NAMESPACE, selector: { app: shell }, required: true }, path: ${home}/${path}, ${content} }
`;
  const variable = `V${crypto.randomUUID().slice(0, 8)}`;
  const service = `apiVersion: v1
kind: ConfigMap
metadata: { name: service, labels: { thinkube.io/managed: "true" } }
data: { service.yaml: "service: { environment_variables: [{ name: ${variable}, value: x }] }" }
`;
  await Deno.writeTextFile(`${home}/.zshrc`, "own line\n. env\n");
  await Deno.writeTextFile(`${home}/.bashrc`, "own line\n");
  await space.write({
    "app.yaml": documents(
      service,
      file("config", "config.yaml", "content: secret"),
      file("environment", "env", "environment: { syntax: posix }"),
      file("new-line", ".bashrc", "line: . env"),
      file("old-line", ".zshrc", "line: . env"),
    ),
  });
  const first = await space.reconcile();
  assert.equal(first.code, 0, first.output.slice(-2_000));
  assert.match(await Deno.readTextFile(`${home}/env`), new RegExp(variable));

  await cluster.delete(PODS, metadata);
  const waits = await rollback(space, ["--yes"]);
  assert.deepEqual([waits.code, outcomeOf(waits)], [1, "failed"], waits.output.slice(-2_000));
  assert.match(waits.output, /it stays: its pod is not there/);
  assert.equal(await space.get(CONFIG_MAPS, "service"), undefined);

  await until(async () => await cluster.get(PODS, metadata) === undefined);
  await cluster.create(PODS, pod);
  await until(async () => {
    const status = (await cluster.get(PODS, metadata))?.["status"];
    return isMap(status) && status["phase"] === "Running";
  });
  const run = await rollback(space, ["--yes"]);
  assert.equal(run.code, 0, run.output.slice(-2_000));
  assert.match(warningsIn(waits), /PodFile \S+\/old-line stays: it was there before/);
  await assert.rejects(Deno.stat(`${home}/config.yaml`), Deno.errors.NotFound);
  assert.doesNotMatch(await Deno.readTextFile(`${home}/env`), new RegExp(variable));
  assert.equal(await Deno.readTextFile(`${home}/.bashrc`), "own line\n");
  assert.equal(await Deno.readTextFile(`${home}/.zshrc`), "own line\n. env\n");
  await Deno.remove(home, { recursive: true });
});

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!await isSo()) await new Promise((resolve) => setTimeout(resolve, 200));
}
