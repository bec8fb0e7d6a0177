/** Runs whose clocks are an hour apart agree on whose turn it is, on what is suspended, and on fights. */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { readInventory, readJournal } from "../../lib/apply/mod.ts";
import {
  CONFIG_MAPS,
  configMap,
  documents,
  NAMESPACE,
  outcomeOf,
  plumb,
  type Workspace,
  workspace,
} from "../plumb.ts";
import { startRecorder } from "../recorder.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const HOUR = 60 * 60_000;
const SKEWS = [-HOUR, HOUR];

/** Runs the CLI on a machine whose clock is off by so many milliseconds. */
async function elsewhere(
  skew: number,
  args: readonly string[],
  kubeconfig: string,
): Promise<{ readonly code: number; readonly output: string }> {
  const clock = await Deno.makeTempFile({ suffix: ".js" });
  await Deno.writeTextFile(
    clock,
    `const Real = Date;
    globalThis.Date = class Date extends Real {
      constructor(...given) { given.length === 0 ? super(Real.now() + ${skew}) : super(...given); }
      static now() { return Real.now() + ${skew}; }
    };`,
  );
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--preload", clock, `${ROOT}/main.ts`, ...args, "--output", "json"],
    env: { KUBECONFIG: kubeconfig },
    stdin: "null",
  }).output();
  await Deno.remove(clock);
  const decoder = new TextDecoder();
  return { code, output: decoder.decode(stdout) + decoder.decode(stderr) };
}

const reconcileArguments = ({ folder, name }: Workspace) => [
  ...["reconcile", "--path", folder, "--name", name, "--namespace", name, "--timeout", "30s"],
];

async function deployed(): Promise<Workspace> {
  const space = await workspace();
  await space.write({ "app.yaml": documents(NAMESPACE, configMap("settings")) });
  assert.equal((await space.reconcile()).code, 0);
  return space;
}

const valueIn = async (space: Workspace) =>
  (await space.get(CONFIG_MAPS, "settings"))?.["data"] as Record<string, string> | undefined;

Deno.test("who is at work is left to it, though its clock is an hour slow or fast", async () => {
  await Promise.all(SKEWS.map(async (skew) => {
    await using space = await workspace();
    await space.write({ "app.yaml": documents(NAMESPACE, configMap("settings")) });
    const atWork = Promise.withResolvers<void>();
    const mayGoOn = Promise.withResolvers<void>();
    await using recorder = await startRecorder(
      space.kubeconfig,
      async ({ method, path, query }) => {
        if (method !== "PATCH" || !path.endsWith("/settings") || query.has("dryRun")) return;
        atWork.resolve();
        await mayGoOn.promise;
      },
    );
    const holder = elsewhere(skew, reconcileArguments(space), recorder.kubeconfig);
    await atWork.promise;
    const busy = await space.reconcile();
    mayGoOn.resolve();
    assert.deepEqual([busy.code, outcomeOf(busy)], [5, "busy"], `${skew}: ${busy.output}`);
    const { code, output } = await holder;
    assert.equal(code, 0, output);
    const { runs: [run] } = await readJournal(space.cluster, space.name);
    assert.ok(run && run.seconds >= 0 && run.seconds < HOUR / 1000, JSON.stringify(run));
  }));
});

Deno.test("a suspension lasts as long as was said, whoever's clock is wrong", async () => {
  await Promise.all(SKEWS.map(async (skew) => {
    await using space = await deployed();
    await space.write({ "app.yaml": documents(NAMESPACE, configMap("settings", "two")) });
    const suspend = ["suspend", space.name, "--reason", "moving the database", "--for", "30m"];
    const there = await elsewhere(skew, suspend, space.kubeconfig);
    assert.equal(there.code, 0, there.output);
    const { suspended } = await readJournal(space.cluster, space.name);
    const left = Date.parse(suspended?.until ?? "") - Date.now();
    assert.ok(left > 0 && left < HOUR, JSON.stringify(suspended));
    assert.equal(outcomeOf(await space.reconcile()), "suspended");
    const run = await elsewhere(skew, reconcileArguments(space), space.kubeconfig);
    assert.match(run.output, /"outcome":"suspended"/);
    assert.equal((await valueIn(space))?.["key"], "one");

    const moment = ["suspend", space.name, "--reason", "a moment", "--for", "1ms"];
    assert.equal((await plumb(moment)).code, 0);
    // The API server says its time in whole seconds.
    await delay(1_000);
    const after = await elsewhere(skew, reconcileArguments(space), space.kubeconfig);
    assert.match(after.output, /"outcome":"applied"/);
  }));
});

Deno.test("a fight is counted and backed off alike by runs whose clocks are an hour apart", async () => {
  await using space = await deployed();
  const name = { namespace: space.name, name: "settings" };
  const setBack = () =>
    space.cluster.patch(CONFIG_MAPS, name, { data: { key: "theirs" } }, "merge", "operator");
  for (const skew of [HOUR, -HOUR, HOUR]) {
    await setBack();
    const run = await elsewhere(skew, reconcileArguments(space), space.kubeconfig);
    assert.match(run.output, /"outcome":"applied"/);
  }
  const { inventory } = await readInventory(space.cluster, space.name, space.name);
  const [fight] = inventory.fights ?? [];
  assert.ok(fight && Math.abs(Date.parse(fight.at) - Date.now()) < HOUR / 2, JSON.stringify(fight));
  await setBack();
  for (const skew of SKEWS) {
    const run = await elsewhere(skew, reconcileArguments(space), space.kubeconfig);
    assert.match(run.output, /"type":"fight".+"corrections":3/);
    assert.match(run.output, /"outcome":"in-sync"/);
  }
  assert.equal((await valueIn(space))?.["key"], "theirs");
});
