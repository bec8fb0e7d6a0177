/** Paths of the Kubernetes API. @module */
import type { Resource } from "./discovery.ts";

/** A name, with its namespace where it has one. */
export interface Name {
  readonly namespace?: string | undefined;
  readonly name: string;
}

/**
 * The path of all objects of a kind.
 *
 * @example
 * ```ts
 * import { collectionPath, objectPath } from "./paths.ts";
 * import assert from "node:assert/strict";
 *
 * const deployments = { group: "apps", version: "v1", kind: "Deployment", plural: "deployments", namespaced: true };
 * assert.equal(collectionPath(deployments, "cvat"), "/apis/apps/v1/namespaces/cvat/deployments");
 * assert.equal(
 *   objectPath(deployments, { namespace: "cvat", name: "opa" }),
 *   "/apis/apps/v1/namespaces/cvat/deployments/opa",
 * );
 * ```
 */
export function collectionPath(resource: Resource, namespace?: string): string {
  const { group, version, plural, namespaced } = resource;
  const root = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  return namespaced && namespace !== undefined
    ? `${root}/namespaces/${encodeURIComponent(namespace)}/${plural}`
    : `${root}/${plural}`;
}

/** The path of one object. */
export function objectPath(resource: Resource, { namespace, name }: Name): string {
  return `${collectionPath(resource, namespace)}/${encodeURIComponent(name)}`;
}

/**
 * A query string, without the parameters that are undefined.
 *
 * @example
 * ```ts
 * import { query } from "./paths.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(query({ limit: 500, continue: undefined }), "?limit=500");
 * assert.equal(query({}), "");
 * ```
 */
export function query(
  parameters: Readonly<Record<string, string | number | boolean | undefined>>,
): string {
  const pairs = Object.entries(parameters)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
}
