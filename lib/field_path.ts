/**
 * Paths into Kubernetes objects, as server-side apply tracks them: list items by merge key, not by position.
 * @module
 */

/** A JSON scalar. */
export type Scalar = string | number | boolean | null;

/**
 * One step into an object: a field of a map, an item of a list by its merge key (`k:` in `fieldsV1`), an item
 * of a set by its value (`v:`), or an item by position (`i:`).
 */
export type PathElement =
  | { readonly field: string }
  | { readonly key: Readonly<Record<string, Scalar>> }
  | { readonly value: Scalar }
  | { readonly index: number };

/** Steps from the root of an object to a field. */
export type FieldPath = readonly PathElement[];

const PLAIN_NAME = /^[A-Za-z_][A-Za-z0-9_-]*$/;

/**
 * Writes a path the way people read it.
 *
 * @example
 * ```ts
 * import { formatPath } from "./field_path.ts";
 * import assert from "node:assert/strict";
 *
 * const path = [{ field: "spec" }, { field: "containers" }, { key: { name: "app" } }, { field: "image" }];
 * assert.equal(formatPath(path), "spec.containers[name=app].image");
 * assert.equal(
 *   formatPath([{ field: "metadata" }, { field: "labels" }, { field: "app.kubernetes.io/name" }]),
 *   'metadata.labels["app.kubernetes.io/name"]',
 * );
 * ```
 */
export function formatPath(path: FieldPath): string {
  return path.map(formatElement).join("").replace(/^\./, "");
}

function formatElement(element: PathElement): string {
  if ("field" in element) {
    return PLAIN_NAME.test(element.field)
      ? `.${element.field}`
      : `[${JSON.stringify(element.field)}]`;
  }
  if ("key" in element) {
    return `[${Object.entries(element.key).map(([name, value]) => `${name}=${value}`).join(",")}]`;
  }
  return "value" in element ? `[=${element.value}]` : `[${element.index}]`;
}

/**
 * The value at a path, or undefined where there is none.
 *
 * @example
 * ```ts
 * import { valueAt } from "./field_path.ts";
 * import assert from "node:assert/strict";
 *
 * const pod = { spec: { containers: [{ name: "app", image: "nginx" }] } };
 * const path = [{ field: "spec" }, { field: "containers" }, { key: { name: "app" } }, { field: "image" }];
 * assert.equal(valueAt(pod, path), "nginx");
 * ```
 */
export function valueAt(root: unknown, path: FieldPath): unknown {
  let current = root;
  for (const element of path) {
    current = step(current, element);
    if (current === undefined) return undefined;
  }
  return current;
}

function step(value: unknown, element: PathElement): unknown {
  if ("field" in element) {
    return isMap(value) && Object.hasOwn(value, element.field) ? value[element.field] : undefined;
  }
  if (!Array.isArray(value)) return undefined;
  if ("index" in element) return value[element.index];
  if ("value" in element) return value.find((item) => item === element.value);
  const keys = Object.entries(element.key);
  return value.find((item) => isMap(item) && keys.every(([name, wanted]) => item[name] === wanted));
}

/** Whether a value is a map (neither a list nor a scalar nor null). */
export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
