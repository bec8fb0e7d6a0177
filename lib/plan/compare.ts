/**
 * Compares the live object with what the API server predicts an apply would make of it, on the fields that are
 * ours. What webhooks, defaulting and autoscalers add is theirs and never shows.
 * @module
 */
import { type FieldPath, isMap, valueAt } from "../field_path.ts";
import type { KubernetesObject } from "../object.ts";
import { appliedFields, children, type FieldSet, hasField, union } from "./field_set.ts";
import { maskValue } from "./mask.ts";
import { ownerOf } from "./ownership.ts";
import type { FieldDifference } from "./types.ts";

/** What to compare. */
export interface Comparison {
  /** What is applied. */
  readonly desired: KubernetesObject;
  readonly live: KubernetesObject;
  /** The answer of a dry-run apply with force. */
  readonly predicted: KubernetesObject;
  /** Our field manager. */
  readonly manager: string;
}

/**
 * The fields on which the live object and the predicted one differ, of those that we own in either of them.
 * A part that is missing as a whole on one side is one difference. Values of Secrets are masked.
 */
export function compareObjects(
  { desired, live, predicted, manager }: Comparison,
): FieldDifference[] {
  const before = appliedFields(live.metadata.managedFields, manager);
  const after = appliedFields(predicted.metadata.managedFields, manager);
  const found: FieldDifference[] = [];
  const report = (
    path: FieldPath,
    difference: FieldDifference["difference"],
    values: [unknown, unknown],
  ) => {
    const [from, to] = values.map((value) => maskValue(live.kind, path, value));
    const owner = ownerOf(live.metadata.managedFields, path, manager);
    found.push({ path, difference, live: from, desired: to, owner });
  };
  const visit = (path: FieldPath, fields: FieldSet, from: unknown, to: unknown): void => {
    if (from === undefined && to === undefined) return;
    if (from === undefined) return report(path, "added", [undefined, project(to, fields)]);
    if (to === undefined) return report(path, "removed", [project(from, fields), undefined]);
    const below = children(fields);
    if (below.length > 0 && typeof from === "object" && typeof to === "object") {
      for (const child of below) {
        visit(
          [...path, child.element],
          child.set,
          valueAt(from, [child.element]),
          valueAt(to, [child.element]),
        );
      }
      return;
    }
    if (!isEqual(from, to)) return report(path, "changed", [from, to]);
    // An empty map is held by whoever fills it.
    if (isEmpty(valueAt(desired, path))) return;
    const [owned, wanted] = [hasField(before, path), hasField(after, path)];
    if (owned !== wanted && ownerOf(live.metadata.managedFields, path, manager) !== undefined) {
      report(path, "ownership", [from, to]);
    }
  };
  const fields = union(before, after);
  for (const child of children(fields)) {
    visit(
      [child.element],
      child.set,
      valueAt(live, [child.element]),
      valueAt(predicted, [child.element]),
    );
  }
  return found;
}

function isEmpty(value: unknown): boolean {
  return isMap(value) && Object.keys(value).length === 0;
}

/** The part of a value that a set of fields covers; whole where the set goes no deeper. */
export function project(value: unknown, fields: FieldSet): unknown {
  const below = children(fields);
  if (below.length === 0) return value;
  if (Array.isArray(value)) {
    return below.map(({ element, set }) => project(valueAt(value, [element]), set))
      .filter((item) => item !== undefined);
  }
  if (!isMap(value)) return value;
  return Object.fromEntries(below.flatMap(({ element, set }) => {
    const child = project(valueAt(value, [element]), set);
    return "field" in element && child !== undefined ? [[element.field, child]] : [];
  }));
}

/** Whether two JSON values are the same. The order of a map's keys does not matter. */
export function isEqual(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, index) => isEqual(item, right[index]));
  }
  if (!isMap(left) || !isMap(right)) return false;
  const names = Object.keys(left);
  return names.length === Object.keys(right).length &&
    names.every((name) => Object.hasOwn(right, name) && isEqual(left[name], right[name]));
}

/**
 * A copy of an object without one field. The way to it is copied, the rest is shared.
 *
 * @example
 * ```ts
 * import { withoutField } from "./compare.ts";
 * import assert from "node:assert/strict";
 *
 * const object = { spec: { replicas: 3, paused: true } };
 * assert.deepEqual(withoutField(object, [{ field: "spec" }, { field: "replicas" }]), { spec: { paused: true } });
 * ```
 */
export function withoutField<Value>(root: Value, path: FieldPath): Value {
  const [element, ...rest] = path;
  if (element === undefined || valueAt(root, [element]) === undefined) return root;
  const child = rest.length === 0 ? undefined : withoutField(valueAt(root, [element]), rest);
  if (isMap(root) && "field" in element) {
    const { [element.field]: _, ...others } = root;
    return (child === undefined ? others : { ...root, [element.field]: child }) as Value;
  }
  if (!Array.isArray(root)) return root;
  const old = valueAt(root, [element]);
  return root.flatMap((item) =>
    item !== old ? [item] : child === undefined ? [] : [child]
  ) as Value;
}
