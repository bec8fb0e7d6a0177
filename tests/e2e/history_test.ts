import assert from "node:assert/strict";
import type { ComponentStatus, Journal } from "../../lib/apply/mod.ts";
import {
  deployment,
  DEPLOYMENTS,
  documents,
  NAMESPACE,
  plumb,
  restrictedKubeconfig,
  type Run,
  type Workspace,
  workspace,
} from "../plumb.ts";

const COMPONENT = `apiVersion: plumb.thinkube.io/v1alpha1
kind: Component
metadata: { name: NAMESPACE }
spec:
  namespace: NAMESPACE
  policy: "off"
  verify:
    checks: [{ check: deployment }]
`;

const IMAGE = `registry.example.com/app:1@sha256:${"0123456789abcdef".repeat(4)}`;

async function deployed(space: Workspace): Promise<void> {
  await space.write({
    "component.yaml": COMPONENT,
    "app.yaml": documents(NAMESPACE, deployment("web", { image: IMAGE })),
  });
  const run = await space.reconcile(["--verify"], { environment: { USER: "ann" } });
  assert.equal(run.code, 0, run.output);
}

async function historyOf(space: Workspace): Promise<Journal> {
  const { output } = await plumb(["history", space.name, "--output", "json"]);
  return JSON.parse(output) as Journal;
}

type Row = ComponentStatus & { readonly next: string; readonly needsAttention: boolean };

async function statusOf(space: Workspace): Promise<{ run: Run; row: Row }> {
  const run = await plumb(["status", "--output", "json"]);
  const { components } = JSON.parse(run.output) as { components: Row[] };
  const row = components.find(({ name }) => name === space.name);
  assert.ok(row, run.output);
  return { run, row };
}

const verify = (space: Workspace, kubeconfig = space.kubeconfig) =>
  plumb(["verify", "--path", space.folder, "--name", space.name, "--namespace", space.name], {
    kubeconfig,
  });

Deno.test("history tells what was deployed by whom, how it was verified, and what failed", async () => {
  await using space = await workspace();
  await deployed(space);
  const first = await historyOf(space);
  const applied = first.runs.find(({ command }) => command === "reconcile");
  assert.deepEqual([applied?.result, applied?.changes], ["applied", { create: 2 }]);
  assert.match(applied?.identity ?? "", /^ann@/);
  assert.equal(first.runs[0]?.verified?.passed, 1);
  assert.equal(first.good?.revision, applied?.source.revision);

  await space.cluster.delete(DEPLOYMENTS, { namespace: space.name, name: "web" });
  assert.equal((await verify(space)).code, 3);
  const [failed] = (await historyOf(space)).runs;
  assert.deepEqual([failed?.command, failed?.result, failed?.verified?.failed], [
    "verify",
    "unverified",
    ["deployment"],
  ]);
  const text = await plumb(["history", space.name, "--output", "text"]);
  assert.match(text.output, /is good at local, since .+ ago/);
  assert.match(text.output, /failed: deployment .+ ago; the last ones: ✓✗/);
  assert.match(text.output, /\d{4}-\d\d-\d\d \d\d:\d\d UTC +local +reconcile +applied .+2 created/);
  const markdown = await plumb(["history", space.name, "--output", "markdown"]);
  assert.match(markdown.output, /\| local \| reconcile \| applied \|/);
  const slip = await plumb(["history", `${space.name}x`]);
  assert.match(slip.output, new RegExp(`Did you mean ${space.name}\\?`));
});

Deno.test("status tells drift, health, the last verification and the next step, without Git", async () => {
  await using space = await workspace();
  await deployed(space);
  const { row } = await statusOf(space);
  assert.deepEqual([row.drifted, row.health.status, row.needsAttention], [[], "current", false]);
  assert.deepEqual([row.objects, row.verifications.length], [2, 1]);

  const web = { namespace: space.name, name: "web" };
  const change = {
    spec: { template: { spec: { containers: [{ name: "app", image: "other" }] } } },
  };
  await space.cluster.patch(DEPLOYMENTS, web, change, "merge", "kubectl-edit");
  const drifted = await statusOf(space);
  assert.equal(drifted.run.code, 2);
  assert.deepEqual(drifted.row.drifted.map(({ reference, how }) => [reference.name, how]), [
    ["web", "changed"],
  ]);
  assert.match(drifted.row.next, new RegExp(`plumb diff ${space.name}.+web is changed`));

  await space.cluster.delete(DEPLOYMENTS, web);
  assert.deepEqual((await statusOf(space)).row.drifted[0]?.how, "missing");
  await plumb(["suspend", space.name, "--reason", "hands off"]);
  const suspended = (await statusOf(space)).row;
  assert.deepEqual([suspended.needsAttention, suspended.suspended?.reason], [false, "hands off"]);
  const text = await plumb(["status", "--output", "text"]);
  assert.match(text.output, new RegExp(`${space.name} +local +2 +1 +.+suspended: hands off`));
});

Deno.test("without permission to keep it, a verification counts all the same", async () => {
  await using space = await workspace();
  await deployed(space);
  const reading = ["get", "list"];
  await using restricted = await restrictedKubeconfig(space, [
    { apiGroups: ["apps", "networking.k8s.io"], resources: ["*"], verbs: reading },
    { apiGroups: [""], resources: ["pods", "persistentvolumeclaims"], verbs: reading },
  ]);
  const run = await verify(space, restricted.kubeconfig);
  assert.equal(run.code, 0, run.output);
  const warnings = run.events.filter(({ type }) => type === "warning");
  assert.equal(warnings.length, 1, run.output);
  assert.equal(
    (await historyOf(space)).runs.filter(({ verified }) => verified !== undefined).length,
    1,
  );
});
