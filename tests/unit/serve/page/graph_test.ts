import assert from "node:assert/strict";
import fc from "fast-check";
import { layOut, neighbour, NODE } from "../../../../lib/serve/page/state/graph.ts";

const objects = fc.array(fc.tuple(fc.integer({ min: 1, max: 5 }), fc.nat(20), fc.nat(20)), {
  maxLength: 30,
}).map((given) =>
  given.map(([wave, ...needs], index) => ({
    key: String(index),
    wave: wave === 5 ? undefined : wave,
    dependsOn: needs.map(String),
  }))
);
const width = fc.integer({ min: 0, max: 2_000 });

Deno.test("each object has a place of its own, below those of earlier waves", () => {
  fc.assert(fc.property(objects, width, (given, wide) => {
    const { nodes, height, bands } = layOut(given, wide);
    assert.equal(nodes.size, given.length);
    const places = [...nodes.values()];
    for (const [index, { x, y }] of places.entries()) {
      for (const other of places.slice(index + 1)) {
        assert.ok(Math.abs(x - other.x) >= NODE.width || Math.abs(y - other.y) >= NODE.height);
      }
      assert.ok(y + NODE.height <= height);
      // Narrower than one object, nothing can fit.
      if (wide > NODE.width + 20) assert.ok(x + NODE.width <= wide);
    }
    for (const { key, wave } of given) {
      const band = bands.find((each) => each.wave === wave);
      const y = nodes.get(key)?.y ?? -1;
      assert.ok(band !== undefined && y > band.y && y + NODE.height <= band.y + band.height);
    }
  }));
});

Deno.test("a line is drawn for each dependence between objects that are there", () => {
  const { edges } = layOut([
    { key: "a", wave: 1, dependsOn: ["elsewhere"] },
    { key: "b", wave: 2, dependsOn: ["a", "b"] },
  ], 500);
  assert.deepEqual(edges.map(({ from, to }) => [from, to]), [["a", "b"]]);
});

Deno.test("arrow keys reach every object, and stop at the borders", () => {
  fc.assert(fc.property(objects, width, (given, wide) => {
    const graph = layOut(given, wide);
    const reached = new Set<string>();
    let key = [...graph.nodes.values()].toSorted((left, right) =>
      left.row - right.row || left.x - right.x
    )[0]?.key;
    const first = key;
    while (key !== undefined) {
      reached.add(key);
      key = neighbour(graph, key, "ArrowRight");
    }
    assert.equal(reached.size, given.length);
    if (first === undefined) return;
    assert.equal(neighbour(graph, first, "ArrowLeft"), undefined);
    assert.equal(neighbour(graph, first, "ArrowUp"), undefined);
    const below = neighbour(graph, first, "ArrowDown");
    if (below !== undefined) assert.equal(graph.nodes.get(below)?.row, 1);
  }));
});
