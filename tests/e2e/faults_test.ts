import assert from "node:assert/strict";
import { Lease, readInventory, readJournal } from "../../lib/apply/mod.ts";
import { Cluster } from "../../lib/cluster/mod.ts";
import { FAIL_ANNOTATION, startSandbox } from "../../lib/sandbox/mod.ts";
import {
  CONFIG_MAPS,
  configMap,
  deployment,
  documents,
  errorOf,
  LEASES,
  NAMESPACE,
  NAMESPACES,
  outcomeOf,
  planOf,
  plumb,
  SECRETS,
  startPlumb,
  type Workspace,
  workspace,
} from "../plumb.ts";
import { isWrite, startRecorder } from "../recorder.ts";
import { git } from "../unit/source/repository.ts";

const OBJECTS = 60;

function manyMaps(count: number, value = "one"): string {
  return documents(
    NAMESPACE,
    ...Array.from({ length: count }, (_, index) => configMap(`map-${index}`, value)),
  );
}

/** Runs in a process of its own, which gets a signal when its write of that number reaches the API server. */
async function signalledAt(
  space: Workspace,
  moment: number,
  signal: Deno.Signal,
  isDelivered = true,
): Promise<Deno.CommandStatus> {
  let writes = 0;
  await using recorder = await startRecorder(space.kubeconfig, (request) => {
    if (!isWrite(request) || ++writes !== moment) return;
    child.kill(signal);
    return isDelivered ? undefined : new Response(null, { status: 500 });
  });
  const child = startPlumb([...space.arguments("reconcile"), "--yes"], {
    KUBECONFIG: recorder.kubeconfig,
  });
  return await child.status;
}

/** The ConfigMaps of a workspace and their values; the cluster's own is left out. */
async function mapsOf(space: Workspace): Promise<Record<string, unknown>> {
  const live = await space.cluster.list(CONFIG_MAPS, { namespace: space.name });
  return Object.fromEntries(
    live.filter(({ metadata }) => metadata.name !== "kube-root-ca.crt")
      .map((map) => [map.metadata.name, (map["data"] as Record<string, unknown>)["key"]]),
  );
}

const expected = (count: number, value = "one") =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`map-${index}`, value]));

/** Kills a run at a write, and asserts that the next one leaves exactly what Git says. */
async function killAndConverge(moment: number, round: number): Promise<void> {
  await using space = await workspace();
  const shrinks = round % 2 === 1;
  const count = shrinks ? OBJECTS - 20 : OBJECTS;
  if (shrinks) {
    await space.write({ "app.yaml": manyMaps(OBJECTS) });
    assert.equal((await space.reconcile()).code, 0);
  }
  await space.write({ "app.yaml": manyMaps(count, "two") });
  const { signal } = await signalledAt(space, moment, "SIGKILL", Math.random() < 0.5);
  assert.equal(signal, "SIGKILL", `it ended before its write ${moment}`);
  const run = await space.reconcile(["--yes"]);
  assert.equal(run.code, 0, run.output);
  assert.deepEqual(await mapsOf(space), expected(count, "two"));
  const { inventory } = await readInventory(space.cluster, space.name, space.name);
  assert.deepEqual([inventory.state, inventory.members.length], ["complete", count + 1]);
  assert.deepEqual(planOf(await space.reconcile()), []);
  await space.write({ "app.yaml": manyMaps(2, "two") });
  assert.equal((await space.reconcile(["--yes"])).code, 0);
  assert.deepEqual(await mapsOf(space), expected(2, "two"));
}

Deno.test("killed at ten random moments, the next run converges: nothing lost, doubled or orphaned", async () => {
  // The lease, the intention, the objects and deletions, the record, the lease given back.
  const writes = OBJECTS + 4;
  const rounds = Array.from({ length: 10 }, async (_, round) => {
    const moment = 1 + Math.floor((round + Math.random()) * writes / 10);
    await killAndConverge(moment, round);
  });
  const results = await Promise.allSettled(rounds);
  for (const result of results) if (result.status === "rejected") throw result.reason;
});

Deno.test("two runs at once never fight: one does the work, the other finds it done or says who is at it", async () => {
  await using space = await workspace();
  await space.write({ "app.yaml": manyMaps(OBJECTS) });
  const runs = await Promise.all([space.reconcile(), space.reconcile(), space.reconcile()]);
  const codes = runs.map(({ code }) => code);
  assert.ok(codes.includes(0), JSON.stringify(codes));
  assert.ok(
    codes.every((code) => code === 0 || code === 5),
    JSON.stringify(runs.map(({ output }) => output.slice(-600))),
  );
  const done = runs.map(({ events }) => events.filter((event) => event.type === "change").length);
  assert.deepEqual(done.filter((count) => count > 0), [OBJECTS + 1]);
  assert.deepEqual(await mapsOf(space), expected(OBJECTS));
});

Deno.test("an interrupt stops before the next write, keeps the record, and gives the lease back", async () => {
  await using space = await workspace();
  await space.write({ "app.yaml": manyMaps(OBJECTS * 5) });
  const { code, signal } = await signalledAt(space, 10 + Math.floor(Math.random() * 50), "SIGINT");
  assert.deepEqual([code, signal], [130, null]);
  const made = Object.keys(await mapsOf(space)).length;
  assert.ok(made > 0 && made < OBJECTS * 5, `${made} objects`);
  const lease = await space.cluster.get(LEASES, leaseOf(space));
  assert.equal((lease?.["spec"] as { holderIdentity?: string }).holderIdentity ?? "", "");
  const { inventory } = await readInventory(space.cluster, space.name, space.name);
  assert.equal(inventory.state, "failed");
  assert.equal(inventory.members.filter(({ hash }) => hash !== "").length, made + 1);
  const next = await space.reconcile();
  assert.equal(next.code, 0, next.output.slice(-500));
  assert.equal(planOf(next).length, OBJECTS * 5 - made);
  assert.deepEqual(await mapsOf(space), expected(OBJECTS * 5));
});

Deno.test("an interrupt between the last write and the wait for its health waits for nothing", async () => {
  await using space = await workspace();
  const never = deployment("web", { template: `${FAIL_ANNOTATION}: never-ready` });
  await space.write({ "app.yaml": documents(NAMESPACE, never) });
  const stop = new AbortController();
  const run = await space.reconcile(["--timeout", "3s"], {
    signal: stop.signal,
    onEvent: (event) => {
      if (event.type === "change" && event.object.kind === "Deployment") stop.abort();
    },
  });
  assert.equal(run.code, 130, run.output);
  const waits = run.events.filter((event) => event.type === "health");
  assert.deepEqual(waits.filter(({ object }) => object.kind === "Deployment"), []);
});

Deno.test("while another run lives, nothing is written", async () => {
  await using space = await workspace();
  await space.write({ "app.yaml": manyMaps(1) });
  const living = await Lease.acquire(space.cluster, space.name, { identity: "other-host/1" });
  assert.ok(living instanceof Lease);
  const busy = await space.reconcile();
  assert.deepEqual([busy.code, outcomeOf(busy)], [5, "busy"]);
  assert.match(busy.output, /other-host\/1/);
  assert.equal(await space.cluster.get(NAMESPACES, { name: space.name }), undefined);
  await living[Symbol.asyncDispose]();
  assert.equal((await space.reconcile()).code, 0);
});

Deno.test("the lease of a holder that shows no life is taken over, also when its clock goes wrong", async () => {
  const clocks = [0, -60 * 60_000, 60 * 60_000];
  await Promise.all(clocks.map(async (offset) => {
    await using space = await workspace();
    await space.write({ "app.yaml": manyMaps(1) });
    const renewTime = new Date(Date.now() + offset).toISOString().replace("Z", "000Z");
    await space.cluster.create(LEASES, {
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: leaseOf(space),
      spec: { holderIdentity: "gone-host/1", leaseDurationSeconds: 10, renewTime },
    });
    const run = await space.reconcile();
    assert.equal(run.code, 0, run.output);
    assert.deepEqual(await mapsOf(space), expected(1));
  }));
});

Deno.test("a run that loses its lease in the middle writes nothing more", async () => {
  await using space = await workspace();
  await space.write({ "app.yaml": manyMaps(OBJECTS * 5) });
  const { promise: lost, resolve: lose } = Promise.withResolvers<void>();
  let stolen: Promise<unknown> | undefined;
  let maps = 0;
  await using recorder = await startRecorder(space.kubeconfig, async ({ method, path, query }) => {
    if (path.includes("/configmaps/") && method === "PATCH" && !query.has("dryRun")) {
      maps++;
      stolen ??= steal(space);
      // Held until the run has learnt of its loss, so that all that it sends afterwards is counted.
      await lost;
    }
    if (stolen !== undefined && path.includes("/leases/") && method === "PUT") {
      await stolen;
      setTimeout(lose, 1_000);
    }
  });
  const run = await space.reconcile([], recorder);
  assert.deepEqual([run.code, errorOf(run).code], [1, "lease-lost"], run.output.slice(-500));
  assert.ok(errorOf(run).hint);
  assert.equal(Object.keys(await mapsOf(space)).length, maps);
  const heldAtOnce = 24;
  assert.ok(maps <= heldAtOnce, `${maps} writes, of which only ${heldAtOnce} were under way`);
  const spec = (await space.cluster.get(LEASES, leaseOf(space)))?.["spec"];
  assert.equal((spec as { holderIdentity?: string }).holderIdentity, "thief");
  const { inventory } = await readInventory(space.cluster, space.name, space.name);
  assert.equal(inventory.state, "applying");
  const next = await space.reconcile();
  assert.equal(next.code, 0, next.output.slice(-500));
  assert.deepEqual(await mapsOf(space), expected(OBJECTS * 5));
});

const leaseOf = ({ name }: Workspace) => ({
  namespace: "plumb-system",
  name: `component-${name}`,
});

/** Takes the lease of a workspace's component, as a run elsewhere would that thought its holder dead. */
async function steal(space: Workspace): Promise<void> {
  const lease = await space.cluster.get(LEASES, leaseOf(space));
  assert.ok(lease);
  const spec = { ...lease["spec"] as object, holderIdentity: "thief" };
  await space.cluster.update(LEASES, { ...lease, spec });
}

Deno.test("writes that the API server takes long for don't cost the lease", async () => {
  await using space = await workspace();
  await space.write({ "app.yaml": manyMaps(40) });
  await using recorder = await startRecorder(space.kubeconfig, async ({ method, path }) => {
    if (!path.includes("/configmaps/") || method !== "PATCH") return;
    // Longer than a lease lasts, for more objects than are written at once.
    await new Promise((resolve) => setTimeout(resolve, 11_000));
  });
  const run = await space.reconcile([], recorder);
  assert.equal(run.code, 0, run.output.slice(-500));
  assert.deepEqual(await mapsOf(space), expected(40));
});

Deno.test("a record that was damaged by hand stops the run, and a deleted one is made anew", async () => {
  await using space = await workspace();
  await space.write({ "app.yaml": manyMaps(3) });
  await space.reconcile();
  const inventory = { namespace: "plumb-system", name: `inventory-${space.name}` };
  await space.cluster.patch(SECRETS, inventory, { data: { inventory: btoa("nonsense") } }, "merge");
  const damaged = await space.reconcile();
  assert.equal(damaged.code, 1);
  assert.match(damaged.output, /inventory-unreadable/);
  await space.cluster.delete(SECRETS, inventory);
  assert.equal((await space.reconcile()).code, 0);
  await space.write({ "app.yaml": manyMaps(2) });
  const pruned = await space.reconcile();
  assert.equal(pruned.code, 0);
  assert.deepEqual(await mapsOf(space), expected(2));
});

Deno.test("an API server that goes in the middle is told, nothing is undone, and the next run finishes", async () => {
  await using sandbox = await startSandbox({ components: [] });
  const folder = await Deno.makeTempDir();
  const commit = async (maps: number) => {
    const text = manyMaps(maps).replaceAll("NAMESPACE", "gone");
    await Deno.writeTextFile(`${folder}/app.yaml`, text);
    await git(folder, "add", "--all");
    await git(folder, "commit", "--quiet", "--message", `${maps} maps`);
    return await git(folder, "rev-parse", "HEAD");
  };
  await git(folder, "init", "--quiet", "--initial-branch=main");
  const args = [
    ...["reconcile", "--source", folder, "--ref", "main", "--path", "."],
    ...["--name", "gone", "--namespace", "gone", "--kubeconfig", sandbox.kubeconfig],
  ];
  const good = await commit(1);
  assert.equal((await plumb(args, { kubeconfig: sandbox.kubeconfig })).code, 0);
  await commit(400);
  let stopped: Promise<void> | undefined;
  const run = await plumb(args, {
    kubeconfig: sandbox.kubeconfig,
    onEvent: (event) => {
      if (event.type === "change" && event.object.kind === "ConfigMap") {
        stopped ??= sandbox.stop("kube-apiserver");
      }
    },
  });
  await stopped;
  assert.equal(run.code, 1, run.output.slice(-800));
  assert.match(run.output, /"code":"unreachable"/);
  assert.match(run.output, /"hint":/);
  assert.ok(!run.events.some(({ type }) => type === "undo"), run.output.slice(-800));
  await sandbox.start("kube-apiserver");
  using cluster = await Cluster.connect({ kubeconfig: sandbox.kubeconfig, environment: {} });
  const journal = await readJournal(cluster, "gone");
  assert.deepEqual([journal.good?.revision, journal.rejected], [good, undefined]);
  const next = await plumb(args, { kubeconfig: sandbox.kubeconfig });
  assert.equal(next.code, 0, next.output.slice(-800));
  const live = await cluster.listMetadata(CONFIG_MAPS, "gone");
  assert.equal(live.filter(({ reference }) => reference.name.startsWith("map-")).length, 400);
  await Deno.remove(folder, { recursive: true });
});
