/** Components that the dashboard can't compare with Git: what the cluster's records say of them, in the words of `plumb status`. */
import assert from "node:assert/strict";
import type { Board, ComponentDetail } from "../../lib/serve/contract.ts";
import { dashboard } from "../dashboard.ts";
import {
  COMPONENT_YAML,
  CONFIG_MAPS,
  configMap,
  deployment,
  DEPLOYMENTS,
  documents,
  NAMESPACE,
  plumb,
  type Workspace,
  workspace,
} from "../plumb.ts";

const IMAGE = `registry.example.com/app:1@sha256:${"0123456789abcdef".repeat(4)}`;
const COMPONENT = `${COMPONENT_YAML}  parameters:
    color: { type: string, description: Of the door. }
  verify:
    checks: [{ check: deployment }]
`;

/** Deploys and verifies a component from a folder, without the dashboard. */
async function deploy(space: Workspace): Promise<void> {
  const { folder, name } = space;
  await space.write({
    [`${name}/app.yaml`]: documents(
      NAMESPACE,
      configMap("settings", "${color}"),
      deployment("web", { image: IMAGE }),
    ),
    [`${name}/component.yaml`]: COMPONENT,
  });
  const args = ["reconcile", "--path", `${folder}/${name}`, "--set", "color=red", "--verify"];
  const run = await plumb(args, { environment: { USER: "ann" } });
  assert.equal(run.code, 0, run.output);
}

const detailOf = async (served: Awaited<ReturnType<typeof dashboard>>, name: string) =>
  (await served.viewer.get<ComponentDetail>(`/api/components/${name}`)).component;

/** What `plumb status` says to do, and how it is. */
async function statusOf(name: string) {
  const { output } = await plumb(["status", "--output", "json"]);
  const { components } = JSON.parse(output) as {
    components: {
      name: string;
      next: string;
      needsAttention: boolean;
      health: { status: string; message: string };
    }[];
  };
  const found = components.find((component) => component.name === name);
  assert.ok(found, output);
  return found;
}

Deno.test("a component from elsewhere is told by the cluster's records, and can be rolled back", async () => {
  await using space = await workspace();
  await deploy(space);
  const empty = await Deno.makeTempDir({ prefix: "plumb-serve-" });
  try {
    await using served = await dashboard({
      name: space.name,
      kubeconfig: space.kubeconfig,
      folder: empty,
    });
    const found = await detailOf(served, space.name);
    assert.equal(found.sync.state, "elsewhere");
    assert.match(found.sync.message, new RegExp(`deployed from ${space.folder}/`));
    assert.deepEqual([found.error, found.health.status], [undefined, "current"]);
    assert.deepEqual([found.lastRun?.action, found.lastRun?.outcome], ["reconcile", "applied"]);
    assert.match(found.lastRun?.by ?? "", /^ann@[^/]+$/);
    assert.equal(found.revision.cluster?.revision, "local");
    assert.deepEqual([found.verified?.passed, found.next], [1, undefined]);
    const { checks: [check] } = await served.viewer.get<Board>(
      `/api/components/${space.name}/checks`,
    );
    assert.deepEqual([check?.name, check?.last?.status], ["deployment", "passed"]);
    assert.deepEqual(found.actions, ["rollback", "suspend"]);
    const rollback = await served.operator.plan(space.name, { action: "rollback" });
    await served.operator.confirm(rollback);
    assert.equal((await served.operator.finished(rollback.id)).result, "rolled-back");
    assert.equal(await space.get(CONFIG_MAPS, "settings"), undefined);
  } finally {
    await Deno.remove(empty, { recursive: true });
  }
});

Deno.test("a parameter that the server was not given is told, beside what the records say; status says the same", async () => {
  await using space = await workspace();
  await deploy(space);
  await using served = await dashboard(space);
  const found = await detailOf(served, space.name);
  assert.deepEqual([found.sync.state, found.error?.code], ["unknown", "missing-parameter"]);
  assert.match(found.error?.hint ?? "", /--set color=/);
  assert.deepEqual([found.health.status, found.lastRun?.action], ["current", "reconcile"]);

  await space.cluster.delete(DEPLOYMENTS, { namespace: space.name, name: "web" });
  const missing = `Deployment ${space.name}/web`;
  const { next, needsAttention, health } = await statusOf(space.name);
  assert.match(next, new RegExp(`plumb diff ${space.name}.+${missing} is missing`));
  await using given = await dashboard(space, { set: ["color=red"] });
  for (const server of [served, given]) {
    let row = await detailOf(server, space.name);
    while (row.next === undefined) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      row = await detailOf(server, space.name);
    }
    assert.deepEqual(row.next, { words: next, needed: needsAttention });
    assert.deepEqual([row.health.status, row.health.message], [health.status, health.message]);
  }
  assert.equal(health.message, `${missing}: does not exist`);
  assert.equal((await detailOf(given, space.name)).sync.state, "drifted");
});
