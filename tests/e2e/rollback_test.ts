/** A rollback keeps volumes and secrets, a deploy brings them back, and whatever interrupts either, nothing is lost. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { readJournal } from "../../lib/apply/mod.ts";
import { readRetained } from "../../lib/apply/retained.ts";
import {
  actionsOf,
  CLAIMS,
  errorOf,
  NAMESPACES,
  outcomeOf,
  planOf,
  plumb,
  type Run,
  SECRETS,
  startPlumb,
  VOLUMES,
  type Workspace,
} from "../plumb.ts";
import { isWrite, type RecordedRequest, startRecorder } from "../recorder.ts";
import {
  all,
  assertSame,
  dataIn,
  deployed,
  retainedOf,
  rollback,
  secretOf,
  volumesOf,
  writes,
} from "../rolling_back.ts";

const changesIn = ({ events }: Run) =>
  events.flatMap((event) =>
    event.type === "change" ? [`${event.object.kind}/${event.object.name}`] : []
  );

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
  const child = startPlumb([...args, "--yes", "--timeout", "60s"], {
    KUBECONFIG: recorder.kubeconfig,
  });
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
