import assert from "node:assert/strict";
import fc from "fast-check";
import {
  coverage,
  difference,
  type FieldSet,
  formatStep,
  hasField,
  leaves,
  NO_FIELDS,
  parseStep,
  union,
} from "../../../lib/plan/field_set.ts";
import type { FieldPath } from "../../../lib/field_path.ts";

const element = fc.oneof(
  fc.string({ minLength: 1, maxLength: 4 }).map((field) => ({ field })),
  fc.record({ name: fc.string({ maxLength: 3 }) }).map((key) => ({ key })),
  fc.oneof(fc.string({ maxLength: 3 }), fc.integer(), fc.boolean()).map((value) => ({ value })),
  fc.nat(5).map((index) => ({ index })),
);
const path = fc.array(element, { minLength: 1, maxLength: 4 });
const paths = fc.array(path, { maxLength: 8 });

/** A set of exactly these fields. */
function setOf(list: readonly FieldPath[]): FieldSet {
  return list.reduce<FieldSet>((set, steps) => {
    let own: FieldSet = {};
    for (const step of steps.toReversed()) own = { [formatStep(step)]: own };
    return union(set, own);
  }, NO_FIELDS);
}

const key = (steps: FieldPath) => steps.map(formatStep).join("/");

Deno.test("a set has exactly the fields that were put in", () => {
  fc.assert(fc.property(paths, path, (list, other) => {
    const set = setOf(list);
    for (const steps of list) assert.ok(hasField(set, steps));
    assert.equal(hasField(set, other), list.some((steps) => key(steps) === key(other)));
  }));
});

Deno.test("union and difference are those of sets", () => {
  fc.assert(fc.property(paths, paths, path, (left, right, probe) => {
    const [a, b] = [setOf(left), setOf(right)];
    for (const steps of [...left, ...right, probe]) {
      assert.equal(hasField(union(a, b), steps), hasField(a, steps) || hasField(b, steps));
      assert.equal(hasField(difference(a, b), steps), hasField(a, steps) && !hasField(b, steps));
    }
    assert.deepEqual(difference(a, a), NO_FIELDS);
    assert.deepEqual(union(a, NO_FIELDS), a);
  }));
});

Deno.test("steps are written as the API server writes them, and read back", () => {
  fc.assert(fc.property(element, (step) => {
    assert.deepEqual(formatStep(parseStep(formatStep(step))), formatStep(step));
  }));
  assert.equal(
    formatStep({ key: { protocol: "TCP", containerPort: 80 } }),
    'k:{"containerPort":80,"protocol":"TCP"}',
  );
});

Deno.test("a map beside its children is a field of its own", () => {
  const set = { "f:metadata": { "f:labels": { ".": {}, "f:app": {} } } };
  const labels = [{ field: "metadata" }, { field: "labels" }];
  assert.ok(hasField(set, labels));
  assert.ok(!hasField({ "f:metadata": { "f:labels": { "f:app": {} } } }, labels));
  assert.deepEqual([...leaves(set)], [[...labels, { field: "app" }]]);
});

Deno.test("a field that is held as a whole covers what is below it, less closely than the field itself", () => {
  const selector = [{ field: "spec" }, { field: "selector" }];
  const set = { "f:spec": { "f:selector": {} } };
  assert.equal(coverage(set, selector), 2);
  assert.equal(coverage(set, [...selector, { field: "app" }]), 1);
  assert.equal(coverage(set, [{ field: "spec" }, { field: "replicas" }]), 0);
});

Deno.test("fields nested without end are refused", () => {
  let deep: FieldSet = {};
  for (let depth = 0; depth < 300; depth++) deep = { "f:a": deep };
  assert.throws(() => union(deep, deep), { code: "fields-too-deep" });
  assert.throws(() => [...leaves(deep)], { code: "fields-too-deep" });
});
