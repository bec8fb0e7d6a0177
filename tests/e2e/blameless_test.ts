/** What goes wrong outside of Git fails a run, but is no reason to undo a revision and to hold it back. */
import assert from "node:assert/strict";
import { VOLUMES } from "../../lib/apply/volumes.ts";
import { type GitWorkspace, gitWorkspace } from "../git_workspace.ts";
import { CLAIMS, CONFIG_MAPS, configMap, documents, NAMESPACE, plumb, type Run } from "../plumb.ts";

const REPLACEABLE =
  "metadata:\n  name: fixed\n  annotations: { plumb.thinkube.io/replace: allowed }\n";
const fixed = (value: string) =>
  `apiVersion: v1\nkind: ConfigMap\n${REPLACEABLE}immutable: true\ndata: { key: ${value} }\n`;
const CLAIM =
  "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: { name: data }\nspec:\n  accessModes: [ReadWriteOnce]\n  resources: { requests: { storage: 1Gi } }\n";

async function assertNotBlamed(space: GitWorkspace, run: Run, reason: RegExp): Promise<void> {
  assert.equal(run.code, 1, run.output.slice(-1500));
  assert.match(run.output, reason);
  assert.deepEqual(run.events.filter(({ type }) => type === "undo"), []);
  assert.equal((await space.journal()).rejected, undefined);
}

Deno.test("an old object that does not go is waited for, and the next run makes the new one", async () => {
  await using space = await gitWorkspace();
  await space.commit({ "app.yaml": documents(NAMESPACE, fixed("one")) });
  assert.equal((await space.run()).code, 0);
  const target = { namespace: space.name, name: "fixed" };
  const hold = (finalizers: readonly string[] | null) =>
    space.cluster.patch(CONFIG_MAPS, target, { metadata: { finalizers } }, "merge", "backup-tool");
  await hold(["example.com/hold"]);
  await space.commit({ "app.yaml": documents(NAMESPACE, fixed("two")) });
  const stuck = await space.run(["--timeout", "2s"]);
  await assertNotBlamed(
    space,
    stuck,
    /The old one is held by finalizer example\.com\/hold: .*\(set by backup-tool/,
  );
  const still = await space.run();
  await assertNotBlamed(space, still, /It is being deleted since \S+, held by example\.com\/hold/);
  await hold(null);
  const next = await space.run();
  assert.equal(next.code, 0, next.output.slice(-1500));
  const made = await space.get(CONFIG_MAPS, "fixed");
  assert.deepEqual(made?.["data"], { key: "two" });
});

Deno.test("a volume that was kept and is gone stops a deploy, whatever Git says meanwhile", async () => {
  await using space = await gitWorkspace();
  await space.commit({ "app.yaml": documents(NAMESPACE, CLAIM) });
  assert.equal((await space.run()).code, 0);
  const rolledBack = await plumb(["rollback", space.name, "--yes"], space);
  assert.equal(rolledBack.code, 0, rolledBack.output.slice(-1500));
  const volumes = await space.cluster.list(VOLUMES);
  const volume = volumes.find(({ spec }) =>
    (spec as { claimRef?: { namespace: string } }).claimRef?.namespace === space.name
  );
  assert.ok(volume);
  const { name } = volume.metadata;
  await space.cluster.patch(VOLUMES, { name }, { metadata: { finalizers: null } }, "merge");
  await space.cluster.delete(VOLUMES, { name });
  await space.commit({ "app.yaml": documents(NAMESPACE, CLAIM, configMap("more")) });
  const run = await space.run();
  await assertNotBlamed(space, run, /PersistentVolume \S+, which a rollback kept, is gone/);
  assert.equal(await space.get(CLAIMS, "data"), undefined);
});
