/** What of a plan becomes an edit, and what is left out. */
import assert from "node:assert/strict";
import type { ObjectReference } from "../../../lib/object.ts";
import type { Change } from "../../../lib/plan/mod.ts";
import { draft } from "../../../lib/propose/mod.ts";

const FILE = "kind: ConfigMap\ndata:\n  key: one\n";
const records = { isAsApplied: () => true, rules: [] };

/** Somebody has set the key of an object to another value. */
function changed(reference: ObjectReference, live: string): Change {
  const desired = {
    object: { apiVersion: "v1", kind: reference.kind, metadata: { name: reference.name } },
    provenance: { file: "map.yaml", line: 1 },
    lineOf: () => undefined,
  };
  return {
    action: "update",
    reference,
    desired,
    live: desired.object,
    differences: [{
      path: [{ field: "data" }, { field: "key" }],
      difference: "changed",
      live,
      desired: "one",
      owner: undefined,
    }],
  };
}

const reference = (group: string, kind: string) => ({ group, kind, name: "x", namespace: "n" });
const textOf = (live: string, substitutes: boolean) =>
  draft([changed(reference("", "ConfigMap"), live)], records, () => FILE, { substitutes })
    .files.get("map.yaml");

Deno.test("text that looks like a reference is escaped only where references are replaced", () => {
  assert.equal(textOf("${HOME}", true), FILE.replace("one", () => "$${HOME}"));
  assert.equal(textOf("${HOME}", false), FILE.replace("one", () => "${HOME}"));
});

Deno.test("what may hold secrets, and what Git has moved, is left out with the reason", () => {
  const read = () => FILE;
  const options = { substitutes: true };
  for (const [group, kind] of [["", "Secret"], ["plumb.thinkube.io", "PodFile"]] as const) {
    const change = changed(reference(group, kind), "a-password");
    const { files, written, leftOut } = draft([change], records, read, options);
    assert.deepEqual([files.size, written.length], [0, 0]);
    assert.match(leftOut[0]?.reason ?? "", /secret/i);
    assert.doesNotMatch(JSON.stringify(leftOut), /a-password/);
  }
  const moved = draft(
    [changed(reference("", "ConfigMap"), "two")],
    { ...records, isAsApplied: () => false },
    read,
    options,
  );
  assert.match(moved.leftOut[0]?.reason ?? "", /reconcile first/);
});

Deno.test("a file of a pod that is gone is not proposed to go from Git", () => {
  const desired = {
    object: { apiVersion: "plumb.thinkube.io/v1alpha1", kind: "PodFile", metadata: { name: "x" } },
    provenance: { file: "map.yaml", line: 1 },
    lineOf: () => undefined,
  };
  const gone: Change = {
    action: "create",
    reference: reference("plumb.thinkube.io", "PodFile"),
    desired,
  };
  assert.equal(draft([gone], records, () => FILE, { substitutes: true }).files.size, 0);
});
