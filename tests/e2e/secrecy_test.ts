/** A secret value shows nowhere, whatever becomes of its object. */
import assert from "node:assert/strict";
import { readInventory, readJournal } from "../../lib/apply/mod.ts";
import type { ComponentDetail } from "../../lib/serve/contract.ts";
import { dashboard, firstOf } from "../dashboard.ts";
import {
  assertNoSecrets,
  COMPONENT_YAML,
  deployment,
  documents,
  EVENTS,
  NAMESPACE,
  planOf,
  plumb,
  SECRETS,
  workspace,
} from "../plumb.ts";

const OLD = "correct-horse-battery";
const NEW = "staple-tr0ub4dor-3";

const secret = (password: string) =>
  `apiVersion: v1
kind: Secret
metadata: { name: login, annotations: { plumb.thinkube.io/replace: allowed } }
immutable: true
stringData: { password: ${password} }
`;

Deno.test("a Secret that can't be changed is made anew without showing its values", async () => {
  await using space = await workspace();
  await space.write({ "app.yaml": documents(NAMESPACE, secret(OLD)) });
  assert.equal((await space.reconcile()).code, 0);
  await space.write({ "app.yaml": documents(NAMESPACE, secret(NEW)) });
  for (const output of ["json", "text", "markdown"]) {
    const diff = await space.diff(["--output", output]);
    assert.equal(diff.code, 2);
    assert.match(diff.output, /login/);
    for (const value of [OLD, NEW]) {
      assert.ok(!diff.output.includes(value), diff.output);
      assert.ok(!diff.output.includes(btoa(value)), diff.output);
    }
  }
  const run = await space.reconcile();
  assert.equal(run.code, 0, run.output);
  assert.deepEqual(
    planOf(run).map(({ action, fields }) => [action, fields.map(({ path }) => path)]),
    [
      ["replace", ["data"]],
    ],
  );
  assert.ok(![OLD, NEW].some((value) => run.output.includes(btoa(value))), run.output);
});

Deno.test("a Secret that the API server refuses is told without its values", async () => {
  await using space = await workspace();
  const wrong = [
    "data: { pin: 735113355 }",
    "data: { pin: { is: 735113355 } }",
    'data: { pin: "735113355!" }',
    "stringData: { pin: { is: 735113355 } }",
    "stringData: [735113355]",
    "data: 735113355",
    'type: kubernetes.io/tls\nstringData: { tls.crt: "735113355" }',
    'type: kubernetes.io/dockerconfigjson\nstringData: { .dockerconfigjson: "735113355-" }',
    'stringData: { "bad key": "735113355" }',
  ];
  for (const fields of wrong) {
    const manifest = `apiVersion: v1\nkind: Secret\nmetadata: { name: login }\n${fields}\n`;
    await space.write({ "app.yaml": documents(NAMESPACE, manifest) });
    const run = await space.reconcile();
    assert.equal(run.code, 1, `${fields}\n${run.output}`);
    assert.ok(
      !run.output.includes("735113355") && !run.output.includes(btoa("735113355")),
      run.output,
    );
  }
});

const COMPONENT =
  `${COMPONENT_YAML}  parameters: { password: { type: string, secret: true, required: true, description: A login } }
`;

Deno.test("a secret shows in nothing that stays of a run: reports, metrics, plans, records, Events, the dashboard", async () => {
  await using space = await workspace();
  const { name, cluster, folder } = space;
  // What somebody puts in its place is a secret, too.
  const environment = { PLUMB_PARAMETER_PASSWORD: OLD, FOREIGN_PASSWORD: NEW };
  const login = `apiVersion: v1
kind: Secret
metadata: { name: login }
stringData: { password: "\${password}", url: "https://ann:\${password}@example.com" }
`;
  await space.write({
    [`${name}/component.yaml`]: COMPONENT,
    [`${name}/app.yaml`]: documents(NAMESPACE, login, deployment("web")),
  });
  const out = await Deno.makeTempDir({ prefix: "plumb-secrecy-" });
  const place = ["--path", `${folder}/${name}`, "--name", name, "--namespace", name];
  const act = (command: string, ...args: string[]) =>
    plumb([command, ...place, ...args], { environment });
  const files = ["--report", `${out}/report.md`, "--metrics-file", `${out}/plumb.prom`];
  try {
    assert.equal((await act("reconcile", ...files)).code, 0);
    const hacked = { data: { password: btoa(NEW) } };
    await cluster.patch(SECRETS, { namespace: name, name: "login" }, hacked, "merge", "kubectl");
    assert.equal((await act("diff", "--save", `${out}/plan.json`)).code, 2);

    // The dashboard's answers, streams and audit are looked through as they come.
    await using served = await dashboard(space, { environment });
    const { operator, viewer } = served;
    const detail = await viewer.get<ComponentDetail>(`/api/components/${name}`);
    assert.ok(detail.objects.some(({ object }) => object.kind === "Secret"));
    for (const { key } of detail.objects) {
      await viewer.get(`/api/components/${name}/object?key=${encodeURIComponent(key)}`);
    }
    await firstOf(viewer.live(), () => true);
    const planned = await operator.plan(name, { action: "deploy" });
    await operator.confirm(planned);
    assert.equal((await operator.finished(planned.id)).result, "applied");
    await viewer.get(`/api/components/${name}/history`);

    const kept = [
      ...(await Promise.all(
        ["report.md", "plumb.prom", "plan.json"].map((file) => Deno.readTextFile(`${out}/${file}`)),
      )),
      JSON.stringify(await readJournal(cluster, name)),
      JSON.stringify(await readInventory(cluster, name, name)),
      JSON.stringify(await cluster.list(EVENTS, { namespace: name })),
    ];
    for (const text of kept) {
      assert.ok(text.includes(name), text.slice(0, 300));
      assertNoSecrets(text, environment);
    }
  } finally {
    await Deno.remove(out, { recursive: true });
  }
});
