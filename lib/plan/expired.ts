/**
 * Jobs that have finished and that Kubernetes has removed, as they ask for: to make them again is to run them again.
 * @module
 */
import { keyOf, type KubernetesObject, type ObjectReference } from "../object.ts";
import { isJob } from "./irreversible.ts";
import type { LiveMetadata, Member } from "./types.ts";

/** Whether an object is a Job that Kubernetes removes some time after it has finished. */
export function expires(reference: ObjectReference, object: KubernetesObject): boolean {
  const spec = object["spec"] as { readonly ttlSecondsAfterFinished?: unknown } | undefined;
  return isJob(reference) && typeof spec?.ttlSecondsAfterFinished === "number";
}

/**
 * Keys of the Jobs that have finished and were removed, or are being removed. When anything else of the component is
 * gone, too, there is none: who has deleted the namespace or a volume needs all of it again, also what a Job did.
 *
 * @param members records of the last run. Of a Job that it has seen fail, it keeps no hash.
 * @example
 * ```ts
 * import { expiredIn } from "./expired.ts";
 * import assert from "node:assert/strict";
 *
 * const provenance = { file: "app.yaml", line: 1 };
 * const migration = {
 *   reference: { group: "batch", kind: "Job", namespace: "shop", name: "migration" },
 *   ...{ version: "v1", provenance, uid: "1", hash: "h", expires: true },
 * };
 * const settings = {
 *   reference: { group: "", kind: "ConfigMap", namespace: "shop", name: "settings" },
 *   ...{ version: "v1", provenance, uid: "2", hash: "h" },
 * };
 * const lives = new Map([["/ConfigMap/shop/settings", {
 *   reference: settings.reference,
 *   metadata: { name: "settings", uid: "2" },
 * }]]);
 * assert.deepEqual([...expiredIn([migration, settings], lives)], ["batch/Job/shop/migration"]);
 * assert.deepEqual([...expiredIn([migration, settings], new Map())], []);
 * ```
 */
export function expiredIn(
  members: Iterable<Member>,
  live: ReadonlyMap<string, Pick<LiveMetadata, "metadata">>,
): ReadonlySet<string> {
  const keys = new Set<string>();
  for (const { reference, uid, hash, handle, expires } of members) {
    if (uid === undefined || handle !== undefined) continue;
    const key = keyOf(reference);
    const living = live.get(key)?.metadata;
    const isSame = living?.uid === uid;
    const mayExpire = expires && hash !== "";
    if (mayExpire && (living === undefined || (isSame && living.deletionTimestamp))) keys.add(key);
    else if (!isSame) return new Set();
  }
  return keys;
}
