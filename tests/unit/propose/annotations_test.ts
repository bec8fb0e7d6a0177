/** Which lines of a pull request cause what. */
import assert from "node:assert/strict";
import type { ChangeReport } from "../../../lib/event.ts";
import { annotationsOf } from "../../../lib/propose/mod.ts";

const object = { group: "", kind: "ConfigMap", namespace: "web", name: "settings" };
const BASE = "kind: ConfigMap\ndata:\n  one: a\n  two: |\n    x\n    y\n---\nkind: Secret\n";
const PROPOSED = "kind: ConfigMap\ndata:\n  one: b\n  two: |\n    x\n    z\n";

const annotate = (
  changes: readonly ChangeReport[],
  base = BASE,
  proposed: string | undefined = PROPOSED,
) =>
  annotationsOf(changes, {
    base: () => base,
    proposed: () => proposed,
    pathOf: (file) => `manifests/${file}`,
  }).map(({ path, line, level, title, message }) =>
    `${path}:${line} ${level} ${title}: ${message}`
  );

const update = (fields: ChangeReport["fields"], drift?: true): ChangeReport => (
  { action: "update", object, file: "a.yaml", line: 1, fields, ...(drift ? { drift } : {}) }
);
const one = { path: "data.one", difference: "changed", live: "a", desired: "b", line: 3 } as const;

Deno.test("a changed line is annotated with what it causes; also within a value of many lines", () => {
  const two = {
    path: "data.two",
    difference: "changed",
    live: "x\ny\n",
    desired: "x\nz\n",
    line: 4,
  } as const;
  assert.deepEqual(annotate([update([one, two])]), [
    'manifests/a.yaml:3 notice update ConfigMap web/settings: data.one: "a" → "b"',
    'manifests/a.yaml:6 notice update ConfigMap web/settings: data.two: "x\\ny\\n" → "x\\nz\\n"',
  ]);
});

Deno.test("drift, and lines that the pull request does not change, are not annotated", () => {
  assert.deepEqual(annotate([update([{ ...one, drift: true }])]), []);
  assert.deepEqual(annotate([update([one], true)]), []);
  assert.deepEqual(annotate([update([{ ...one, line: 2 }])]), []);
  assert.deepEqual(annotate([update([one])], PROPOSED), []);
});

Deno.test("a deletion is annotated where it was, a creation and a conflict where they begin", () => {
  const secret = { ...object, kind: "Secret", name: "login" };
  const gone = {
    action: "delete",
    object: secret,
    file: "a.yaml",
    line: 8,
    fields: [],
    reason: "gone",
  } as const;
  assert.deepEqual(annotate([gone]), ["manifests/a.yaml:6 warning delete Secret web/login: gone"]);
  const made = { action: "create", object, file: "a.yaml", line: 1, fields: [] } as const;
  assert.deepEqual(annotate([made], ""), [
    "manifests/a.yaml:1 notice create ConfigMap web/settings: It is created",
  ]);
  assert.deepEqual(annotate([made]), []);
  const conflict = { ...made, action: "conflict", reason: "No" } as const;
  assert.match(annotate([conflict], "")[0] ?? "", /:1 failure conflict .*: No$/);
});

Deno.test("a changed parameter is annotated with what it causes, where nothing else has changed", () => {
  const manifest = "kind: ConfigMap\ndata:\n  one: ${level}-${size}\n";
  const annotated = (proposed: string) =>
    annotationsOf([update([one])], {
      base: () => manifest,
      proposed: () => manifest,
      pathOf: (file) => file,
      parameters: { path: "web.yaml", base: "size: 1\nlevel: a\n", proposed },
    }).map(({ path, line }) => `${path}:${line}`);
  assert.deepEqual(annotated("size: 1\nlevel: b\n"), ["web.yaml:2"]);
  assert.deepEqual(annotated("size: 1\nlevel: a\nother: b\n"), []);
});
