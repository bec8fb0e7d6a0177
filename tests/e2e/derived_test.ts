/** What follows from something else: generated values, copies, and the pods that use them. */
import assert from "node:assert/strict";
import { isMap } from "../../lib/field_path.ts";
import {
  actionsOf,
  CONFIG_MAPS,
  configMap,
  deployment,
  DEPLOYMENTS,
  documents,
  job,
  NAMESPACE,
  planOf,
  SECRETS,
  workspace,
} from "../plumb.ts";

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
