/**
 * Kubernetes objects as plain data, and how Plumb identifies them.
 * @module
 */

/** One entry of `metadata.managedFields`: which manager owns which fields, and since when. */
export interface ManagedFieldsEntry {
  readonly manager?: string;
  readonly operation?: "Apply" | "Update";
  readonly apiVersion?: string;
  /** RFC 3339, whole seconds. */
  readonly time?: string;
  readonly fieldsType?: string;
  readonly fieldsV1?: Readonly<Record<string, unknown>>;
  readonly subresource?: string;
}

/** The owner of an object, as the garbage collector knows it. */
export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
}

/** The part of `metadata` that Plumb reads. */
export interface ObjectMeta {
  name: string;
  namespace?: string;
  generateName?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  finalizers?: string[];
  ownerReferences?: OwnerReference[];
  managedFields?: ManagedFieldsEntry[];
}

/** Any Kubernetes object. Everything beside type and metadata is unknown until it is looked at. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  [field: string]: unknown;
}

/** The identity of an object across versions of its API. The core group is the empty string. */
export interface ObjectReference {
  readonly group: string;
  readonly kind: string;
  /** Absent for cluster-scoped objects. */
  readonly namespace?: string | undefined;
  readonly name: string;
}

/** A kind in one version of its API. */
export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/**
 * Splits `apiVersion` and `kind`.
 *
 * @example
 * ```ts
 * import { groupVersionKind } from "./object.ts";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(groupVersionKind({ apiVersion: "apps/v1", kind: "Deployment" }), {
 *   group: "apps",
 *   version: "v1",
 *   kind: "Deployment",
 * });
 * assert.equal(groupVersionKind({ apiVersion: "v1", kind: "Secret" }).group, "");
 * ```
 */
export function groupVersionKind(object: { apiVersion: string; kind: string }): GroupVersionKind {
  const slash = object.apiVersion.indexOf("/");
  return {
    group: slash < 0 ? "" : object.apiVersion.slice(0, slash),
    version: object.apiVersion.slice(slash + 1),
    kind: object.kind,
  };
}

/** The `apiVersion` of a kind. */
export function apiVersionOf({ group, version }: Omit<GroupVersionKind, "kind">): string {
  return group === "" ? version : `${group}/${version}`;
}

/** The reference of an object. */
export function referenceOf(object: KubernetesObject): ObjectReference {
  const { group, kind } = groupVersionKind(object);
  const { namespace, name } = object.metadata;
  return namespace === undefined ? { group, kind, name } : { group, kind, namespace, name };
}

/**
 * A reference as a unique string, for maps and for the inventory.
 *
 * @example
 * ```ts
 * import { keyOf } from "./object.ts";
 * import assert from "node:assert/strict";
 *
 * const key = keyOf({ group: "apps", kind: "Deployment", namespace: "cvat", name: "opa" });
 * assert.equal(key, "apps/Deployment/cvat/opa");
 * ```
 */
export function keyOf(reference: ObjectReference): string {
  return `${reference.group}/${reference.kind}/${reference.namespace ?? ""}/${reference.name}`;
}

/**
 * A reference in words, for people.
 *
 * @example
 * ```ts
 * import { describe } from "./object.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(
 *   describe({ group: "apps", kind: "Deployment", namespace: "cvat", name: "opa" }),
 *   "Deployment cvat/opa",
 * );
 * assert.equal(describe({ group: "", kind: "Namespace", name: "cvat" }), "Namespace cvat");
 * ```
 */
export function describe(reference: ObjectReference): string {
  const { kind, namespace, name } = reference;
  return namespace === undefined || namespace === ""
    ? `${kind} ${name}`
    : `${kind} ${namespace}/${name}`;
}
