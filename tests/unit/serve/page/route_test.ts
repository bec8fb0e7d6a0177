import assert from "node:assert/strict";
import {
  componentAddress,
  routeOf,
  runAddress,
  SECTIONS,
} from "../../../../lib/serve/page/state/route.ts";

Deno.test("an address that the page makes leads to what it was made of", () => {
  const key = "apps/Deployment/a b/100% & more?";
  for (const section of SECTIONS) {
    assert.deepEqual(routeOf(componentAddress("cvat", section, { object: key })), {
      view: "component",
      name: "cvat",
      section,
      query: new Map([["object", key]]),
    });
  }
  assert.deepEqual(routeOf(runAddress("a/b")), { view: "run", id: "a/b" });
});

Deno.test("no address, and one that nobody made, are told apart", () => {
  for (const empty of ["", "#", "#/"]) assert.deepEqual(routeOf(empty), { view: "components" });
  for (
    const wrong of ["#/runs", "#/runs/1/2", "#/components/cvat/nothing", "#/else/1", "#/components"]
  ) assert.deepEqual(routeOf(wrong), { view: "nowhere" });
  assert.equal(routeOf("#/runs/%E0%A4%A").view, "run");
});
