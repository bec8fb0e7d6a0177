/**
 * Single changes of a value, and what a value is after them.
 * @module
 */
import { isMap } from "../field_path.ts";

/** Names of fields and positions of items. */
export type Steps = readonly (string | number)[];

/** The smallest changes, of which all others consist. */
export type Change =
  | { readonly kind: "replace"; readonly path: Steps; readonly value: unknown }
  /** A field or item that isn't there yet. The map or list itself may be null. */
  | { readonly kind: "insert"; readonly path: Steps; readonly value: unknown }
  | { readonly kind: "remove"; readonly path: Steps };

/**
 * The value after a change. What isn't on the path is shared with the value before.
 *
 * @example
 * ```ts
 * import { changed } from "./change.ts";
 * import assert from "node:assert/strict";
 *
 * const before = { args: ["a", "b"] };
 * assert.deepEqual(changed(before, { kind: "remove", path: ["args", 0] }), { args: ["b"] });
 * assert.deepEqual(changed(before, { kind: "insert", path: ["args", 0], value: "x" }), {
 *   args: ["x", "a", "b"],
 * });
 * ```
 */
export function changed(before: unknown, change: Change): unknown {
  const [step, ...rest] = change.path;
  if (step === undefined) return change.kind === "remove" ? undefined : change.value;
  if (typeof step === "number") {
    const list = Array.isArray(before) ? before : [];
    if (rest.length > 0) return list.with(step, changed(list[step], { ...change, path: rest }));
    if (change.kind === "remove") return list.toSpliced(step, 1);
    return list.toSpliced(step, change.kind === "insert" ? 0 : 1, change.value);
  }
  const map = isMap(before) ? before : {};
  if (rest.length === 0 && change.kind === "remove") {
    return Object.fromEntries(Object.entries(map).filter(([name]) => name !== step));
  }
  return { ...map, [step]: changed(map[step], { ...change, path: rest }) };
}

/** Whether two values are the same, the order of fields not counted. */
export function isSame(one: unknown, other: unknown, known = new Map<unknown, unknown>()): boolean {
  if (typeof one !== "object" || one === null || typeof other !== "object" || other === null) {
    return one === other;
  }
  // Aliases make the same object appear many times: each pair is compared once.
  if (known.get(one) === other) return true;
  known.set(one, other);
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const [fields, others] = [Object.entries(one), Object.entries(other)];
  return fields.length === others.length &&
    fields.every(([name, value]) =>
      Object.hasOwn(other, name) && isSame(value, (other as Record<string, unknown>)[name], known)
    );
}
