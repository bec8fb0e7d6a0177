import assert from "node:assert/strict";
import {
  decodeRetained,
  encodeRetained,
  isEmpty,
  mergeRetained,
  type Retained,
  type RetainedVolume,
} from "../../../lib/apply/retained.ts";
import { remainsOf } from "../../../lib/apply/remains.ts";
import { isClaimOf } from "../../../lib/apply/rollback/survey.ts";

const EMPTY: Retained = {
  component: "web",
  namespace: "web",
  volumes: [],
  secrets: [],
  outside: [],
};
const volume = (uid: string, name = "data"): RetainedVolume => ({
  claim: { namespace: "web", name, uid: `claim-${uid}`, labels: {}, spec: {} },
  name: `pvc-${uid}`,
  uid,
  capacity: "1Gi",
});

Deno.test("a record is read as it was written, and a damaged or foreign one is refused", () => {
  const kept = { ...EMPTY, volumes: [volume("1")] };
  const object = encodeRetained(kept);
  assert.equal(object.metadata.name, "retained-web");
  assert.deepEqual(decodeRetained(object), kept);
  for (const text of ["nonsense", '{"format":2}']) {
    const damaged = { ...object, data: { retained: btoa(text) } };
    assert.throws(() => decodeRetained(damaged), { code: "retained-unreadable" });
  }
  const secrets = [{
    namespace: "web",
    name: "huge",
    uid: "1",
    annotations: {},
    data: { key: "x".repeat(1_100_000) },
  }];
  assert.throws(() => encodeRetained({ ...EMPTY, secrets }), { code: "retained-too-large" });
});

Deno.test("what was kept before stays kept: an interrupted deploy may not have come to it", () => {
  assert.ok(isEmpty(EMPTY));
  const before = { ...EMPTY, volumes: [volume("1"), volume("2", "other")] };
  const again = { ...volume("2", "other"), capacity: "2Gi" };
  const merged = mergeRetained(before, { ...EMPTY, volumes: [again, volume("3")] });
  assert.deepEqual(merged.volumes, [volume("1"), again, volume("3")]);
});

Deno.test("a claim of a StatefulSet is known by its name", () => {
  assert.ok(isClaimOf("cvat-media-cache", "data-cvat-media-cache-0"));
  for (const claim of ["cvat-media-cache-0", "data-cvat-media-cache", "data-media-cache-x0"]) {
    assert.ok(!isClaimOf("cvat-media-cache", claim), claim);
  }
});

Deno.test("a finalizer is told with who set it and when", () => {
  const metadata = {
    name: "data",
    finalizers: ["example.com/hold", "kubernetes.io/pvc-protection"],
    managedFields: [
      { manager: "kubectl-create", fieldsV1: { "f:metadata": { "f:labels": {} } } },
      {
        manager: "backup-tool",
        time: "2026-01-01T00:00:00Z",
        fieldsV1: { "f:metadata": { "f:finalizers": { 'v:"example.com/hold"': {} } } },
      },
    ],
  };
  assert.equal(
    remainsOf({ apiVersion: "v1", kind: "PersistentVolumeClaim", metadata }),
    "is held by finalizer example.com/hold: its controller must remove it (set by backup-tool, " +
      "2026-01-01T00:00:00Z); finalizer kubernetes.io/pvc-protection: a pod still uses the claim",
  );
});
