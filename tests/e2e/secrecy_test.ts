/** A secret value shows nowhere, whatever becomes of its object. */
import assert from "node:assert/strict";
import { documents, NAMESPACE, planOf, workspace } from "../plumb.ts";

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
