import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { readInventory, writeInventory } from "../../lib/apply/inventory.ts";
import type { Resource } from "../../lib/cluster/mod.ts";
import {
  actionsOf,
  CONFIG_MAPS,
  configMap,
  documents,
  NAMESPACE,
  outcomeOf,
  plumb,
  type Run,
  type Workspace,
  workspace,
} from "../plumb.ts";

const settings = (value: string) =>
  configMap("settings", value).replace("\ndata:", "\ndata:\n  other: x");

/** Somebody sets the field back, as they do each time. */
async function setBack(space: Workspace): Promise<void> {
  const name = { namespace: space.name, name: "settings" };
  await space.cluster.patch(CONFIG_MAPS, name, { data: { key: "theirs" } }, "merge", "operator");
}

async function valueIn(space: Workspace): Promise<unknown> {
  return (await space.get(CONFIG_MAPS, "settings"))?.["data"];
}

const DEFINITIONS: Resource = {
  group: "apiextensions.k8s.io",
  version: "v1",
  kind: "CustomResourceDefinition",
  plural: "customresourcedefinitions",
  namespaced: false,
};

const fightsOf = (run: Run) => run.events.filter((event) => event.type === "fight");
const ours = { key: "one", other: "x" };
const theirs = { key: "theirs", other: "x" };

/** A component whose field was corrected until it was recognised as fought over. */
async function fought(): Promise<Workspace> {
  const space = await workspace();
  await space.write({ "app.yaml": documents(NAMESPACE, settings("one")) });
  assert.equal((await space.reconcile()).code, 0);
  for (let round = 0; round < 3; round++) {
    await setBack(space);
    const run = await space.reconcile();
    assert.deepEqual([outcomeOf(run), fightsOf(run)], ["applied", []], run.output);
    assert.deepEqual(await valueIn(space), ours);
  }
  await setBack(space);
  return space;
}

Deno.test("a field that is set back each time is left alone for a while, by the name of who does it", async () => {
  await using space = await fought();
  for (let round = 0; round < 2; round++) {
    const run = await space.reconcile();
    assert.deepEqual([run.code, outcomeOf(run)], [0, "in-sync"], run.output);
    const [fight] = fightsOf(run);
    assert.deepEqual([fight?.path, fight?.manager, fight?.corrections], [
      "data.key",
      "operator",
      3,
    ]);
    assert.deepEqual(await valueIn(space), theirs);
  }
  const text = await space.reconcile(["--output", "text"]);
  assert.match(
    text.output,
    /data\.key of ConfigMap .+ is left as operator sets it until .+, in \d+ minutes: it was set back after 3 corrections/,
  );
  assert.match(text.output, /but for 1 field/);
  const seen = await space.diff();
  assert.deepEqual([seen.code, actionsOf(seen), fightsOf(seen).length], [
    2,
    ["update ConfigMap/settings"],
    1,
  ]);
  const status = await plumb(["status", "--output", "text"]);
  assert.match(status.output, new RegExp(`${space.name} .+! settle data.key with operator`));

  // Other fields of the object are corrected all the same.
  const name = { namespace: space.name, name: "settings" };
  await space.cluster.patch(CONFIG_MAPS, name, { data: { other: "y" } }, "merge", "kubectl-edit");
  assert.equal(outcomeOf(await space.reconcile()), "applied");
  assert.deepEqual(await valueIn(space), theirs);
});

Deno.test("when its time is over the field is corrected again, and left alone for longer after that", async () => {
  await using space = await fought();
  const [before] = fightsOf(await space.reconcile());
  const stored = await readInventory(space.cluster, space.name, space.name);
  const fights = (stored.inventory.fights ?? []).map((fight) => (
    { ...fight, at: new Date(Date.parse(fight.at) - 30 * 60_000).toISOString() }
  ));
  await writeInventory(space.cluster, { ...stored, inventory: { ...stored.inventory, fights } });
  assert.equal(outcomeOf(await space.reconcile()), "applied");
  assert.deepEqual(await valueIn(space), ours);
  await setBack(space);
  const [after] = fightsOf(await space.reconcile());
  assert.equal(after?.corrections, 4);
  const wait = (until = "") => Date.parse(until) - Date.now();
  assert.ok(wait(after?.until) > 1.5 * wait(before?.until), `${before?.until} ${after?.until}`);
});

Deno.test("who asks for it, or moves Git, corrects the field at once", async () => {
  await using space = await fought();
  assert.equal(outcomeOf(await space.reconcile(["--refresh"])), "applied");
  assert.deepEqual(await valueIn(space), ours);
  await setBack(space);
  assert.equal(outcomeOf(await space.reconcile()), "in-sync");
  await space.write({ "app.yaml": documents(NAMESPACE, settings("two")) });
  assert.equal(outcomeOf(await space.reconcile()), "applied");
  assert.deepEqual(await valueIn(space), { key: "two", other: "x" });
});

const deleted = (space: Workspace) =>
  space.cluster.delete(CONFIG_MAPS, { namespace: space.name, name: "settings" });

Deno.test("an object that somebody deletes each time is left deleted for a while, and the rest goes on", async () => {
  await using space = await workspace();
  const files = (more = "") =>
    space.write({ "app.yaml": documents(NAMESPACE, settings("one"), configMap("other", more)) });
  await files("one");
  assert.equal((await space.reconcile()).code, 0);
  for (let round = 0; round < 3; round++) {
    await deleted(space);
    const run = await space.reconcile();
    assert.deepEqual([actionsOf(run), fightsOf(run)], [["create ConfigMap/settings"], []]);
  }
  await deleted(space);
  for (let round = 0; round < 2; round++) {
    const run = await space.reconcile();
    assert.deepEqual([run.code, outcomeOf(run)], [0, "in-sync"], run.output);
    const [fight] = fightsOf(run);
    const told = [fight?.object.name, fight?.path, fight?.manager, fight?.corrections];
    assert.deepEqual(told, ["settings", "", "somebody", 3]);
    assert.equal(await space.get(CONFIG_MAPS, "settings"), undefined);
  }
  const text = await space.reconcile(["--output", "text"]);
  assert.match(
    text.output,
    /settings is left deleted until .+, in \d+ minutes: somebody deleted it again .+ 3 times/,
  );
  assert.match(text.output, /audit log/);
  assert.match(text.output, /but for 1 object left deleted for now/);
  const seen = await space.diff();
  assert.deepEqual([seen.code, fightsOf(seen).length], [2, 1]);
  const status = await plumb(["status", "--output", "text"]);
  assert.match(
    status.output,
    new RegExp(`! find who deletes ConfigMap/${space.name}/settings each time`),
  );
  // What Git moves elsewhere is applied, waited for, and does not bring it back.
  await files("two");
  const moved = await space.reconcile();
  assert.deepEqual([moved.code, outcomeOf(moved)], [0, "applied"], moved.output);
  assert.equal(await space.get(CONFIG_MAPS, "settings"), undefined);
  // Who asks for it, or moves Git, has it at once.
  assert.equal(outcomeOf(await space.reconcile(["--refresh"])), "applied");
  assert.deepEqual(await valueIn(space), ours);
  await deleted(space);
  assert.equal(outcomeOf(await space.reconcile()), "in-sync");
  await space.write({ "app.yaml": documents(NAMESPACE, settings("two"), configMap("other")) });
  assert.equal((await space.reconcile()).code, 0);
  assert.deepEqual(await valueIn(space), { key: "two", other: "x" });
});

Deno.test("an object that Git takes out and puts in again is no fight", async () => {
  await using space = await workspace();
  const [without, whole] = [documents(NAMESPACE), documents(NAMESPACE, settings("one"))];
  for (let round = 0; round < 5; round++) {
    await space.write({ "app.yaml": whole });
    const run = await space.reconcile();
    assert.deepEqual([run.code, fightsOf(run)], [0, []], run.output);
    assert.deepEqual(await valueIn(space), ours);
    await space.write({ "app.yaml": without });
    assert.equal((await space.reconcile(["--yes"])).code, 0);
    assert.equal(await space.get(CONFIG_MAPS, "settings"), undefined);
  }
  const { inventory } = await readInventory(space.cluster, space.name, space.name);
  assert.equal(inventory.fights, undefined);
});

Deno.test("what others can't exist without is made anew each time", async () => {
  await using space = await workspace();
  const group = `${space.name}.example.com`;
  const kind = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: things.${group} }
spec:
  group: ${group}
  names: { kind: Thing, plural: things }
  scope: Namespaced
  versions:
    - { name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object } } }
`;
  await space.write({ "app.yaml": documents(NAMESPACE, kind) });
  assert.equal((await space.reconcile()).code, 0);
  const name = `things.${group}`;
  const remove = async () => {
    await space.cluster.delete(DEFINITIONS, { name });
    while (await space.cluster.get(DEFINITIONS, { name }) !== undefined) await delay(100);
  };
  for (let round = 0; round < 4; round++) {
    await remove();
    const run = await space.reconcile();
    assert.deepEqual([run.code, outcomeOf(run), fightsOf(run)], [0, "applied", []], run.output);
  }
  await remove();
});
