/**
 * From a path that names list items by key to positions in an object.
 * @module
 */
import { type FieldPath, isMap, type PathElement } from "../field_path.ts";

/**
 * The steps by name and position that a path takes through an object. An item that leaves out a merge key, which
 * the API server fills in (the protocol of a port), is found by the others.
 *
 * @returns undefined if the path leads nowhere.
 *
 * @example
 * ```ts
 * import { concretePath } from "./concrete_path.ts";
 * import assert from "node:assert/strict";
 *
 * const spec = { ports: [{ port: 80 }, { port: 443 }] };
 * const path = [{ field: "ports" }, { key: { port: 443, protocol: "TCP" } }, { field: "port" }];
 * assert.deepEqual(concretePath(spec, path), ["ports", 1, "port"]);
 * ```
 */
export function concretePath(root: unknown, path: FieldPath): (string | number)[] | undefined {
  const steps: (string | number)[] = [];
  let current = root;
  for (const element of path) {
    const step = stepOf(current, element);
    if (step === undefined) return undefined;
    steps.push(step);
    current = (current as Record<string | number, unknown>)[step];
  }
  return steps;
}

function stepOf(value: unknown, element: PathElement): string | number | undefined {
  if ("field" in element) {
    return isMap(value) && Object.hasOwn(value, element.field) ? element.field : undefined;
  }
  if (!Array.isArray(value)) return undefined;
  const index = "index" in element
    ? element.index
    : "value" in element
    ? value.indexOf(element.value)
    : indexByKey(value, Object.entries(element.key));
  return index >= 0 && index < value.length ? index : undefined;
}

function indexByKey(items: readonly unknown[], keys: readonly [string, unknown][]): number {
  let [best, most] = [-1, 0];
  items.forEach((item, index) => {
    if (!isMap(item)) return;
    const isOther = keys.some(([name, wanted]) => name in item && item[name] !== wanted);
    const matches = keys.filter(([name, wanted]) => item[name] === wanted).length;
    if (!isOther && matches > most) [best, most] = [index, matches];
  });
  return best;
}
