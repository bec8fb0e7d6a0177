import assert from "node:assert/strict";
import { readInventory, writeInventory } from "../../lib/apply/inventory.ts";
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
