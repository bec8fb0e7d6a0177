/** What a proposal causes, what differs without it, and what it does where no cluster is asked. */
import assert from "node:assert/strict";
import { referenceOf } from "../../../lib/object.ts";
import {
  byObject,
  type Change,
  compareRenders,
  reportOf,
  settledSince,
} from "../../../lib/plan/mod.ts";
import { configMap, renderFiles } from "../render/rendering.ts";

/** An object whose fields differ from what lives. */
async function updated(data: Readonly<Record<string, string>>, kind = "ConfigMap") {
  const text = `apiVersion: v1\nkind: ${kind}\nmetadata: { name: settings }\ndata: ${
    JSON.stringify(data)
  }\n`;
  const [desired] = await renderFiles({ "app.yaml": text });
  assert.ok(desired);
  const change: Change = {
    action: "update",
    reference: referenceOf(desired.object),
    desired,
    live: desired.object,
    differences: Object.keys(data).map((field) => ({
      path: [{ field: "data" }, { field }],
      difference: "changed",
      live: "(secret)",
      desired: "(secret)",
      owner: undefined,
    })),
  };
  return change;
}

const plan = (...changes: Change[]) => byObject({ waves: [changes], prune: [] });

Deno.test("what the base would do as well is drift; the rest is the proposal's, though masked alike", async () => {
  for (const kind of ["ConfigMap", "Secret"]) {
    const base = plan(await updated({ one: "YQ==", two: "YQ==" }, kind));
    const mixed = reportOf(await updated({ one: "YQ==", two: "Yg==" }, kind), { base });
    assert.deepEqual([mixed.drift, ...mixed.fields.map(({ drift }) => drift)], [
      undefined,
      true,
      undefined,
    ]);
    const same = reportOf(await updated({ one: "YQ==", two: "YQ==" }, kind), { base });
    assert.equal(same.drift, true);
  }
  const alone = reportOf(await updated({ one: "a" }), { base: plan() });
  assert.equal(alone.drift, undefined);
});

Deno.test("a creation with other content is the proposal's; a deletion that the base wants as well is not", async () => {
  const create = async (value: string): Promise<Change> => {
    const { reference, desired } = await updated({ key: value }) as Extract<
      Change,
      { action: "update" }
    >;
    return { action: "create", reference, desired };
  };
  const base = plan(await create("a"));
  assert.equal(reportOf(await create("a"), { base }).drift, true);
  assert.equal(reportOf(await create("b"), { base }).drift, undefined);
  const { reference } = await create("a");
  const deletion: Change = {
    action: "delete",
    reference,
    version: "v1",
    uid: "1",
    provenance: undefined,
    wave: undefined,
    reason: "gone",
  };
  assert.equal(reportOf(deletion, { base: plan(deletion) }).drift, true);
  assert.equal(reportOf(deletion, { base }).drift, undefined);
  assert.deepEqual(settledSince(base, plan()), [reference]);
  assert.deepEqual(settledSince(base, plan(deletion)), []);
});

Deno.test("two revisions are compared by names, with lines, and without values of Secrets", async () => {
  const pod = (image: string, extra = "") =>
    `apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  containers:
    - name: log
      image: log:1
    - name: web
      image: ${image}
${extra}`;
  const secret = (password: string) =>
    `apiVersion: v1\nkind: Secret\nmetadata: { name: login }\nstringData: { password: ${password} }\n`;
  const [before, after] = await Promise.all([
    renderFiles({ "a.yaml": pod("web:1"), "b.yaml": secret("one"), "c.yaml": configMap("old") }),
    renderFiles({
      "a.yaml": pod("web:2", "    - { name: new, image: new:1 }\n"),
      "b.yaml": secret("two"),
      "d.yaml": configMap("new"),
    }),
  ]);
  const told = compareRenders(before, after).map(({ action, object, file, line, fields }) => [
    `${action} ${object.kind}/${object.name} ${file}:${line}`,
    ...fields.map(({ path, difference, live, desired, line }) =>
      [path, difference, JSON.stringify(live), JSON.stringify(desired), line].join(" ")
    ),
  ]);
  assert.deepEqual(told, [
    ["delete ConfigMap/old c.yaml:1"],
    [
      "update Pod/web a.yaml:1",
      'spec.containers[name=web].image changed "web:1" "web:2" 9',
      'spec.containers[name=new] added  {"name":"new","image":"new:1"} 10',
    ],
    ["update Secret/login b.yaml:1", 'stringData.password changed "(secret)" "(secret)" 4'],
    ["create ConfigMap/new d.yaml:1"],
  ]);
});
