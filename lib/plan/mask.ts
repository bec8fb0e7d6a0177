/** Keeps secret values out of everything that is shown. @module */
import { MASKED } from "../event.ts";
import { type FieldPath, isMap } from "../field_path.ts";
import type { KubernetesObject } from "../object.ts";

/** kubectl keeps the whole object as it was applied in this annotation, secrets included. */
export const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

const SECRET_FIELDS: ReadonlySet<string> = new Set(["data", "stringData"]);

/** Whether a value at a path of an object of that kind must not be shown. */
export function isSecret(kind: string, path: FieldPath): boolean {
  const names = path.map((element) => "field" in element ? element.field : "");
  if (names[0] === "metadata" && names[1] === "annotations" && names[2] === LAST_APPLIED) {
    return true;
  }
  return kind === "Secret" && SECRET_FIELDS.has(names[0] ?? "");
}

/** A value as it may be shown: secrets, and secrets below it, are masked. */
export function maskValue(kind: string, path: FieldPath, value: unknown): unknown {
  if (value === undefined) return undefined;
  if (isMap(value)) {
    return Object.fromEntries(
      Object.entries(value).map((
        [name, child],
      ) => [name, maskValue(kind, [...path, { field: name }], child)]),
    );
  }
  return isSecret(kind, path) ? MASKED : value;
}

/**
 * An object as it may be shown.
 *
 * @example
 * ```ts
 * import { maskObject } from "./mask.ts";
 * import assert from "node:assert/strict";
 *
 * const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "login" }, data: { password: "aHVudGVyMg==" } };
 * assert.deepEqual(maskObject(secret)["data"], { password: "(secret)" });
 * ```
 */
export function maskObject(object: KubernetesObject): KubernetesObject {
  return maskValue(object.kind, [], object) as KubernetesObject;
}
