import assert from "node:assert/strict";
import type { FieldDifference } from "../../../lib/plan/mod.ts";
import { type Change, irreversible } from "../../../lib/plan/mod.ts";

function change(
  action: "create" | "update" | "adopt" | "replace" | "delete",
  [group, kind]: readonly [string, string],
  field?: string,
): Change {
  const reference = { group, kind, namespace: "web", name: "it" };
  const object = { apiVersion: "v1", kind, metadata: { name: "it" } };
  const desired = { object, provenance: { file: "a.yaml", line: 1 }, lineOf: () => 1 };
  const path = [{ field: "spec" }, { field: field ?? "data" }];
  const differences: FieldDifference[] = [
    { path, difference: "changed", live: 1, desired: 2, owner: undefined },
  ];
  if (action === "create") return { action, reference, desired };
  if (action === "delete") {
    const more = { version: "v1", uid: "1", provenance: undefined, wave: undefined, reason: "" };
    return { action, reference, ...more };
  }
  return { action, reference, desired, live: object, differences, reason: "" };
}

const own = "plumb.thinkube.io";

Deno.test("what no undo takes back is told in words; the rest is not mentioned", () => {
  const lines = irreversible([
    change("create", ["batch", "Job"]),
    change("replace", ["batch", "Job"]),
    change("replace", ["", "Service"]),
    change("adopt", ["", "ConfigMap"]),
    change("update", ["", "PersistentVolumeClaim"], "storage"),
    change("create", [own, "PodFile"]),
    change("delete", [own, "KeycloakClient"]),
    change("delete", ["postgresql.example.com", "Cluster"]),
  ]);
  assert.deepEqual(lines, [
    "Job web/it runs: what it does elsewhere, as in a database, stays",
    "Job web/it runs: what it does elsewhere, as in a database, stays",
    "Service web/it is deleted and made anew: what it held is gone",
    "ConfigMap web/it is taken over: what Git says of it stays in it",
    "PersistentVolumeClaim web/it grows, and a volume does not shrink",
    "PodFile web/it writes into running pods: what they have read of it by then stays read",
    "KeycloakClient web/it goes: it would come back with another secret",
    "Cluster web/it goes: what its controller removes with it does not come back",
  ]);
  assert.deepEqual(
    irreversible([
      change("update", ["batch", "Job"]),
      change("create", ["apps", "Deployment"]),
      change("update", ["", "PersistentVolumeClaim"], "labels"),
      change("delete", ["networking.k8s.io", "Ingress"]),
      change("delete", [own, "PodFile"]),
    ]),
    [],
  );
});
