import assert from "node:assert/strict";
import type { Resource } from "../../lib/cluster/mod.ts";
import {
  actionsOf,
  CONFIG_MAPS,
  configMap,
  deployment,
  DEPLOYMENTS,
  documents,
  errorOf,
  NAMESPACE,
  NAMESPACES,
  planOf,
  plumb,
  restrictedKubeconfig,
  SECRETS,
  workspace,
} from "../plumb.ts";
import { isWrite, startRecorder } from "../recorder.ts";
import { testCluster } from "../sandbox.ts";

const COMPONENT = `apiVersion: plumb.thinkube.io/v1alpha1
kind: Component
metadata: { name: NAMESPACE }
spec:
  namespace: NAMESPACE
`;

/** A Git repository with one commit of some files. */
async function repository(
  files: Record<string, string>,
): Promise<{ path: string } & AsyncDisposable> {
  const path = await Deno.makeTempDir({ prefix: "plumb-repository-" });
  const git = async (...args: string[]) => {
    const { success, stderr } = await new Deno.Command("git", {
      args: ["-C", path, "-c", "user.name=T", "-c", "user.email=t@example.com", ...args],
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
  };
  await git("init", "--quiet", "--initial-branch=main");
  for (const [name, text] of Object.entries(files)) {
    await Deno.mkdir(`${path}/${name}`.replace(/\/[^/]*$/, ""), { recursive: true });
    if (text.startsWith("-> ")) await Deno.symlink(text.slice(3), `${path}/${name}`);
    else await Deno.writeTextFile(`${path}/${name}`, text);
  }
  await git("add", ".");
  await git("commit", "--quiet", "--no-gpg-sign", "-m", "One");
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

/** Asserts a clear refusal: exit code 1, a code, where, and what to do. */
function assertRefused(run: Awaited<ReturnType<typeof plumb>>, code: string, place?: RegExp): void {
  assert.equal(run.code, 1, run.output);
  const error = errorOf(run);
  assert.equal(error.code, code, error.message);
  assert.ok(error.hint, `no hint: ${error.message}`);
  if (place !== undefined) assert.match(error.place ?? "", place);
}

Deno.test("a folder that is no Git repository is refused", async () => {
  const folder = await Deno.makeTempDir();
  assertRefused(await plumb(["reconcile", "--source", folder, "--path", "."]), "not-a-repository");
  await Deno.remove(folder);
});

Deno.test("a ref that does not exist is refused", async () => {
  await using source = await repository({ "app/a.yaml": configMap("a") });
  assertRefused(
    await plumb(["reconcile", "--source", source.path, "--ref", "v9", "--path", "app"]),
    "ref-not-found",
  );
});

Deno.test("a commit that no listed key has signed is refused before anything is written", async () => {
  await using source = await repository({ "app/a.yaml": configMap("a") });
  const keys = await Deno.makeTempFile({ prefix: "plumb-keys-" });
  await using recorder = await startRecorder((await testCluster()).kubeconfig);
  for (const command of ["reconcile", "diff", "verify"]) {
    const args = [command, "--source", source.path, "--path", "app", "--signed-by", keys];
    assertRefused(await plumb(args, recorder), "signature");
  }
  await Deno.remove(keys);
  assert.deepEqual(recorder.requests.filter(isWrite), []);
});

Deno.test("a remote that refuses connections is told at once, and the cluster is not even asked", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  await using recorder = await startRecorder((await testCluster()).kubeconfig);
  const address = `http://127.0.0.1:${port}/x.git`;
  const run = await plumb(["reconcile", "--source", address, "--path", "app"], recorder);
  assertRefused(run, "unreachable", /127\.0\.0\.1/);
  assert.deepEqual(recorder.requests, []);
});

Deno.test("a remote that hangs can be left at any time, and the cluster was not even asked", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await using recorder = await startRecorder((await testCluster()).kubeconfig);
  const abort = new AbortController();
  const address = `http://127.0.0.1:${listener.addr.port}/x.git`;
  const [run, connection] = await Promise.all([
    plumb(["reconcile", "--source", address, "--path", "app"], {
      kubeconfig: recorder.kubeconfig,
      signal: abort.signal,
    }),
    listener.accept().then((accepted) => {
      abort.abort();
      return accepted;
    }),
  ]);
  connection.close();
  assert.deepEqual([run.code, errorOf(run).code], [130, "interrupted"], run.output);
  assert.deepEqual(recorder.requests, []);
});

Deno.test("a symlink, a huge file and an alias bomb in a Git tree are refused by name", async () => {
  const bomb = [
    "a: &a [x,x,x,x,x,x,x,x,x,x]",
    ...[..."bcdefgh"].map((name, index) =>
      `${name}: &${name} [${Array(10).fill(`*${"abcdefgh"[index]}`).join(",")}]`
    ),
  ].join("\n");
  const cases: [Record<string, string>, string, RegExp][] = [
    [{ "app/a.yaml": "-> ../../etc/passwd" }, "unsafe-path", /a\.yaml/],
    [{ "app/a.yaml": `# ${"x".repeat(5_000_000)}\n` }, "too-large", /a\.yaml/],
    [{ "app/a.yaml": `${configMap("a")}---\n${bomb}\n` }, "alias-bomb", /a\.yaml/],
  ];
  await using recorder = await startRecorder((await testCluster()).kubeconfig);
  for (const [files, code, where] of cases) {
    await using source = await repository(files);
    const args = ["--source", source.path, "--path", "app", "--name", "bad-tree"];
    const run = await plumb(["reconcile", ...args], recorder);
    assertRefused(run, code);
    assert.match(run.output, where);
  }
  assert.deepEqual(recorder.requests.filter(isWrite), []);
});

Deno.test("malformed YAML is refused with its line", async () => {
  await using space = await workspace();
  await space.write({
    "a.yaml": NAMESPACE,
    "app.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a\n",
  });
  assertRefused(await space.reconcile(), "yaml", /app\.yaml:[34]/);
  assert.equal(await space.cluster.get(NAMESPACES, { name: space.name }), undefined);
});

Deno.test("an object that is written twice is refused with both places", async () => {
  await using space = await workspace();
  await space.write({
    "0.yaml": NAMESPACE,
    "a.yaml": configMap("same"),
    "b.yaml": configMap("same"),
  });
  const run = await space.reconcile();
  assertRefused(run, "duplicate", /b\.yaml:1/);
  assert.match(errorOf(run).message + errorOf(run).hint, /a\.yaml:1/);
  assert.equal(await space.cluster.get(NAMESPACES, { name: space.name }), undefined);
});

Deno.test("a kind that the cluster does not know is refused before anything is written", async () => {
  await using space = await workspace();
  await space.write({
    "app.yaml": documents(
      NAMESPACE,
      "apiVersion: example.com/v1\nkind: Widget\nmetadata: { name: w }\n",
    ),
  });
  assertRefused(await space.reconcile(), "unknown-kind", /app\.yaml:5/);
  assert.equal(await space.cluster.get(NAMESPACES, { name: space.name }), undefined);
});

Deno.test("unknown and missing parameters are refused where they stand", async () => {
  await using space = await workspace();
  const parameters = "  parameters: { domain: { type: hostname, description: Domain } }\n";
  await space.write({
    "component.yaml": COMPONENT + parameters,
    "app.yaml": configMap("a", "${domian}"),
  });
  assertRefused(await space.reconcile(), "missing-parameter");
  const typo = await space.reconcile(["--set", "domain=example.com"]);
  assertRefused(typo, "unknown-parameter", /app\.yaml:5/);
  assert.match(errorOf(typo).hint ?? "", /domain/);
  assertRefused(await space.reconcile(["--set", "domian=example.com"]), "unknown-parameter");
});

Deno.test("a secret parameter is refused on the command line, and never shows", async () => {
  await using space = await workspace();
  const parameters =
    "  parameters: { password: { type: string, secret: true, description: Password } }\n";
  const secret =
    'apiVersion: v1\nkind: Secret\nmetadata: { name: login }\nstringData: { password: "${password}" }\n';
  await space.write({
    "component.yaml": COMPONENT + parameters,
    "app.yaml": documents(NAMESPACE, secret),
  });
  const refused = await space.reconcile(["--set", "password=correct-horse-battery"]);
  assertRefused(refused, "secret-leak");
  assert.ok(!refused.output.includes("correct-horse-battery"));
  const environment = { PLUMB_PARAMETER_PASSWORD: "correct-horse-battery" };
  for (const output of ["text", "json", "markdown"]) {
    for (const verb of ["diff", "reconcile"] as const) {
      const run = await space[verb](["--output", output, "--debug"], { environment });
      assert.ok(
        !run.output.includes("correct-horse-battery") &&
          !run.output.includes(btoa("correct-horse-battery")),
        run.output,
      );
    }
  }
  assert.deepEqual((await space.get(SECRETS, "login"))?.["data"], {
    password: btoa("correct-horse-battery"),
  });
});

Deno.test("an object that admission refuses fails with its words, and the others go on", async () => {
  await using space = await workspace();
  const policies: Resource = {
    group: "admissionregistration.k8s.io",
    version: "v1",
    kind: "ValidatingAdmissionPolicy",
    plural: "validatingadmissionpolicies",
    namespaced: false,
  };
  const bindings: Resource = {
    ...policies,
    kind: "ValidatingAdmissionPolicyBinding",
    plural: "validatingadmissionpolicybindings",
  };
  const name = space.name;
  await space.write({ "app.yaml": NAMESPACE });
  await space.reconcile();
  await space.cluster.create(policies, {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingAdmissionPolicy",
    metadata: { name },
    spec: {
      failurePolicy: "Fail",
      matchConstraints: {
        resourceRules: [{
          apiGroups: [""],
          apiVersions: ["v1"],
          operations: ["CREATE"],
          resources: ["configmaps"],
        }],
      },
      validations: [{
        expression: "!object.metadata.name.startsWith('forbidden')",
        message: "that name is not allowed here",
      }],
    },
  });
  try {
    await space.cluster.create(bindings, {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingAdmissionPolicyBinding",
      metadata: { name },
      spec: {
        policyName: name,
        validationActions: ["Deny"],
        matchResources: {
          namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } },
        },
      },
    });
    await space.write({
      "app.yaml": documents(NAMESPACE, configMap("forbidden-one"), configMap("allowed")),
    });
    // The API server learns of a policy a moment later.
    let run = await space.diff();
    for (let tries = 0; run.code !== 1 && tries < 50; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      run = await space.diff();
    }
    const conflict = planOf(run).find(({ action }) => action === "conflict");
    assert.match(conflict?.reason ?? "", /not allowed here/);
    assert.deepEqual([conflict?.file, conflict?.line], ["app.yaml", 5]);
    assert.ok(conflict?.hint);
    const applied = await space.reconcile();
    assert.equal(applied.code, 1);
    assert.match(applied.output, /not allowed here/);
    assert.ok(await space.get(CONFIG_MAPS, "allowed"));
  } finally {
    await space.cluster.delete(bindings, { name });
    await space.cluster.delete(policies, { name });
  }
});

Deno.test("a namespace that is being deleted is explained", async () => {
  await using space = await workspace();
  await space.cluster.create(NAMESPACES, {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: space.name },
  });
  const held = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "held", namespace: space.name, finalizers: ["example.com/hold"] },
  };
  await space.cluster.create(CONFIG_MAPS, held);
  await space.cluster.delete(NAMESPACES, { name: space.name });
  try {
    await space.write({ "app.yaml": documents(NAMESPACE, configMap("a")) });
    const run = await space.reconcile();
    assert.equal(run.code, 1);
    assert.match(run.output, /being deleted/);
    assert.ok(
      run.events.some((event) => event.type === "change" && event.result !== "done" && event.hint),
    );
  } finally {
    await space.cluster.patch(
      CONFIG_MAPS,
      held.metadata,
      { metadata: { finalizers: null } },
      "merge",
    );
  }
});

Deno.test("a CRD and its object in one commit are applied in one run", async () => {
  await using space = await workspace();
  const group = `${space.name}.example.com`;
  const definition = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: widgets.${group} }
spec:
  group: ${group}
  scope: Namespaced
  names: { kind: Widget, plural: widgets, singular: widget }
  versions:
    - name: v1
      served: true
      storage: true
      schema: { openAPIV3Schema: { type: object, properties: { spec: { type: object, x-kubernetes-preserve-unknown-fields: true } } } }
`;
  const widget =
    `apiVersion: ${group}/v1\nkind: Widget\nmetadata: { name: w }\nspec: { size: 3, empty: {}, none: null }\n`;
  await space.write({
    "a-widget.yaml": widget,
    "b-definition.yaml": documents(NAMESPACE, definition),
  });
  const diff = await space.diff();
  assert.equal(diff.code, 2, diff.output);
  assert.deepEqual(actionsOf(diff), [
    `create CustomResourceDefinition/widgets.${group}`,
    `create Namespace/${space.name}`,
    "create Widget/w",
  ]);
  const run = await space.reconcile();
  assert.equal(run.code, 0, run.output);
  assert.deepEqual(planOf(await space.reconcile()), []);
  assert.equal((await space.diff(["--refresh"])).code, 0);
  await space.write({ "app.yaml": NAMESPACE });
  assert.equal((await space.reconcile()).code, 0);
});

Deno.test("a permission that is missing for one kind is told before, and the others go on", async () => {
  await using space = await workspace();
  await space.write({ "app.yaml": NAMESPACE });
  await space.reconcile();
  const verbs = ["get", "list", "watch", "create", "patch", "update", "delete"];
  await using restricted = await restrictedKubeconfig(space, [
    {
      apiGroups: ["", "coordination.k8s.io"],
      resources: ["configmaps", "namespaces", "secrets", "leases"],
      verbs,
    },
    { apiGroups: ["apps"], resources: ["deployments"], verbs: ["get", "list", "watch"] },
  ]);
  await space.write({
    "app.yaml": documents(NAMESPACE, configMap("allowed"), deployment("refused")),
  });
  const run = await space.reconcile([], restricted);
  assert.equal(run.code, 1);
  const warning = run.events.find((event) => event.type === "warning");
  assert.match(warning?.message ?? "", /create and patch deployments\.apps in namespace/);
  assert.ok(await space.get(CONFIG_MAPS, "allowed"));
  assert.equal(await space.get(DEPLOYMENTS, "refused"), undefined);
  assert.equal((await space.reconcile()).code, 0);
});

Deno.test("an empty render is refused, unless it is confirmed", async () => {
  await using space = await workspace();
  await space.write({ "app.yaml": documents(NAMESPACE, configMap("a"), configMap("b")) });
  await space.reconcile();
  await space.write({ "app.yaml": "# nothing\n" });
  assertRefused(await space.reconcile(), "render-shrank");
  assert.ok(await space.get(CONFIG_MAPS, "a"));
  const run = await space.reconcile(["--yes"]);
  assert.equal(run.code, 0, run.output);
  assert.equal(await space.get(CONFIG_MAPS, "a"), undefined);
});

Deno.test("most of a component gone is refused, unless it is confirmed", async () => {
  await using space = await workspace();
  const maps = Array.from({ length: 12 }, (_, index) => configMap(`map-${index}`));
  await space.write({ "app.yaml": documents(NAMESPACE, ...maps) });
  await space.reconcile();
  await space.write({ "app.yaml": documents(NAMESPACE, ...maps.slice(0, 3)) });
  assertRefused(await space.reconcile(), "render-shrank");
  assert.equal((await space.reconcile(["--yes"])).code, 0);
});

Deno.test("a circle of dependencies, and one on nothing, are refused", async () => {
  await using space = await workspace();
  const needing = (name: string, other: string) =>
    configMap(name).replace(
      `{ name: ${name} }`,
      `{ name: ${name}, annotations: { config.kubernetes.io/depends-on: /namespaces/NAMESPACE/ConfigMap/${other} } }`,
    );
  await space.write({ "app.yaml": documents(NAMESPACE, needing("a", "b"), needing("b", "a")) });
  assertRefused(await space.reconcile(), "dependency-cycle", /app\.yaml/);
  await space.write({ "app.yaml": documents(NAMESPACE, needing("a", "nobody")) });
  assertRefused(await space.reconcile(), "dependency-missing", /app\.yaml/);
});

Deno.test("requirements are verified before anything is applied", async () => {
  await using space = await workspace();
  const requires = "  requires: [{ name: Database, service: NAMESPACE/nowhere, port: 5432 }]\n";
  await space.write({
    "component.yaml": COMPONENT + requires,
    "app.yaml": documents(NAMESPACE, configMap("a")),
  });
  const run = await space.reconcile();
  assertRefused(run, "requirement-unmet");
  assert.ok(
    run.events.some((event) =>
      event.type === "requirement" && !event.met && /does not exist/.test(event.message) &&
      event.hint
    ),
  );
  assert.equal(await space.cluster.get(NAMESPACES, { name: space.name }), undefined);
});
