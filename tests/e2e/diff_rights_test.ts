/** A diff reads and dry-runs, and tells no secret. */
import assert from "node:assert/strict";
import {
  actionsOf,
  CONFIG_MAPS,
  configMap,
  documents,
  errorOf,
  NAMESPACE,
  planOf,
  restrictedKubeconfig,
  SECRETS,
  workspace,
} from "../plumb.ts";
import { isWrite, startRecorder } from "../recorder.ts";

Deno.test("a diff needs no more than to read and to dry-run, and writes nothing", async () => {
  await using space = await workspace();
  await space.write({ "app.yaml": documents(NAMESPACE, configMap("settings")) });
  assert.equal((await space.reconcile()).code, 0);
  await using reader = await restrictedKubeconfig(space, [
    { apiGroups: [""], resources: ["configmaps", "namespaces"], verbs: ["get", "list", "patch"] },
    { apiGroups: [""], resources: ["secrets"], verbs: ["get"] },
  ]);
  await using recorder = await startRecorder(reader.kubeconfig);
  const { kubeconfig } = recorder;
  assert.equal((await space.diff([], { kubeconfig })).code, 0);
  const name = { namespace: space.name, name: "settings" };
  await space.cluster.patch(CONFIG_MAPS, name, { data: { key: "hacked" } }, "merge");
  const before = await space.get(CONFIG_MAPS, "settings");
  const runs = [
    await space.diff([], { kubeconfig }),
    await space.diff(["--refresh"], { kubeconfig }),
    await space.reconcile(["--mode", "observe"], { kubeconfig }),
  ];
  for (const run of runs) {
    assert.deepEqual([run.code, actionsOf(run)], [2, ["update ConfigMap/settings"]], run.output);
  }
  assert.ok(recorder.requests.some(({ query }) => query.get("dryRun") === "All"));
  const refused = await space.reconcile([], { kubeconfig });
  assert.deepEqual([refused.code, errorOf(refused).code], [1, "permission-missing"]);
  assert.match(errorOf(refused).message, /create and update leases\.coordination\.k8s\.io/);
  assert.deepEqual(recorder.requests.filter(isWrite), []);
  assert.deepEqual(await space.get(CONFIG_MAPS, "settings"), before);
});

Deno.test("a diff whose user may not even dry-run says so, and for which object", async () => {
  await using space = await workspace();
  await space.write({ "app.yaml": documents(NAMESPACE, configMap("settings")) });
  assert.equal((await space.reconcile()).code, 0);
  await using reader = await restrictedKubeconfig(space, [
    { apiGroups: [""], resources: ["configmaps", "namespaces"], verbs: ["get", "list"] },
    { apiGroups: [""], resources: ["secrets"], verbs: ["get"] },
  ]);
  assert.equal((await space.diff([], reader)).code, 0);
  await space.write({ "app.yaml": documents(NAMESPACE, configMap("settings", "two")) });
  const run = await space.diff([], reader);
  assert.deepEqual([run.code, actionsOf(run)], [1, ["conflict ConfigMap/settings"]], run.output);
  const change = planOf(run)[0];
  assert.match(change?.reason ?? "", /cannot patch resource "configmaps"/);
  assert.match(change?.hint ?? "", /permission/);
  assert.deepEqual([change?.file, change?.line], ["app.yaml", 5]);
});

Deno.test("no value of a Secret shows: neither Git's nor the one that somebody put in its place", async () => {
  await using space = await workspace();
  const secret = (value: string) =>
    `apiVersion: v1\nkind: Secret\nmetadata: { name: login }\nstringData: { password: ${value} }\n`;
  const [old, wanted, foreign] = ["old-battery", "wanted-battery", "foreign-battery"] as const;
  await space.write({ "app.yaml": documents(NAMESPACE, secret(old)) });
  const said = [(await space.reconcile(["--debug"])).output];
  await space.write({ "app.yaml": documents(NAMESPACE, secret(wanted)) });
  const name = { namespace: space.name, name: "login" };
  for (const output of ["text", "json", "markdown"]) {
    const hacked = { data: { password: btoa(foreign) } };
    await space.cluster.patch(SECRETS, name, hacked, "merge", "kubectl-edit");
    for (const verb of ["diff", "reconcile"] as const) {
      const run = await space[verb](["--output", output, "--debug"]);
      assert.equal(run.code, verb === "diff" ? 2 : 0, run.output);
      assert.match(run.output, /data\.password|kubectl-edit/);
      said.push(run.output);
    }
  }
  const text = said.join("\n");
  for (const value of [old, wanted, foreign]) {
    assert.ok(!text.includes(value) && !text.includes(btoa(value)), value);
  }
  assert.deepEqual((await space.get(SECRETS, "login"))?.["data"], { password: btoa(wanted) });
});
