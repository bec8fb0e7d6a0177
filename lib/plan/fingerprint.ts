/** Hashes that tell whether an object has moved, without reading it. @module */
import { createHash, createHmac } from "node:crypto";
import { isMap } from "../field_path.ts";
import type { ObjectMeta } from "../object.ts";
import { appliedEntry } from "./field_set.ts";

/** What the API server knows of our last apply. */
export interface Fingerprint {
  /** Hash of the fields that we own. */
  readonly fields: string;
  /** When we last changed what we own, RFC 3339. */
  readonly time: string | undefined;
}

/** 128 bits: no two objects of a cluster will ever share a hash by chance. */
const HASH_CHARACTERS = 22;

/**
 * The fingerprint of an object: our own entry in its managed fields. The API server shrinks that entry as soon as
 * another manager changes a value that we own, so an equal fingerprint means that every value we set is still there.
 *
 * @returns undefined when we never applied the object.
 */
export function fingerprintOf(metadata: ObjectMeta, manager: string): Fingerprint | undefined {
  const entry = appliedEntry(metadata.managedFields, manager);
  if (entry === undefined) return undefined;
  const hash = createHash("sha256").update(JSON.stringify(entry.fieldsV1 ?? {})).digest(
    "base64url",
  );
  return { fields: hash.slice(0, HASH_CHARACTERS), time: entry.time };
}

/**
 * A keyed hash of any JSON value. The order of a map's keys does not matter.
 *
 * @param salt makes it useless for testing guesses at secret values to whoever does not have it.
 * @example
 * ```ts
 * import { hashOf } from "./fingerprint.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(hashOf({ a: 1, b: 2 }, "salt"), hashOf({ b: 2, a: 1 }, "salt"));
 * assert.notEqual(hashOf({ a: 1 }, "salt"), hashOf({ a: 1 }, "other"));
 * ```
 */
export function hashOf(value: unknown, salt: string): string {
  const canonical = JSON.stringify(sorted(value)) ?? "";
  return createHmac("sha256", salt).update(canonical).digest("base64url").slice(0, HASH_CHARACTERS);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isMap(value)) return value;
  const result: Record<string, unknown> = {};
  for (const key of Object.keys(value).sort()) result[key] = sorted(value[key]);
  return result;
}
