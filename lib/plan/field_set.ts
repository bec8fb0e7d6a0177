/**
 * Sets of fields in the format of `metadata.managedFields[].fieldsV1`: nested maps whose names are steps
 * (`f:` a field, `k:` a list item by its keys, `v:` an item by its value, `i:` by position). An empty map is a
 * field of the set; a `.` inside a map says that the map itself is one, beside its children.
 *
 * Format: sigs.k8s.io/structured-merge-diff, package fieldpath.
 * @module
 */
import { type FieldPath, isMap, type PathElement, type Scalar } from "../field_path.ts";
import type { ManagedFieldsEntry } from "../object.ts";
import { PlanError } from "./errors.ts";

/** A set of fields. */
export type FieldSet = Readonly<Record<string, unknown>>;

/** No field. It is a value of its own, since an empty map stands for one field where it is nested. */
export const NO_FIELDS: FieldSet = {};

const SELF = ".";
/** Deeper than any real schema; managed fields come from the cluster and are not trusted. */
const MAX_DEPTH = 200;

function childOf(set: FieldSet | undefined, step: string): FieldSet | undefined {
  const child = set?.[step];
  return isMap(child) ? child : undefined;
}

/** Whether a nested set says that the place where it stands is a field of the set. */
function isMember(set: FieldSet | undefined): boolean {
  if (set === undefined) return false;
  if (SELF in set) return true;
  for (const _ in set) return false;
  return true;
}

function steps(...sets: (FieldSet | undefined)[]): string[] {
  const names = new Set(sets.flatMap((set) => Object.keys(set ?? {})));
  names.delete(SELF);
  return [...names];
}

function guardDepth(depth: number): void {
  if (depth > MAX_DEPTH) {
    throw new PlanError(
      "fields-too-deep",
      `Managed fields are nested over ${MAX_DEPTH} levels deep`,
      {
        hint: "Some manager wrote nonsense into metadata.managedFields. Remove its entry.",
      },
    );
  }
}

/** Combines two sets at each place by a rule on membership. An undefined result is empty. */
function combine(
  left: FieldSet | undefined,
  right: FieldSet | undefined,
  rule: (left: boolean, right: boolean) => boolean,
  depth = 0,
): FieldSet | undefined {
  guardDepth(depth);
  const result: Record<string, unknown> = {};
  for (const step of steps(left, right)) {
    const child = combine(childOf(left, step), childOf(right, step), rule, depth + 1);
    if (child !== undefined) result[step] = child;
  }
  const member = depth > 0 && rule(isMember(left), isMember(right));
  if (Object.keys(result).length === 0) return member ? {} : undefined;
  return member ? { [SELF]: {}, ...result } : result;
}

/**
 * All fields of either set.
 *
 * @example
 * ```ts
 * import { difference, hasField, union } from "./field_set.ts";
 * import assert from "node:assert/strict";
 *
 * const left = { "f:spec": { "f:replicas": {} } };
 * const right = { "f:spec": { "f:paused": {} } };
 * assert.deepEqual(union(left, right), { "f:spec": { "f:replicas": {}, "f:paused": {} } });
 * assert.deepEqual(difference(union(left, right), right), left);
 * assert.equal(hasField(left, [{ field: "spec" }, { field: "replicas" }]), true);
 * ```
 */
export function union(left: FieldSet, right: FieldSet): FieldSet {
  return combine(left, right, (inLeft, inRight) => inLeft || inRight) ?? NO_FIELDS;
}

/** The fields of the left set that are not in the right one. */
export function difference(left: FieldSet, right: FieldSet): FieldSet {
  return combine(left, right, (inLeft, inRight) => inLeft && !inRight) ?? NO_FIELDS;
}

/** One step of a set as a path element. */
export function parseStep(step: string): PathElement {
  const text = step.slice(2);
  switch (step.slice(0, 2)) {
    case "k:":
      return { key: JSON.parse(text) as Record<string, Scalar> };
    case "v:":
      return { value: JSON.parse(text) as Scalar };
    case "i:":
      return { index: Number(text) };
    default:
      return { field: text };
  }
}

/** A path element as one step of a set. Keys are sorted, as the API server writes them. */
export function formatStep(element: PathElement): string {
  if ("field" in element) return `f:${element.field}`;
  if ("value" in element) return `v:${JSON.stringify(element.value)}`;
  if ("index" in element) return `i:${element.index}`;
  const sorted = Object.entries(element.key).sort(([left], [right]) => left < right ? -1 : 1);
  return `k:${JSON.stringify(Object.fromEntries(sorted))}`;
}

/** The nested set at a path, or undefined. */
export function fieldsAt(set: FieldSet, path: FieldPath): FieldSet | undefined {
  let current: FieldSet | undefined = set;
  for (const element of path) {
    current = childOf(current, formatStep(element));
    if (current === undefined) return undefined;
  }
  return current;
}

/** Whether a field is in the set itself. */
export function hasField(set: FieldSet, path: FieldPath): boolean {
  return isMember(fieldsAt(set, path));
}

/**
 * How closely a set covers a path: 2 for the field itself, or something below it; 1 for a field above it; 0.
 */
export function coverage(set: FieldSet, path: FieldPath): 0 | 1 | 2 {
  if (fieldsAt(set, path) !== undefined) return 2;
  for (let length = path.length - 1; length > 0; length--) {
    const above = fieldsAt(set, path.slice(0, length));
    // An empty map above is a field whose value is held as a whole.
    if (above !== undefined && Object.keys(above).length === 0) return 1;
  }
  return 0;
}

/** Every field that has no field of the set below it, with its path. */
export function* leaves(set: FieldSet, path: FieldPath = []): Generator<FieldPath> {
  guardDepth(path.length);
  const below = steps(set);
  if (below.length === 0 && path.length > 0) yield path;
  for (const step of below) {
    const child = childOf(set, step);
    if (child !== undefined) yield* leaves(child, [...path, parseStep(step)]);
  }
}

/**
 * The set of some fields.
 *
 * @example
 * ```ts
 * import { fieldsOf } from "./field_set.ts";
 * import assert from "node:assert/strict";
 *
 * const path = [{ field: "spec" }, { field: "replicas" }];
 * assert.deepEqual(fieldsOf([path]), { "f:spec": { "f:replicas": {} } });
 * ```
 */
export function fieldsOf(paths: readonly FieldPath[]): FieldSet {
  const root: Record<string, unknown> = {};
  for (const path of paths) {
    path.map(formatStep).reduce(
      (around, step) => (around[step] ??= {}) as Record<string, unknown>,
      root,
    );
  }
  return root;
}

/** The nested sets directly below a place: their elements and themselves. */
export function children(
  set: FieldSet,
): { readonly element: PathElement; readonly set: FieldSet }[] {
  return steps(set).flatMap((step) => {
    const child = childOf(set, step);
    return child === undefined ? [] : [{ element: parseStep(step), set: child }];
  });
}

/** What one manager applied, in the entry of its server-side applies. */
export function appliedFields(
  entries: readonly ManagedFieldsEntry[] | undefined,
  manager: string,
): FieldSet {
  return appliedEntry(entries, manager)?.fieldsV1 ?? NO_FIELDS;
}

/** The entry of a manager's server-side applies. */
export function appliedEntry(
  entries: readonly ManagedFieldsEntry[] | undefined,
  manager: string,
): ManagedFieldsEntry | undefined {
  return entries?.find((entry) =>
    entry.manager === manager && entry.operation === "Apply" && !entry.subresource
  );
}
