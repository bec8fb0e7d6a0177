/** What is not as the last run left it, by the fingerprints that it recorded: without Git, and without a dry run. @module */
import { FIELD_MANAGER } from "../names.ts";
import type { ObjectMeta, ObjectReference } from "../object.ts";
import { fingerprintOf, type Member } from "../plan/mod.ts";

/** An object that is not as the last run left it. */
export interface Drifted {
  readonly reference: ObjectReference;
  readonly how: "changed" | "missing";
}

/**
 * How an object has drifted. Without a fingerprint it was never seen as it should be; that is its run's failure, not drift.
 * Nor is it drift that Kubernetes has removed a Job which asks for it.
 *
 * @param living metadata of the object as it is; undefined where it does not exist.
 */
export function driftOf(
  { uid, fields, time, expires }: Member,
  living: ObjectMeta | undefined,
): Drifted["how"] | undefined {
  if (uid === undefined) return undefined;
  if (living === undefined && expires) return undefined;
  if (living?.uid !== uid) return "missing";
  if (fields === undefined) return undefined;
  const fingerprint = fingerprintOf(living, FIELD_MANAGER);
  return fingerprint?.fields === fields && fingerprint.time === time ? undefined : "changed";
}
