/**
 * What the API server 1.34 really says. The fixtures are its answers to kubectl: an object that Plumb had applied
 * and others changed (scale, set image, label, annotate, an edit there and back, a webhook's container), a Secret,
 * and one that was made by `kubectl apply`; `predicted` is the answer of a dry-run apply of `desired` with force.
 */
import assert from "node:assert/strict";
import { z } from "zod";
import { formatPath } from "../../../lib/field_path.ts";
import type { KubernetesObject, ManagedFieldsEntry } from "../../../lib/object.ts";
import { compareObjects } from "../../../lib/plan/compare.ts";
import { hasField, leaves } from "../../../lib/plan/field_set.ts";
import { fingerprintOf } from "../../../lib/plan/fingerprint.ts";
import { adoptionPatch, leftoverDifferences } from "../../../lib/plan/ownership.ts";
import drifted from "./fixtures/drifted_deployment.json" with { type: "json" };
import secret from "./fixtures/drifted_secret.json" with { type: "json" };
import kubectl from "./fixtures/kubectl_deployment.json" with { type: "json" };

const MANAGER = "plumb";
const APP = "spec.template.spec.containers[name=app]";
const object = z.custom<KubernetesObject>((value) => value !== undefined);
const compared = z.object({ desired: object, live: object, predicted: object });
const adopted = z.object({ live: object, predicted: object }).parse(kubectl);

function differences(fixture: unknown): string[] {
  return compareObjects({ ...compared.parse(fixture), manager: MANAGER }).map((
    { path, difference, live, desired, owner },
  ) =>
    `${difference} ${formatPath(path)}: ${JSON.stringify(live)} → ${JSON.stringify(desired)}` +
    (owner === undefined ? "" : ` (${owner.manager})`)
  ).sort();
}

Deno.test("each change by others shows with who made it; what webhooks and defaults added does not", () => {
  assert.deepEqual(differences(drifted), [
    'added metadata.labels.tier: undefined → "front"',
    'added spec.template.spec.containers[name=app].env[name=NEW]: undefined → {"name":"NEW","value":"added"}',
    'added spec.template.spec.containers[name=log]: undefined → {"image":"registry.example.com/log:1","name":"log"}',
    "changed spec.replicas: 3 → 1 (kubectl)",
    'changed spec.template.spec.containers[name=app].args: ["serve","--port=8080"] → ["serve","--port=80"] (mesh-webhook)',
    'changed spec.template.spec.containers[name=sidecar].image: "registry.example.com/sidecar:2" → "registry.example.com/sidecar:1" (kubectl-set)',
    "ownership spec.revisionHistoryLimit: 5 → 5 (kubectl-edit)",
    'removed spec.template.spec.containers[name=app].env[name=OLD]: {"name":"OLD","value":"dropped"} → undefined',
  ]);
});

Deno.test("an object compared with itself has no difference", () => {
  for (const fixture of [drifted, secret]) {
    const { desired, predicted } = compared.parse(fixture);
    assert.deepEqual(differences({ desired, live: predicted, predicted }), []);
  }
});

Deno.test("a Secret shows which keys differ, and no value, old or new, plain or encoded", () => {
  assert.deepEqual(differences(secret), [
    'added data.key: undefined → "(secret)"',
    'changed data.password: "(secret)" → "(secret)" (kubectl-patch)',
  ]);
});

Deno.test("what somebody else did to an object moves its fingerprint, an apply of the same does not", () => {
  const { live, predicted } = compared.parse(drifted);
  const fingerprint = fingerprintOf(predicted.metadata, MANAGER);
  assert.notEqual(fingerprintOf(live.metadata, MANAGER)?.fields, fingerprint?.fields);
  const others = predicted.metadata.managedFields?.filter(({ manager }) => manager !== MANAGER);
  const ours = predicted.metadata.managedFields?.filter(({ manager }) => manager === MANAGER);
  // The place of our entry in the list says nothing.
  const reordered = { ...predicted.metadata, managedFields: [...others ?? [], ...ours ?? []] };
  assert.deepEqual(fingerprintOf(reordered, MANAGER), fingerprint);
  assert.equal(fingerprintOf(adopted.live.metadata, MANAGER), undefined);
});

Deno.test("an adoption takes out what was only in kubectl's hands; maps and lists that stay are not named", () => {
  const taken = leftoverDifferences(adopted.live, adopted.predicted, {
    policy: "unowned",
    manager: MANAGER,
  });
  const paths = taken.map(({ path }) => formatPath(path));
  for (const gone of ["metadata.labels.by-hand", `${APP}.env[name=OLD].value`]) {
    assert.ok(paths.includes(gone), gone);
  }
  for (const stays of ["metadata.labels", "spec.template.metadata.labels", `${APP}.ports`]) {
    assert.ok(!paths.includes(stays), stays);
  }
  assert.ok(taken.every(({ owner }) => owner?.manager.startsWith("kubectl-")));
  assert.ok(paths.every((path) => !path.includes("last-applied")));
});

Deno.test("an adoption makes everything ours that kubectl held, and leaves the controllers theirs", () => {
  const patch = adoptionPatch(adopted.live, "unowned", MANAGER) ?? [];
  assert.deepEqual(patch[0], {
    op: "test",
    path: "/metadata/resourceVersion",
    value: adopted.live.metadata.resourceVersion,
  });
  const [ours, ...others] = patch[1]?.value as ManagedFieldsEntry[];
  assert.deepEqual([ours?.manager, ours?.operation], [MANAGER, "Apply"]);
  const entries = adopted.live.metadata.managedFields ?? [];
  for (const { fieldsV1, manager } of entries) {
    if (!manager?.startsWith("kubectl-")) continue;
    for (const path of leaves(fieldsV1 ?? {})) {
      assert.ok(hasField(ours?.fieldsV1 ?? {}, path), formatPath(path));
    }
  }
  assert.deepEqual(
    others,
    entries.filter(({ manager }) => manager === "kube-controller-manager"),
  );
});
