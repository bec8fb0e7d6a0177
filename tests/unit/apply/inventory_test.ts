import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  applySetId,
  decodeInventory,
  emptyInventory,
  encodeInventory,
  type Inventory,
} from "../../../lib/apply/inventory.ts";
import { assertFits } from "../../../lib/apply/record.ts";
import { redactor } from "../../../lib/apply/redact.ts";
import { forEachLimited } from "../../../lib/apply/pool.ts";

function inventory(members: number): Inventory {
  const random = () =>
    createHash("sha256").update(crypto.randomUUID()).digest("base64url").slice(0, 22);
  return {
    ...emptyInventory("web", "web"),
    renderKey: "key",
    refreshed: "2026-01-01T00:00:00Z",
    resources: [{
      group: "",
      version: "v1",
      kind: "ConfigMap",
      plural: "configmaps",
      namespaced: true,
    }, {
      group: "apps",
      version: "v1",
      kind: "Deployment",
      plural: "deployments",
      namespaced: true,
    }],
    members: Array.from({ length: members }, (_, index) => ({
      reference: {
        group: "",
        kind: "ConfigMap",
        namespace: `web-${index % 5}`,
        name: `map-${index}`,
      },
      version: "v1",
      provenance: { file: "app.yaml", line: index },
      uid: crypto.randomUUID(),
      hash: random(),
      fields: random(),
      time: "2026-01-01T00:00:00Z",
    })),
  };
}

Deno.test("an inventory is read as it was written", () => {
  const written = inventory(3);
  const secret = encodeInventory(written);
  assert.deepEqual(decodeInventory(secret), written);
  assert.equal(secret.metadata.labels?.["applyset.kubernetes.io/id"], applySetId("web"));
  assert.equal(
    secret.metadata.annotations?.["applyset.kubernetes.io/contains-group-kinds"],
    "ConfigMap,Deployment.apps",
  );
  assert.equal(
    secret.metadata.annotations?.["applyset.kubernetes.io/additional-namespaces"],
    "web-0,web-1,web-2",
  );
});

Deno.test("the ApplySet id follows the formula of KEP-3659", () => {
  const hash = createHash("sha256").update("inventory-web.plumb-system.Secret.").digest(
    "base64url",
  );
  assert.equal(applySetId("web"), `applyset-${hash}-v1`);
});

Deno.test("10,000 objects fit into one Secret, and too many are refused before the API server does", () => {
  assert.equal(decodeInventory(encodeInventory(inventory(10_000))).members.length, 10_000);
  assert.throws(() => encodeInventory(inventory(30_000)), { code: "inventory-too-large" });
});

Deno.test("an inventory that only what is intended fits into is refused before anything exists", () => {
  const intended = (members: number): Inventory => {
    const known = inventory(members);
    return {
      ...known,
      members: known.members.map(({ uid: _, fields: __, time: ___, ...member }) => (
        { ...member, hash: "" }
      )),
    };
  };
  assert.equal(decodeInventory(encodeInventory(intended(30_000))).members.length, 30_000);
  assert.throws(() => assertFits(intended(30_000)), { code: "inventory-too-large" });
  assertFits(intended(10_000));
});

Deno.test("a damaged inventory is refused, with what to do", () => {
  const secret = encodeInventory(inventory(1));
  for (const data of [undefined, {}, { inventory: "bm90IGd6aXA=" }, { inventory: "" }]) {
    assert.throws(() => decodeInventory({ ...secret, data }), {
      code: "inventory-unreadable",
      hint: /delete it/,
    });
  }
});

Deno.test("two inventories never share a salt", () => {
  assert.notEqual(emptyInventory("a", "a").salt, emptyInventory("a", "a").salt);
});

Deno.test("secret values are replaced wherever they stand, the longest first, short words not", () => {
  const redact = redactor(["hunter22", "hunter22-extended", "no"]);
  assert.equal(redact("a hunter22-extended b hunter22 c no"), "a (secret) b (secret) c no");
});

Deno.test("limited work keeps its limit, and stops beginning at the first error", async () => {
  let [running, most] = [0, 0];
  await forEachLimited(Array.from({ length: 20 }), 4, async () => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 1));
    running--;
  });
  assert.deepEqual([most, running], [4, 0]);
  const begun: number[] = [];
  await assert.rejects(
    forEachLimited([1, 2, 3, 4, 5, 6], 2, async (item) => {
      begun.push(item);
      await Promise.resolve();
      if (item === 2) throw new Error("broken");
    }),
    /broken/,
  );
  assert.ok(begun.length < 6);
});
