import assert from "node:assert/strict";
import { readJournal } from "../../lib/apply/mod.ts";
import { isMap } from "../../lib/field_path.ts";
import {
  actionsOf,
  CONFIG_MAPS,
  configMap,
  deployment,
  documents,
  NAMESPACE,
  NAMESPACES,
  outcomeOf,
  planOf,
  SERVICES,
  workspace,
} from "../plumb.ts";
import { isWrite, startRecorder } from "../recorder.ts";

Deno.test("a second run changes nothing, writes nothing and asks little", async () => {
  await using space = await workspace();
  await using recorder = await startRecorder(space.kubeconfig);
  const { kubeconfig } = recorder;
  await space.write({ "app.yaml": documents(NAMESPACE, configMap("settings"), deployment("web")) });
  const first = await space.reconcile([], { kubeconfig });
  assert.equal(first.code, 0, first.output);
  assert.deepEqual(actionsOf(first), [
    "create ConfigMap/settings",
    "create Deployment/web",
    `create Namespace/${space.name}`,
  ]);
  assert.ok(recorder.requests.some(isWrite));
  recorder.requests.length = 0;
  const second = await space.reconcile([], { kubeconfig });
  assert.equal(second.code, 0, second.output);
  assert.deepEqual([planOf(second), outcomeOf(second)], [[], "in-sync"]);
  assert.deepEqual(recorder.requests.filter(isWrite), []);
  const kinds = 3;
  assert.ok(recorder.requests.length <= kinds + 5, JSON.stringify(recorder.requests));
  assert.equal((await space.reconcile(["--refresh"])).code, 0);
  assert.deepEqual(planOf(await space.diff(["--refresh"])), []);
});

Deno.test("drift is shown with who did it, when and where Git says otherwise, and is healed", async () => {
  await using space = await workspace();
  await space.write({
    "app.yaml": documents(NAMESPACE, configMap("settings"), configMap("other")),
  });
  await space.reconcile();
  await space.cluster.patch(
    CONFIG_MAPS,
    { namespace: space.name, name: "settings" },
    { data: { key: "hacked" } },
    "merge",
    "kubectl-edit",
  );
  await space.cluster.delete(CONFIG_MAPS, { namespace: space.name, name: "other" });
  const diff = await space.diff();
  assert.equal(diff.code, 2);
  assert.deepEqual(actionsOf(diff), ["create ConfigMap/other", "update ConfigMap/settings"]);
  const field = planOf(diff).find(({ action }) => action === "update")?.fields[0];
  assert.equal(field?.path, "data.key");
  assert.deepEqual([field?.live, field?.desired, field?.owner, field?.line], [
    "hacked",
    "one",
    "kubectl-edit",
    9,
  ]);
  assert.match(field?.since ?? "", /^\d{4}-\d\d-\d\dT/);
  assert.deepEqual((await space.get(CONFIG_MAPS, "settings"))?.["data"], { key: "hacked" });
  assert.equal(await space.get(CONFIG_MAPS, "other"), undefined);
  const heal = await space.reconcile();
  assert.equal(heal.code, 0, heal.output);
  const taken = heal.events.flatMap((event) =>
    event.type === "change" && event.taken !== undefined ? event.taken : []
  );
  assert.deepEqual(taken, [{ path: "data.key", from: "kubectl-edit" }]);
  assert.deepEqual((await space.get(CONFIG_MAPS, "settings"))?.["data"], { key: "one" });
  assert.ok(await space.get(CONFIG_MAPS, "other"));
  assert.deepEqual(planOf(await space.reconcile()), []);
});

Deno.test("fields that others add stay, and are no difference", async () => {
  await using space = await workspace();
  await space.write({ "app.yaml": documents(NAMESPACE, configMap("settings")) });
  await space.reconcile();
  const foreign = { data: { foreign: "kept" }, metadata: { labels: { team: "blue" } } };
  await space.cluster.patch(
    CONFIG_MAPS,
    { namespace: space.name, name: "settings" },
    foreign,
    "merge",
    "operator",
  );
  assert.equal((await space.diff(["--refresh"])).code, 0);
  await space.write({ "app.yaml": documents(NAMESPACE, configMap("settings", "two")) });
  assert.equal((await space.reconcile()).code, 0);
  const live = await space.get(CONFIG_MAPS, "settings");
  assert.deepEqual(live?.["data"], { key: "two", foreign: "kept" });
  assert.equal(live?.metadata.labels?.["team"], "blue");
});

Deno.test("component.yaml says for a field whether it is reverted, ignored, or stops the run", async () => {
  await using space = await workspace();
  const component = (action: string) =>
    `apiVersion: plumb.thinkube.io/v1alpha1
kind: Component
metadata: { name: NAMESPACE }
spec:
  namespace: NAMESPACE
  fields: [{ paths: [data.key], managers: [tuner], action: ${action} }]
`;
  const write = (action: string) =>
    space.write({
      "component.yaml": component(action),
      "app.yaml": documents(NAMESPACE, configMap("settings")),
    });
  const tune = () =>
    space.cluster.patch(
      CONFIG_MAPS,
      { namespace: space.name, name: "settings" },
      { data: { key: "tuned" } },
      "merge",
      "tuner",
    );
  await write("ignore");
  await space.reconcile();
  await tune();
  assert.equal((await space.reconcile()).code, 0);
  assert.deepEqual((await space.get(CONFIG_MAPS, "settings"))?.["data"], { key: "tuned" });
  await write("stop");
  const stopped = await space.reconcile();
  assert.equal(stopped.code, 1);
  assert.equal(planOf(stopped)[0]?.action, "conflict");
  assert.equal(planOf(stopped)[0]?.fields[0]?.owner, "tuner");
  await write("revert");
  assert.equal((await space.reconcile()).code, 0);
  assert.deepEqual((await space.get(CONFIG_MAPS, "settings"))?.["data"], { key: "one" });
});

Deno.test("a kustomization is a component", async () => {
  await using space = await workspace();
  await space.write({
    "kustomization.yaml": "resources: [base.yaml]\nnamePrefix: my-\n",
    "base.yaml": configMap("settings"),
  });
  await space.cluster.create(NAMESPACES, {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: space.name },
  });
  const run = await space.reconcile([], { environment: { HOME: Deno.env.get("HOME") ?? "" } });
  assert.equal(run.code, 0, run.output);
  assert.ok(await space.get(CONFIG_MAPS, "my-settings"));
});

Deno.test("a Service keeps what the cluster gave it", async () => {
  await using space = await workspace();
  const service =
    "apiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec: { selector: { app: web }, ports: [{ port: 80 }] }\n";
  await space.write({ "app.yaml": documents(NAMESPACE, service) });
  assert.equal((await space.reconcile()).code, 0);
  assert.equal((await space.diff(["--refresh"])).code, 0);
  const spec = (await space.get(SERVICES, "web"))?.["spec"];
  assert.ok(isMap(spec) && spec["clusterIP"]);
});

Deno.test("the journal keeps what changed something and what failed, and nothing else", async () => {
  await using space = await workspace();
  await space.write({ "app.yaml": documents(NAMESPACE, configMap("settings")) });
  await space.reconcile();
  await space.reconcile();
  await space.diff();
  const [first, ...none] = (await readJournal(space.cluster, space.name)).runs;
  assert.deepEqual([first?.result, first?.changes, none], ["applied", { create: 2 }, []]);
  assert.ok(first?.identity.startsWith(`${Deno.hostname()}/`));
  const wrong = configMap("settings").replace("key: one", "key: [one]");
  await space.write({ "app.yaml": documents(NAMESPACE, wrong) });
  for (let time = 0; time < 2; time++) assert.equal((await space.reconcile()).code, 1);
  const { runs, good } = await readJournal(space.cluster, space.name);
  assert.deepEqual(runs.map(({ result }) => result), ["failed", "applied"]);
  assert.match(runs[0]?.evidence[0] ?? "", /^ConfigMap .+\/settings: /);
  assert.ok(good !== undefined && Date.parse(good.at) <= Date.now());
});
