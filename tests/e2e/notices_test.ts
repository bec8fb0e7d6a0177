import assert from "node:assert/strict";
import type { Resource } from "../../lib/cluster/mod.ts";
import type { KubernetesObject } from "../../lib/object.ts";
import {
  CONFIG_MAPS,
  configMap,
  documents,
  NAMESPACE,
  plumb,
  restrictedKubeconfig,
  type Workspace,
  workspace,
} from "../plumb.ts";

const EVENTS: Resource = {
  group: "",
  version: "v1",
  kind: "Event",
  plural: "events",
  namespaced: true,
};

/** The Kubernetes Events about a component, by reason. */
async function noticesIn(space: Workspace): Promise<Map<string, KubernetesObject>> {
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
