/** What an undo does with Jobs, immutable fields, and what others made. */
import assert from "node:assert/strict";
import { FAIL_ANNOTATION } from "../../lib/sandbox/mod.ts";
import {
  actionsOf,
  CONFIG_MAPS,
  configMap,
  DEPLOYMENTS,
  documents,
  job,
  JOBS,
  NAMESPACE,
  plumb,
  type Run,
} from "../plumb.ts";
import { gitWorkspace } from "../git_workspace.ts";
import { APP, imageOf, statesOf, undosOf, valueOf, web } from "../undoing.ts";

const warningsOf = ({ events }: Run) =>
  events.flatMap((event) => event.type === "warning" ? [event.message] : []);

Deno.test("Jobs: what a failed revision ran is said before and after, and what the good one has finished is not run again", async () => {
  await using space = await gitWorkspace();
  const replaceable = "plumb.thinkube.io/replace: allowed";
  const migrate = (command: string, failure?: string) =>
    job("migrate", {
      command,
      annotations: replaceable,
      ...(failure === undefined ? {} : { template: `${FAIL_ANNOTATION}: ${failure}` }),
    });
  await space.commit({
    "app.yaml": documents(NAMESPACE, migrate("one"), job("setup"), job("seed"), web("1")),
  });
  assert.equal((await space.run()).code, 0);
  const uidOf = async (name: string) => (await space.get(JOBS, name))?.metadata.uid;
  const [seed, setup] = [await uidOf("seed"), await uidOf("setup")];
  const bad = {
    "app.yaml": documents(NAMESPACE, migrate("two", "job"), job("seed"), job("more"), web("2")),
  };
  await space.commit(bad);
  const diff = await plumb(space.arguments("diff"), { kubeconfig: space.kubeconfig });
  const run = await space.run();
  for (const told of [diff, run]) {
    const warnings = warningsOf(told).filter((message) => message.startsWith("No undo takes this"));
    assert.equal(warnings.length, 2, told.output);
    assert.ok(warnings.some((message) => /Job .+\/migrate runs: .*database, stays/.test(message)));
  }
  assert.deepEqual([run.code, statesOf(run)], [1, ["begun", "done"]], run.output);
  const done = undosOf(run)[1];
  assert.ok(done?.irreversible.some((line) => /^Job .+\/migrate runs/.test(line)), run.output);
  assert.equal(imageOf(await space.get(DEPLOYMENTS, "web")), APP("1"));
  const jobs = await space.cluster.list(JOBS, { namespace: space.name });
  const after = jobs.map(({ metadata: { name, uid } }) => [name, uid]);
  assert.deepEqual(after.sort(), [["seed", seed], ["setup", setup]]);
  const held = await space.run();
  assert.deepEqual([held.code, actionsOf(held)], [2, []], held.output);
});

Deno.test("an immutable field that a failed revision changed is changed back", async () => {
  await using space = await gitWorkspace();
  const fixed = (value: string) =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: fixed\n  annotations: { plumb.thinkube.io/replace: allowed }\nimmutable: true\ndata: { key: ${value} }\n`;
  await space.commit({ "app.yaml": documents(NAMESPACE, fixed("one"), web("1")) });
  assert.equal((await space.run()).code, 0);
  await space.commit({ "app.yaml": documents(NAMESPACE, fixed("two"), web("2", "image-pull")) });
  const run = await space.run();
  assert.deepEqual([run.code, statesOf(run)], [1, ["begun", "done"]], run.output);
  assert.equal(valueOf(await space.get(CONFIG_MAPS, "fixed")), "one");
  const lines = undosOf(run)[1]?.irreversible.join("\n") ?? "";
  assert.match(lines, /^ConfigMap .+\/fixed is deleted and made anew: what it held is gone$/m);
});

Deno.test("an object that was there before a failed revision took it over is left when that is undone", async () => {
  await using space = await gitWorkspace();
  await space.commit({ "app.yaml": documents(NAMESPACE, configMap("a")) });
  assert.equal((await space.run()).code, 0);
  await space.cluster.create(CONFIG_MAPS, {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "theirs", namespace: space.name },
    data: { mine: "kept" },
  });
  await space.commit({
    "app.yaml": documents(NAMESPACE, configMap("a"), configMap("theirs"), web("1", "image-pull")),
  });
  const run = await space.run();
  assert.deepEqual([run.code, statesOf(run)], [1, ["begun", "done"]], run.output);
  const theirs = await space.get(CONFIG_MAPS, "theirs");
  assert.equal((theirs?.["data"] as Record<string, string>)["mine"], "kept");
  assert.equal(await space.get(DEPLOYMENTS, "web"), undefined);
});

Deno.test("what a failed revision added and what stands in the way of the good one goes first", async () => {
  await using space = await gitWorkspace();
  await space.commit({ "app.yaml": documents(NAMESPACE, web("1")) });
  assert.equal((await space.run()).code, 0);
  const quota =
    "apiVersion: v1\nkind: ResourceQuota\nmetadata: { name: none }\nspec: { hard: { pods: 0 } }\n";
  await space.commit({ "app.yaml": documents(NAMESPACE, quota, web("2")) });
  const run = await space.run(["--timeout", "15s"]);
  assert.deepEqual([run.code, statesOf(run)], [1, ["begun", "done"]], run.output);
  assert.equal(imageOf(await space.get(DEPLOYMENTS, "web")), APP("1"));
});
