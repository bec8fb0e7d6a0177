/** A Job that Kubernetes removes some time after it has finished is done: no run makes it, and runs it, again. */
import assert from "node:assert/strict";
import { FAIL_ANNOTATION } from "../../lib/sandbox/mod.ts";
import type { ComponentDetail } from "../../lib/serve/contract.ts";
import { healthOf, syncOf } from "../../lib/serve/page/state/words.ts";
import { dashboard } from "../dashboard.ts";
import {
  actionsOf,
  COMPONENT_YAML,
  CONFIG_MAPS,
  configMap,
  documents,
  job,
  JOBS,
  NAMESPACE,
  outcomeOf,
  plumb,
  type Workspace,
  workspace,
} from "../plumb.ts";
import { until } from "../rolling_back.ts";

const expiring = (command: string, template = "") =>
  job("migration", { command, template, seconds: 2 });
const manifests = (command: string, value = "one") => ({
  "app.yaml": documents(NAMESPACE, configMap("settings", value), expiring(command)),
});

const untilRemoved = (space: Workspace): Promise<void> =>
  until(async () => await space.get(JOBS, "migration") === undefined);

async function deployed(): Promise<Workspace> {
  const space = await workspace();
  await space.write(manifests("one"));
  const first = await space.reconcile();
  assert.equal(first.code, 0, first.output);
  await untilRemoved(space);
  return space;
}

Deno.test("a Job that has finished and was removed is not drift, and is not run again", async () => {
  await using space = await deployed();
  for (const args of [[], ["--refresh"]]) {
    const again = await space.reconcile(args);
    assert.equal(outcomeOf(again), "in-sync", again.output);
  }
  assert.equal((await space.diff()).code, 0);
  const { output } = await plumb(["status", "--output", "json"], { kubeconfig: space.kubeconfig });
  const { components } = JSON.parse(output) as { components: { name: string; drifted: unknown }[] };
  assert.deepEqual(components.find(({ name }) => name === space.name)?.drifted, []);

  await space.write(manifests("one", "two"));
  const changed = await space.reconcile();
  assert.deepEqual(actionsOf(changed), ["update ConfigMap/settings"]);
  assert.equal(changed.code, 0, changed.output);
  assert.equal(await space.get(JOBS, "migration"), undefined);
});

Deno.test("it is run again when Git moves it, and when what it may have worked on is gone", async () => {
  await using space = await deployed();
  await space.write(manifests("two"));
  assert.deepEqual(actionsOf(await space.reconcile()), ["create Job/migration"]);
  await untilRemoved(space);
  await space.cluster.delete(CONFIG_MAPS, { namespace: space.name, name: "settings" });
  const healed = await space.reconcile();
  assert.deepEqual(actionsOf(healed), ["create ConfigMap/settings", "create Job/migration"]);
  const plan = healed.events.find(({ type }) => type === "plan");
  assert.equal(plan?.type === "plan" && plan.drifted, 1, "nobody has deleted the Job");
  await untilRemoved(space);
  await space.write({ "app.yaml": documents(NAMESPACE, configMap("settings")) });
  const dropped = await space.reconcile();
  assert.equal(dropped.code, 0, dropped.output);
  assert.deepEqual(actionsOf(dropped), []);
});

Deno.test("one that has failed is run again", async () => {
  await using space = await workspace();
  const failing = expiring("one", `${FAIL_ANNOTATION}: job`);
  await space.write({ "app.yaml": documents(NAMESPACE, failing) });
  assert.equal((await space.reconcile()).code, 1);
  await untilRemoved(space);
  assert.deepEqual(actionsOf(await space.diff()), ["create Job/migration"]);
});

Deno.test("the dashboard says that it has finished, whether Git is known or the records alone", async () => {
  await using space = await workspace();
  const { folder, name, kubeconfig } = space;
  const [path, elsewhere] = [`${folder}/${name}`, await Deno.makeTempDir()];
  await space.write({
    [`${name}/component.yaml`]: COMPONENT_YAML,
    [`${name}/app.yaml`]: manifests("one")["app.yaml"],
  });
  const deploy = await plumb(["reconcile", "--path", path], { kubeconfig });
  assert.equal(deploy.code, 0, deploy.output);
  await untilRemoved(space);
  for (const source of [folder, elsewhere]) {
    await using served = await dashboard({ ...space, folder: source });
    const detail = await served.viewer.get<ComponentDetail>(`/api/components/${name}`);
    const found = detail.objects.find(({ object }) => object.kind === "Job");
    assert.ok(found);
    assert.match(found.health.message, /^has finished/);
    assert.deepEqual(healthOf(found), { tone: "good", symbol: "✓", word: "finished" });
    assert.equal(syncOf(found).word, "as Git says");
    assert.equal(detail.component.health.status, "current");
    assert.notEqual(detail.component.next?.needed, true);
  }
  await Deno.remove(elsewhere, { recursive: true });
});
