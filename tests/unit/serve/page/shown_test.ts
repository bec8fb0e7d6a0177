import assert from "node:assert/strict";
import type { ComponentObject } from "../../../../lib/serve/contract.ts";
import { MAX_SHOWN, shownOf } from "../../../../lib/serve/page/state/shown.ts";

function objects(count: number): ComponentObject[] {
  return Array.from({ length: count }, (_, index) => ({
    key: String(index),
    object: { group: "", kind: "ConfigMap", namespace: "shop", name: `map-${index}` },
    dependsOn: [],
    health: { status: "current", message: "" },
    exists: true,
    owners: [],
    pods: false,
  }));
}
const none = { query: "", selected: undefined };

Deno.test("all objects are shown, as long as a page can draw them", () => {
  const few = objects(MAX_SHOWN);
  assert.equal(shownOf(few, none), few);
});

Deno.test("of too many, what is looked at, differs or is unwell is shown, in the order of all", () => {
  const many = objects(10_000).map((object, index): ComponentObject =>
    index === 9_000
      ? { ...object, change: { action: "update", object: object.object, fields: [] } }
      : index === 9_500
      ? { ...object, health: { status: "failed", message: "crashes" } }
      : object
  );
  const shown = shownOf(many, { ...none, selected: "9999" });
  assert.equal(shown.length, MAX_SHOWN);
  assert.deepEqual(shown.slice(-3).map(({ key }) => key), ["9000", "9500", "9999"]);
  assert.deepEqual(shown.slice(0, 2).map(({ key }) => key), ["0", "1"]);
});

Deno.test("of thousands that differ, no more are shown than a page can draw", () => {
  const many = objects(10_000).map((object): ComponentObject => (
    { ...object, change: { action: "create", object: object.object, fields: [] } }
  ));
  assert.equal(shownOf(many, none).length, MAX_SHOWN);
});

Deno.test("an object is found by its kind, namespace and name", () => {
  const many = objects(10_000);
  for (const query of ["map-9876", "shop/MAP-9876", " ConfigMap shop/map-9876"]) {
    assert.deepEqual(shownOf(many, { ...none, query }).map(({ key }) => key), ["9876"]);
  }
  assert.deepEqual(shownOf(many, { ...none, query: "deployment" }), []);
});
