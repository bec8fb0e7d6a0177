/** Records in the cluster and files of plans can be changed by hand: they are read, or refused in words. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { decodeInventory, emptyJournal, readApproved } from "../../lib/apply/mod.ts";
import { emptyInventory } from "../../lib/apply/inventory.ts";
import { decodeJournal } from "../../lib/apply/journal.ts";
import { assertClear, CANARY, garbled, mutated, RUNS } from "./hostile.ts";

const INVENTORY = {
  format: 1,
  ...emptyInventory("web", "web"),
  resources: [{
    group: "",
    version: "v1",
    kind: "ConfigMap",
    plural: "configmaps",
    namespaced: true,
  }],
  members: [{
    reference: { group: "", kind: "ConfigMap", namespace: "web", name: "settings" },
    version: "v1",
    provenance: { file: "app.yaml", line: 1 },
    uid: "1",
    hash: "x",
    fields: "y",
    time: "2026-01-01T00:00:00Z",
  }],
};
const JOURNAL = { format: 1, ...emptyJournal("web") };
const PLAN = {
  schema: "plumb.thinkube.io/plan/v1",
  component: "web",
  revision: "4f1c",
  changes: [{ action: "create", object: "/ConfigMap/web/a", name: "ConfigMap web/a", digest: "d" }],
};

/** A Secret of the system namespace, with a packed record under a key. */
function secretOf(key: string, record: unknown) {
  const data = { [key]: gzipSync(JSON.stringify(record)).toString("base64") };
  return { apiVersion: "v1", kind: "Secret", metadata: { name: "record" }, data };
}

Deno.test("the records of the fuzz tests are good ones", () => {
  assert.equal(decodeInventory(secretOf("inventory", INVENTORY)).members.length, 1);
  assert.equal(decodeJournal(secretOf("journal", JOURNAL)).component, "web");
  assert.equal(readApproved(JSON.stringify(PLAN), "plan.json").changes.length, 1);
});

Deno.test("records of any shape are read, or refused in words", async () => {
  await fc.assert(
    fc.asyncProperty(mutated(INVENTORY), mutated(JOURNAL), async (inventory, journal) => {
      await assertClear(() => decodeInventory(secretOf("inventory", inventory)));
      await assertClear(() => decodeJournal(secretOf("journal", journal)));
    }),
    RUNS,
  );
});

Deno.test("records of any bytes are refused in words", async () => {
  const { data: { inventory = "" } } = secretOf("inventory", { ...INVENTORY, component: CANARY });
  const bytes = Buffer.from(inventory, "base64");
  await fc.assert(
    fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(255), async (at, byte) => {
      const broken = Buffer.from(bytes);
      broken[at] = byte;
      const data = { inventory: broken.toString("base64") };
      await assertClear(() =>
        decodeInventory({ apiVersion: "v1", kind: "Secret", metadata: { name: "record" }, data })
      );
    }),
    RUNS,
  );
});

Deno.test("a record that unpacks to more than a cluster can hold is refused", () => {
  const data = { inventory: gzipSync(Buffer.alloc(80 * 1024 * 1024)).toString("base64") };
  const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "record" }, data };
  assert.throws(() => decodeInventory(secret), { code: "inventory-unreadable" });
});

Deno.test("plans of any shape and text are read, or refused in words", async () => {
  const texts = fc.oneof(
    mutated(PLAN).map((plan) => JSON.stringify(plan)),
    garbled(JSON.stringify(PLAN)),
  );
  await fc.assert(
    fc.asyncProperty(texts, async (text) => {
      await assertClear(() => readApproved(text, "plan.json"));
    }),
    RUNS,
  );
});
