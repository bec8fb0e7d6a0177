/** The kinds that Plumb realizes, where the cluster or its state says no. */
import assert from "node:assert/strict";
import { isMap } from "../../lib/field_path.ts";
import {
  actionsOf,
  configMap,
  documents,
  errorOf,
  NAMESPACE,
  NAMESPACES,
  planOf,
  SECRETS,
  workspace,
} from "../plumb.ts";

const copyOf = (name: string) =>
  `apiVersion: plumb.thinkube.io/v1alpha1
kind: SecretCopy
metadata: { name: copy }
spec: { from: { namespace: NAMESPACE, name: ${name} } }
`;

Deno.test("a copy without its source stops the run before anything is changed, at file and line", async () => {
  await using space = await workspace();
  await space.write({
    "01-namespace.yaml": NAMESPACE,
    "02-copy.yaml": `# comment\n${copyOf("nowhere")}`,
  });
  const run = await space.reconcile();
  assert.equal(run.code, 1);
  const error = errorOf(run);
  assert.deepEqual([error.code, planOf(run)], ["source-missing", []]);
  assert.match(error.place ?? "", /^02-copy\.yaml:2, Secret test-\w+\/nowhere$/);
  assert.match(error.hint ?? "", /spec\.from of SecretCopy/);
  assert.equal(await space.cluster.get(NAMESPACES, { name: space.name }), undefined);
});

Deno.test("the token of a service account and the copy itself are no sources", async () => {
  await using space = await workspace();
  await space.write({ "app.yaml": NAMESPACE });
  assert.equal((await space.reconcile()).code, 0);
  await space.cluster.create(SECRETS, {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      namespace: space.name,
      name: "token",
      annotations: { "kubernetes.io/service-account.name": "default" },
    },
    type: "kubernetes.io/service-account-token",
  });
  for (const source of ["token", "copy"]) {
    await space.write({ "app.yaml": documents(NAMESPACE, copyOf(source)) });
    assert.equal(errorOf(await space.reconcile()).code, "source-refused", source);
  }
  assert.equal(await space.get(SECRETS, "copy"), undefined);
});

Deno.test("a Secret that is there already is completed, and keys of others stay as they are", async () => {
  await using space = await workspace();
  await space.write({ "app.yaml": NAMESPACE });
  await space.reconcile();
  await space.cluster.create(SECRETS, {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { namespace: space.name, name: "keys" },
    type: "Opaque",
    data: { SECRET_KEY: btoa("from before"), FOREIGN: btoa("foreign") },
  });
  const generated = `apiVersion: plumb.thinkube.io/v1alpha1
kind: GeneratedSecret
metadata: { name: keys }
spec:
  generate: { SECRET_KEY: {}, NEW: { length: 20, alphabet: hex } }
  data: { LEVEL: 3 }
`;
  await space.write({ "app.yaml": documents(NAMESPACE, generated) });
  const run = await space.reconcile();
  assert.deepEqual([run.code, actionsOf(run)], [0, ["adopt Secret/keys"]], run.output);
  const data = (await space.get(SECRETS, "keys"))?.["data"];
  assert.ok(isMap(data));
  assert.match(atob(String(data["NEW"])), /^[0-9a-f]{20}$/);
  assert.deepEqual(data, {
    SECRET_KEY: btoa("from before"),
    FOREIGN: btoa("foreign"),
    NEW: data["NEW"],
    LEVEL: btoa("3"),
  });
  assert.ok(!run.output.includes(String(data["NEW"])));
  assert.deepEqual(planOf(await space.reconcile(["--refresh"])), []);
});

Deno.test("a copy goes when Git drops it, its source never", async () => {
  await using space = await workspace();
  await space.write({ "app.yaml": documents(NAMESPACE, configMap("settings")) });
  await space.reconcile();
  const source = { namespace: space.name, name: "source" };
  await space.cluster.create(SECRETS, {
    apiVersion: "v1",
    kind: "Secret",
    metadata: source,
    data: { key: btoa("value") },
  });
  await space.write({
    "app.yaml": documents(NAMESPACE, configMap("settings"), copyOf("source")),
  });
  assert.equal((await space.reconcile()).code, 0);
  await space.write({ "app.yaml": documents(NAMESPACE, configMap("settings")) });
  const run = await space.reconcile(["--yes"]);
  assert.deepEqual([run.code, actionsOf(run)], [0, ["delete Secret/copy"]], run.output);
  assert.equal(await space.get(SECRETS, "copy"), undefined);
  assert.ok(await space.get(SECRETS, "source"));
});

Deno.test("a wrong field of such a kind is shown at its own line", async () => {
  await using space = await workspace();
  const wrong = copyOf("source").replace("spec: { from:", "spec:\n  form: {}\n  from:").replace(
    / }\n$/,
    "\n",
  );
  await space.write({ "app.yaml": documents(NAMESPACE, wrong) });
  const error = errorOf(await space.diff());
  assert.equal(error.code, "invalid");
  assert.match(error.place ?? "", /^app\.yaml:9, SecretCopy/);
});
