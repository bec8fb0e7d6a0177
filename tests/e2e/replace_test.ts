/** Objects whose immutable field changed: made anew where that is declared, and never at a loss. */
import assert from "node:assert/strict";
import {
  actionsOf,
  CLAIMS,
  deployment,
  DEPLOYMENTS,
  documents,
  job,
  JOBS,
  NAMESPACE,
  planOf,
  workspace,
} from "../plumb.ts";

Deno.test("an immutable field: a Job is replaced where that is declared, else it is a conflict", async () => {
  await using space = await workspace();
  await space.write({ "app.yaml": documents(NAMESPACE, job("migrate")) });
  await space.reconcile();
  const uid = (await space.get(JOBS, "migrate"))?.metadata.uid;
  await space.write({ "app.yaml": documents(NAMESPACE, job("migrate", { command: "two" })) });
  const refused = await space.reconcile();
  assert.equal(refused.code, 1);
  const conflict = planOf(refused).find(({ action }) => action === "conflict");
  assert.match(conflict?.reason ?? "", /immutable/);
  assert.match(conflict?.hint ?? "", /plumb\.thinkube\.io\/replace: allowed/);
  assert.equal((await space.get(JOBS, "migrate"))?.metadata.uid, uid);
  await space.write({
    "app.yaml": documents(
      NAMESPACE,
      job("migrate", { command: "two", annotations: "plumb.thinkube.io/replace: allowed" }),
    ),
  });
  const replaced = await space.reconcile();
  assert.equal(replaced.code, 0, replaced.output);
  assert.deepEqual(actionsOf(replaced), ["replace Job/migrate"]);
  assert.notEqual((await space.get(JOBS, "migrate"))?.metadata.uid, uid);
  assert.deepEqual(planOf(await space.reconcile()), []);
});

Deno.test("a wrong replacement never costs the object that works", async () => {
  await using space = await workspace();
  const declared = { annotations: "plumb.thinkube.io/replace: allowed" };
  await space.write({ "app.yaml": documents(NAMESPACE, job("migrate", declared)) });
  await space.reconcile();
  const uid = (await space.get(JOBS, "migrate"))?.metadata.uid;
  const wrong = job("migrate", { ...declared, command: "two" }).replace(
    "restartPolicy: Never",
    "restartPolicy: Sometimes",
  );
  await space.write({ "app.yaml": documents(NAMESPACE, wrong) });
  const run = await space.reconcile();
  assert.equal(run.code, 1);
  assert.match(run.output, /Sometimes|restartPolicy/);
  assert.equal((await space.get(JOBS, "migrate"))?.metadata.uid, uid);
});

Deno.test("a claim is never replaced, and a selector only where that is declared", async () => {
  await using space = await workspace();
  const claim = (mode: string) =>
    `apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: { name: data, annotations: { plumb.thinkube.io/replace: allowed } }\nspec: { accessModes: [${mode}], resources: { requests: { storage: 1Gi } } }\n`;
  const web = (label: string, annotations = "") =>
    deployment("web", { annotations }).replaceAll("app: web", `app: ${label}`);
  await space.write({ "app.yaml": documents(NAMESPACE, claim("ReadWriteOnce"), web("web")) });
  assert.equal((await space.reconcile()).code, 0);
  const uid = (await space.get(CLAIMS, "data"))?.metadata.uid;
  await space.write({ "app.yaml": documents(NAMESPACE, claim("ReadWriteMany"), web("site")) });
  const refused = await space.reconcile();
  assert.equal(refused.code, 1);
  assert.deepEqual(actionsOf(refused), [
    "conflict Deployment/web",
    "conflict PersistentVolumeClaim/data",
  ]);
  assert.match(
    planOf(refused).find(({ object }) => object.kind === "PersistentVolumeClaim")?.reason ?? "",
    /never deleted/,
  );
  assert.equal((await space.get(CLAIMS, "data"))?.metadata.uid, uid);
  await space.write({
    "app.yaml": documents(
      NAMESPACE,
      claim("ReadWriteOnce"),
      web("site", "plumb.thinkube.io/replace: allowed"),
    ),
  });
  const replaced = await space.reconcile();
  assert.equal(replaced.code, 0, replaced.output);
  assert.ok(await space.get(DEPLOYMENTS, "web"));
});
