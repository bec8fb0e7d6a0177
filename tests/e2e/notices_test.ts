import assert from "node:assert/strict";
import type { KubernetesObject } from "../../lib/object.ts";
import { FAIL_ANNOTATION } from "../../lib/sandbox/mod.ts";
import { gitWorkspace } from "../git_workspace.ts";
import {
  COMPONENT_YAML,
  CONFIG_MAPS,
  configMap,
  deployment,
  documents,
  EVENTS,
  NAMESPACE,
  plumb,
  restrictedKubeconfig,
  type Workspace,
  workspace,
} from "../plumb.ts";
import { startRecorder } from "../recorder.ts";

/** The Kubernetes Events about a component, by reason. */
async function noticesIn(
  space: Pick<Workspace, "name" | "cluster">,
): Promise<Map<string, KubernetesObject>> {
  const events = await space.cluster.list(EVENTS, { namespace: space.name });
  const about = events.filter(({ metadata }) => metadata.name.startsWith(`plumb-${space.name}.`));
  return new Map(about.map((event) => [String(event["reason"]), event]));
}

const settings = documents(NAMESPACE, configMap("settings"));

Deno.test("users of kubectl hear of what drifted, was applied, failed and was suspended", async () => {
  await using space = await workspace();
  await space.write({ "app.yaml": settings });
  assert.equal((await space.reconcile()).code, 0);
  const applied = (await noticesIn(space)).get("Applied");
  assert.equal(applied?.["message"], `${space.name}: local: 2 objects changed`);
  assert.equal((await space.reconcile()).code, 0);
  assert.equal((await noticesIn(space)).get("Applied")?.["count"], 1);

  const name = { namespace: space.name, name: "settings" };
  await space.cluster.patch(
    CONFIG_MAPS,
    name,
    { data: { key: "secret-ish" } },
    "merge",
    "kubectl-edit",
  );
  assert.equal((await space.reconcile()).code, 0);
  const drifted = String((await noticesIn(space)).get("Drifted")?.["message"]);
  assert.match(drifted, /1 objects .+ ConfigMap .+settings \(data\.key by kubectl-edit\)/);
  assert.doesNotMatch(drifted, /secret-ish/);

  await space.write({
    "app.yaml": documents(NAMESPACE, configMap("settings"), configMap("Wrong_Name")),
  });
  assert.equal((await space.reconcile()).code, 1);
  assert.equal((await space.reconcile()).code, 1);
  const failed = (await noticesIn(space)).get("Failed");
  assert.deepEqual([failed?.["type"], failed?.["count"]], ["Warning", 2]);

  await plumb(["suspend", space.name, "--reason", "hands off"], { environment: { USER: "ann" } });
  await plumb(["resume", space.name]);
  const notices = await noticesIn(space);
  assert.match(String(notices.get("Suspended")?.["message"]), /\(ann@.+\): hands off$/);
  assert.match(String(notices.get("Resumed")?.["message"]), /It was suspended: hands off$/);
});

Deno.test("credentials that may not write Kubernetes Events reconcile all the same", async () => {
  await using space = await workspace();
  await space.write({ "app.yaml": settings });
  assert.equal((await space.reconcile()).code, 0);
  await space.write({ "app.yaml": documents(NAMESPACE, configMap("settings", "two")) });
  const all = ["get", "list", "watch", "create", "update", "patch", "delete"];
  await using restricted = await restrictedKubeconfig(space, [
    { apiGroups: [""], resources: ["namespaces", "secrets", "configmaps"], verbs: all },
    { apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: all },
  ]);
  const run = await space.reconcile([], { kubeconfig: restricted.kubeconfig });
  assert.equal(run.code, 0, run.output);
  const message = String((await noticesIn(space)).get("Applied")?.["message"]);
  assert.match(message, /2 objects changed/);
});

/** The type and message of the Kubernetes Event with a reason. */
async function toldIn(
  space: Pick<Workspace, "name" | "cluster">,
  reason: string,
): Promise<readonly [unknown, string]> {
  const notice = (await noticesIn(space)).get(reason);
  return [notice?.["type"], String(notice?.["message"])];
}

Deno.test("users of kubectl hear of what was undone, and of an undo that failed", async () => {
  await using space = await gitWorkspace();
  const commit = (value: string, more: { template?: string } = {}) =>
    space.commit({
      "app.yaml": documents(NAMESPACE, configMap("settings", value), deployment("web", more)),
    });
  const bad = { template: `${FAIL_ANNOTATION}: image-pull` };
  const good = await commit("one");
  assert.equal((await space.run()).code, 0);

  const first = await commit("two", bad);
  let isGoingBack = false;
  await using recorder = await startRecorder(space.kubeconfig, ({ method, path, query }) => {
    const isWrite = method === "PATCH" && path.endsWith("/settings") && !query.has("dryRun");
    if (!isGoingBack || !isWrite) return;
    return Response.json({ kind: "Status", reason: "Forbidden", code: 403 }, { status: 403 });
  });
  const stuck = await space.run([], {
    kubeconfig: recorder.kubeconfig,
    onEvent: (event) => isGoingBack ||= event.type === "undo",
  });
  assert.equal(stuck.code, 1, stuck.output);
  const [warning, failed] = await toldIn(space, "UndoFailed");
  const way = (from: string) =>
    `${space.name}: from ${from.slice(0, 12)} to ${good.slice(0, 12)}: `;
  assert.equal(warning, "Warning");
  assert.ok(failed.startsWith(way(first)), failed);
  assert.match(failed, /can't pull image/);
  assert.equal((await noticesIn(space)).get("Undone"), undefined);

  const second = await commit("three", bad);
  assert.equal((await space.run()).code, 1);
  const [type, undone] = await toldIn(space, "Undone");
  assert.equal(type, "Warning");
  assert.ok(undone.startsWith(way(second)), undone);

  const third = await commit("four");
  assert.equal((await space.run()).code, 0);
  const undo = [...space.arguments("undo"), "--yes", "--because", "nobody can log in"];
  const byHand = await plumb(undo, { kubeconfig: space.kubeconfig });
  assert.equal(byHand.code, 0, byHand.output);
  const events = await space.cluster.list(EVENTS, { namespace: space.name });
  const messages = events.map((event) => String(event["message"]));
  assert.ok(messages.includes(`${way(third)}undone by hand: nobody can log in`), messages.join());
});

Deno.test("users of kubectl hear of checks that failed, in a deploy and by themselves", async () => {
  await using space = await workspace();
  await using nobody = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response("out of order", { status: 500 }),
  );
  await space.write({
    "component.yaml": `${COMPONENT_YAML}  verify:
    checks: [{ check: http, name: page, url: "http://127.0.0.1:${nobody.addr.port}" }]
`,
    "app.yaml": settings,
  });
  assert.equal((await space.reconcile(["--verify"])).code, 3);
  const [type, message] = await toldIn(space, "VerifyFailed");
  assert.equal(type, "Warning");
  assert.match(message, /: Checks failed: HTTP \(page\)$/);
  assert.equal((await space.verify()).code, 3);
  const events = await space.cluster.list(EVENTS, { namespace: space.name });
  const failures = events.filter((event) => event["reason"] === "VerifyFailed");
  assert.equal(failures.length, 2, JSON.stringify(failures.map((event) => event["message"])));
});

Deno.test("users of kubectl hear of what is left to others", async () => {
  await using space = await workspace();
  await space.write({ "app.yaml": documents(settings, configMap("gone")) });
  assert.equal((await space.reconcile()).code, 0);
  for (let round = 0; round < 4; round++) {
    const name = { namespace: space.name, name: "settings" };
    await space.cluster.patch(CONFIG_MAPS, name, { data: { key: "x" } }, "merge", "operator");
    await space.cluster.delete(CONFIG_MAPS, { ...name, name: "gone" });
    assert.equal((await space.reconcile()).code, 0);
  }
  const events = await space.cluster.list(EVENTS, { namespace: space.name });
  const left = events.filter((event) => event["reason"] === "BackedOff");
  assert.deepEqual(left.map((event) => [event["type"], event["message"]]).sort(), [
    [
      "Warning",
      `${space.name}: ConfigMap ${space.name}/gone is left deleted, as somebody deletes it each time, after 3 corrections`,
    ],
    [
      "Warning",
      `${space.name}: data.key of ConfigMap ${space.name}/settings is left as operator sets it, after 3 corrections`,
    ],
  ]);
});
