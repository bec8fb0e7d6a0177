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
  restrictedKubeconfig,
  SECRETS,
  workspace,
} from "../plumb.ts";
import { assertRefused } from "../refused.ts";

const COMPONENT = `apiVersion: plumb.thinkube.io/v1alpha1
kind: Component
metadata: { name: NAMESPACE }
spec:
  namespace: NAMESPACE
`;

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
