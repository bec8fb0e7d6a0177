import assert from "node:assert/strict";
import { Lease, readInventory } from "../../lib/apply/mod.ts";
import { Cluster } from "../../lib/cluster/mod.ts";
import { startSandbox } from "../../lib/sandbox/mod.ts";
import {
  CONFIG_MAPS,
  configMap,
  documents,
  LEASES,
  NAMESPACE,
  NAMESPACES,
  planOf,
  plumb,
  SECRETS,
  type Workspace,
  workspace,
} from "../plumb.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const OBJECTS = 60;

function manyMaps(count: number, value = "one"): string {
  return documents(
    NAMESPACE,
    ...Array.from({ length: count }, (_, index) => configMap(`map-${index}`, value)),
  );
}

/** A run in a process of its own, that can be killed. */
function spawn(space: Workspace): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--allow-all",
      `${ROOT}/main.ts`,
      "reconcile",
      "--path",
      space.folder,
      "--name",
      space.name,
      "--namespace",
      space.name,
      "--output",
      "json",
      "--yes",
    ],
    env: { KUBECONFIG: space.kubeconfig },
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
}

async function mapsOf(space: Workspace): Promise<string[]> {
  const live = await space.cluster.listMetadata(CONFIG_MAPS, space.name);
  return live.map(({ reference }) => reference.name).filter((name) => name.startsWith("map-"))
    .sort();
}

const expected = (count: number) =>
  Array.from({ length: count }, (_, index) => `map-${index}`).sort();

Deno.test("killed at ten random moments, the next run converges: nothing lost, doubled or orphaned", async () => {
  await using space = await workspace();
  for (let round = 0; round < 10; round++) {
    // Rounds grow and shrink in turn, so that kills hit creations, updates and deletions.
    const count = round % 2 === 0 ? OBJECTS : OBJECTS - 20;
    await space.write({ "app.yaml": manyMaps(count, `round-${round}`) });
    const child = spawn(space);
    await new Promise((resolve) => setTimeout(resolve, 150 + Math.random() * 500));
    try {
      child.kill("SIGKILL");
    } catch (error) {
      // It may have finished before.
      if (!(error instanceof TypeError)) throw error;
    }
    await child.status;
    const run = await space.reconcile(["--yes"]);
    assert.equal(run.code, 0, run.output);
    assert.deepEqual(await mapsOf(space), expected(count));
    const { inventory } = await readInventory(space.cluster, space.name, space.name);
    assert.equal(inventory.state, "complete");
    assert.equal(inventory.members.length, count + 1);
    assert.deepEqual(planOf(await space.reconcile()), []);
  }
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
  const abort = new AbortController();
  const run = await space.reconcile([], {
    signal: abort.signal,
    onEvent: (event) => {
      if (event.type === "change" && event.object.kind === "ConfigMap") abort.abort();
    },
  });
  assert.equal(run.code, 130, run.output.slice(-500));
  const made = (await mapsOf(space)).length;
  assert.ok(made > 0 && made < OBJECTS * 5, `${made} objects`);
  const lease = await space.cluster.get(LEASES, {
    namespace: "plumb-system",
    name: `component-${space.name}`,
  });
  assert.equal((lease?.["spec"] as { holderIdentity?: string }).holderIdentity ?? "", "");
  const next = await space.reconcile();
  assert.equal(next.code, 0, next.output.slice(-500));
  assert.equal((await mapsOf(space)).length, OBJECTS * 5);
});

Deno.test("the lease of a run that is gone is taken over, that of a living one is not", async () => {
  await using space = await workspace();
  await space.write({ "app.yaml": manyMaps(1) });
  const living = await Lease.acquire(space.cluster, space.name, { identity: "other-host/1" });
  assert.ok(living instanceof Lease);
  const busy = await space.reconcile();
  assert.equal(busy.code, 5, busy.output);
  assert.match(busy.output, /other-host\/1/);
  assert.equal(await space.cluster.get(NAMESPACES, { name: space.name }), undefined);
  await living[Symbol.asyncDispose]();
  assert.equal((await space.reconcile()).code, 0);
});

Deno.test("a run that loses its lease stops before its next write", async () => {
  await using space = await workspace();
  const lease = await Lease.acquire(space.cluster, space.name, { identity: "me" });
  assert.ok(lease instanceof Lease);
  lease.assertHeld();
  const name = { namespace: "plumb-system", name: `component-${space.name}` };
  const taken = await space.cluster.get(LEASES, name);
  assert.ok(taken);
  await space.cluster.update(LEASES, {
    ...taken,
    spec: { ...taken["spec"] as object, holderIdentity: "thief" },
  });
  for (let waited = 0; waited < 100; waited++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    try {
      lease.assertHeld();
    } catch (error) {
      assert.equal((error as { code?: string }).code, "lease-lost");
      await lease[Symbol.asyncDispose]();
      const spec = (await space.cluster.get(LEASES, name))?.["spec"] as { holderIdentity?: string };
      assert.equal(spec.holderIdentity, "thief");
      return;
    }
  }
  assert.fail("the loss went unseen");
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

Deno.test("an API server that goes in the middle is told, and the next run finishes", async () => {
  await using sandbox = await startSandbox({ components: [] });
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/app.yaml`, manyMaps(400).replaceAll("NAMESPACE", "gone"));
  const args = [
    "reconcile",
    "--path",
    folder,
    "--name",
    "gone",
    "--namespace",
    "gone",
    "--no-wait",
    "--kubeconfig",
    sandbox.kubeconfig,
  ];
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
  await sandbox.start("kube-apiserver");
  const next = await plumb(args, { kubeconfig: sandbox.kubeconfig });
  assert.equal(next.code, 0, next.output.slice(-800));
  using cluster = await Cluster.connect({ kubeconfig: sandbox.kubeconfig, environment: {} });
  const live = await cluster.listMetadata(CONFIG_MAPS, "gone");
  assert.equal(live.filter(({ reference }) => reference.name.startsWith("map-")).length, 400);
  await Deno.remove(folder, { recursive: true });
});
