import assert from "node:assert/strict";
import { readJournal } from "../../lib/apply/mod.ts";
import { isMap } from "../../lib/field_path.ts";
import {
  actionsOf,
  CLAIMS,
  CONFIG_MAPS,
  configMap,
  deployment,
  DEPLOYMENTS,
  documents,
  errorOf,
  job,
  NAMESPACE,
  NAMESPACES,
  outcomeOf,
  planOf,
  restrictedKubeconfig,
  type Run,
  SECRETS,
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

Deno.test("what Git drops is pruned, but never data", async () => {
  await using space = await workspace();
  const claim = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: { name: data }\n" +
    "spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }\n";
  await space.write({
    "app.yaml": documents(NAMESPACE, configMap("stays"), configMap("goes"), claim),
  });
  await space.reconcile();
  await space.write({ "app.yaml": documents(NAMESPACE, configMap("stays")) });
  const run = await space.reconcile();
  assert.equal(run.code, 0, run.output);
  assert.deepEqual(actionsOf(run), ["delete ConfigMap/goes"]);
  assert.equal(await space.get(CONFIG_MAPS, "goes"), undefined);
  assert.ok(await space.get(CLAIMS, "data"));
  assert.ok(
    run.events.some((event) =>
      event.type === "warning" && /data.*stays.*holds data/.test(event.message)
    ),
  );
});

Deno.test("what announces a workload comes after it and goes before it", async () => {
  await using space = await workspace();
  const announcement = configMap("announcement").replace(
    "name: announcement",
    "name: announcement, annotations: { config.kubernetes.io/depends-on: apps/namespaces/NAMESPACE/Deployment/web }",
  );
  await space.write({
    "app.yaml": documents(NAMESPACE, configMap("stays"), announcement, deployment("web")),
  });
  const order = (run: Run) =>
    run.events.flatMap((event) => event.type === "change" ? [event.object.name] : []);
  assert.deepEqual(order(await space.reconcile()).slice(-2), ["web", "announcement"]);
  await space.write({ "app.yaml": documents(NAMESPACE, configMap("stays")) });
  assert.deepEqual(order(await space.reconcile(["--yes"])), ["announcement", "web"]);
});

Deno.test("an object of the same name that somebody else made is never pruned", async () => {
  await using space = await workspace();
  await space.write({ "app.yaml": documents(NAMESPACE, configMap("stays"), configMap("goes")) });
  await space.reconcile();
  const name = { namespace: space.name, name: "goes" };
  await space.cluster.delete(CONFIG_MAPS, name);
  await space.cluster.create(CONFIG_MAPS, { apiVersion: "v1", kind: "ConfigMap", metadata: name });
  await space.write({ "app.yaml": documents(NAMESPACE, configMap("stays")) });
  assert.equal((await space.reconcile()).code, 0);
  assert.ok(await space.get(CONFIG_MAPS, "goes"));
});

Deno.test("pods roll when a ConfigMap or Secret that they use changes", async () => {
  await using space = await workspace();
  const secret = (value: string) =>
    `apiVersion: v1\nkind: Secret\nmetadata: { name: login }\nstringData: { password: ${value} }\n`;
  const web = deployment("web", {
    container: "envFrom: [{ configMapRef: { name: settings } }, { secretRef: { name: login } }]",
  });
  const hash = async () => {
    const spec = (await space.get(DEPLOYMENTS, "web"))?.["spec"];
    const template = isMap(spec) && isMap(spec["template"])
      ? spec["template"]["metadata"]
      : undefined;
    const annotations = isMap(template) && isMap(template["annotations"])
      ? template["annotations"]
      : {};
    return annotations["plumb.thinkube.io/config-hash"];
  };
  const write = (map: string, password: string) =>
    space.write({
      "app.yaml": documents(NAMESPACE, configMap("settings", map), secret(password), web),
    });
  await write("one", "first-password");
  assert.equal((await space.reconcile()).code, 0);
  const hashes = [await hash()];
  await write("two", "first-password");
  assert.equal((await space.reconcile()).code, 0);
  hashes.push(await hash());
  await write("two", "second-password");
  const run = await space.reconcile();
  assert.equal(run.code, 0);
  hashes.push(await hash());
  assert.equal(new Set(hashes).size, 3);
  assert.ok(!run.output.includes("password: second") && !run.output.includes("second-password"));
  assert.ok(!run.output.includes(btoa("second-password")));
});

Deno.test("what depends on a Job waits for it; when the Job fails, it is left alone and the others go on", async () => {
  await using space = await workspace();
  const web = deployment("web", {
    annotations: `config.kubernetes.io/depends-on: batch/namespaces/NAMESPACE/Job/migrate`,
  });
  await space.write({ "app.yaml": documents(NAMESPACE, web, job("migrate")) });
  const good = await space.reconcile();
  assert.equal(good.code, 0, good.output);
  const position = (kind: string, type: string) =>
    good.events.findIndex((event) =>
      event.type === type && "object" in event && event.object.kind === kind
    );
  assert.ok(position("Job", "health") < position("Deployment", "change"));

  await using other = await workspace();
  const failing = job("migrate", { template: "sandbox.plumb.thinkube.io/fail: job" });
  await other.write({ "app.yaml": documents(NAMESPACE, web, failing, configMap("settings")) });
  const bad = await other.reconcile();
  assert.equal(bad.code, 1);
  assert.ok(await other.get(CONFIG_MAPS, "settings"));
  assert.equal(await other.get(DEPLOYMENTS, "web"), undefined);
  assert.ok(
    bad.events.some((event) =>
      event.type === "health" && event.status === "failed" && /Job/.test(event.object.kind)
    ),
  );
});

Deno.test("an object that kubectl applied is adopted, and what Git does not have goes", async () => {
  await using space = await workspace();
  await space.cluster.create(NAMESPACES, {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: space.name },
  });
  const kubectl = async (...args: string[]) => {
    const { success, stderr } = await new Deno.Command("kubectl", {
      args: ["--kubeconfig", space.kubeconfig, "--namespace", space.name, ...args],
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
  };
  await Deno.writeTextFile(
    `${space.folder}/by-hand.yaml`,
    "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings }\ndata: { key: old, left: over }\n",
  );
  await kubectl("apply", "-f", `${space.folder}/by-hand.yaml`);
  await space.write({ "app.yaml": configMap("settings") });
  const diff = await space.diff();
  assert.deepEqual(actionsOf(diff), ["adopt ConfigMap/settings"]);
  assert.deepEqual(
    planOf(diff)[0]?.fields.map(({ path, difference }) => [path, difference])
      .filter(([path]) => path?.startsWith("data")),
    [["data.key", "changed"], ["data.left", "removed"]],
  );
  const run = await space.reconcile();
  assert.equal(run.code, 0, run.output);
  const live = await space.get(CONFIG_MAPS, "settings");
  assert.deepEqual(live?.["data"], { key: "one" });
  assert.equal(
    live?.metadata.annotations?.["kubectl.kubernetes.io/last-applied-configuration"],
    undefined,
  );
  assert.deepEqual(planOf(await space.reconcile()), []);
});

Deno.test("what another tool claims is a conflict, unless all may be adopted", async () => {
  await using space = await workspace();
  await space.write({ "app.yaml": NAMESPACE });
  await space.reconcile();
  await space.cluster.create(CONFIG_MAPS, {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name: "settings",
      namespace: space.name,
      annotations: { "meta.helm.sh/release-name": "web" },
    },
  });
  await space.write({ "app.yaml": documents(NAMESPACE, configMap("settings"), configMap("mine")) });
  const refused = await space.reconcile();
  assert.equal(refused.code, 1);
  assert.match(
    planOf(refused).find(({ action }) => action === "conflict")?.reason ?? "",
    /Helm release web/,
  );
  assert.equal((await space.get(CONFIG_MAPS, "settings"))?.["data"], undefined);
  assert.ok(await space.get(CONFIG_MAPS, "mine"));
  assert.equal((await space.reconcile(["--adopt", "all"])).code, 0);
  assert.deepEqual((await space.get(CONFIG_MAPS, "settings"))?.["data"], { key: "one" });
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

Deno.test("generated values are made once, and kept when somebody rotates them", async () => {
  await using space = await workspace();
  const generated =
    "apiVersion: plumb.thinkube.io/v1alpha1\nkind: GeneratedSecret\nmetadata: { name: keys }\n" +
    "spec: { generate: { SECRET_KEY: { length: 50 } } }\n";
  await space.write({ "app.yaml": documents(NAMESPACE, generated) });
  const first = await space.reconcile();
  assert.equal(first.code, 0, first.output);
  const data = async () => (await space.get(SECRETS, "keys"))?.["data"];
  const made = await data();
  assert.ok(isMap(made) && atob(String(made["SECRET_KEY"])).length === 50);
  assert.ok(!first.output.includes(String(made["SECRET_KEY"])));
  assert.deepEqual(planOf(await space.reconcile(["--refresh"])), []);
  assert.deepEqual(await data(), made);
  const rotated = btoa("rotated-by-a-person-with-care-and-attention-123456");
  await space.cluster.patch(
    SECRETS,
    { namespace: space.name, name: "keys" },
    { data: { SECRET_KEY: rotated } },
    "merge",
    "kubectl-edit",
  );
  assert.equal((await space.reconcile()).code, 0);
  assert.deepEqual(await data(), { SECRET_KEY: rotated });
  await space.write({ "app.yaml": documents(NAMESPACE, configMap("settings")) });
  assert.equal((await space.reconcile()).code, 0);
  assert.deepEqual(await data(), { SECRET_KEY: rotated });
});

Deno.test("a copied Secret follows its source, also when nothing else has moved", async () => {
  await using space = await workspace();
  const copy =
    "apiVersion: plumb.thinkube.io/v1alpha1\nkind: SecretCopy\nmetadata: { name: copy }\n" +
    "spec: { from: { namespace: NAMESPACE, name: source } }\n";
  await space.write({ "app.yaml": NAMESPACE });
  await space.reconcile();
  const source = { namespace: space.name, name: "source" };
  await space.cluster.create(SECRETS, {
    apiVersion: "v1",
    kind: "Secret",
    metadata: source,
    data: { tls: btoa("one") },
  });
  await space.write({ "app.yaml": documents(NAMESPACE, copy) });
  assert.equal((await space.reconcile()).code, 0);
  assert.deepEqual(planOf(await space.reconcile()), []);
  await space.cluster.patch(SECRETS, source, { data: { tls: btoa("two") } }, "merge");
  const run = await space.reconcile();
  assert.deepEqual(actionsOf(run), ["update Secret/copy"]);
  assert.deepEqual((await space.get(SECRETS, "copy"))?.["data"], { tls: btoa("two") });
  assert.ok(!run.output.includes(btoa("two")));
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

Deno.test("a name that is taken in another namespace is refused", async () => {
  await using space = await workspace();
  await space.write({ "app.yaml": documents(NAMESPACE, configMap("settings")) });
  await space.reconcile();
  const run = await space.reconcile(["--namespace", "default"]);
  assert.equal(run.code, 1);
  assert.match(run.output, /inventory-foreign/);
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

Deno.test("two components in one namespace leave each other's objects alone", async () => {
  await using space = await workspace();
  await using other = await workspace();
  const shared = ["--namespace", space.name];
  await space.write({ "app.yaml": documents(NAMESPACE, configMap("first"), configMap("drops")) });
  await other.write({ "app.yaml": configMap("second") });
  assert.equal((await space.reconcile()).code, 0);
  const second = await other.reconcile(shared);
  assert.deepEqual([second.code, actionsOf(second)], [0, ["create ConfigMap/second"]]);
  await space.write({ "app.yaml": documents(NAMESPACE, configMap("first")) });
  assert.deepEqual(actionsOf(await space.reconcile()), ["delete ConfigMap/drops"]);
  assert.deepEqual(planOf(await other.reconcile([...shared, "--refresh"])), []);
  assert.ok(await space.get(CONFIG_MAPS, "first") && await space.get(CONFIG_MAPS, "second"));

  await other.write({ "app.yaml": documents(configMap("second"), configMap("first", "stolen")) });
  const thief = await other.reconcile(shared);
  assert.deepEqual([thief.code, actionsOf(thief)], [1, ["conflict ConfigMap/first"]]);
  assert.match(planOf(thief)[0]?.reason ?? "", /component|applyset/i);
  assert.ok(planOf(thief)[0]?.hint);
  assert.deepEqual((await space.get(CONFIG_MAPS, "first"))?.["data"], { key: "one" });
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
