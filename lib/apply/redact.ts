/** Keeps secret values out of evidence. @module */
import { Buffer } from "node:buffer";
import { MASKED } from "../event.ts";
import { isMap } from "../field_path.ts";
import type { PreparedObject } from "./prepare.ts";

/** Shorter values are too common in ordinary text to be replaced. */
const SHORTEST = 6;

/**
 * A function that replaces every value of the component's Secrets, plain or in base64, in a text.
 *
 * @example
 * ```ts
 * import { redactor } from "./redact.ts";
 * import assert from "node:assert/strict";
 *
 * const redact = redactor(["hunter22"]);
 * assert.equal(redact("login failed for admin:hunter22"), "login failed for admin:(secret)");
 * ```
 */
export function redactor(values: readonly string[]): (text: string) => string {
  const needles = [...new Set(values)]
    .filter((value) => value.length >= SHORTEST)
    // The longest first, or a value that contains another would leave its rest behind.
    .sort((left, right) => right.length - left.length);
  return (text) => needles.reduce((current, value) => current.replaceAll(value, MASKED), text);
}

/** A {@link redactor} for the Secrets among prepared objects. */
export function redactSecrets(prepared: readonly PreparedObject[]): (text: string) => string {
  const encoded = prepared
    .filter(({ object }) => object.kind === "Secret" && object.apiVersion === "v1")
    .flatMap(({ object }) => isMap(object["data"]) ? Object.values(object["data"]) : [])
    .filter((value) => typeof value === "string");
  const plain = encoded.map((value) => Buffer.from(value, "base64").toString());
  return redactor([...plain, ...encoded]);
}
