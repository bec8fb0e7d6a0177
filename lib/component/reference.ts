/**
 * References to parameters in text: `${domain}`. `$${domain}` stands for the text `${domain}`.
 * @module
 */

/** What a parameter can be. */
export type Value = string | number | boolean;

const REFERENCE = /\$\$\{|\$\{([^{}]*)\}/g;
const ONLY_REFERENCE = /^\$\{([^{}]*)\}$/;

/**
 * Replaces the references in a text. A text that is one reference and nothing else takes the parameter's type.
 *
 * @param lookup yields the value of a parameter; `isAlone` tells whether it is the whole text, so that a parameter
 * without a value may be undefined.
 * @returns undefined only if `lookup` does so for a reference that is alone.
 *
 * @example
 * ```ts
 * import { substitute } from "./reference.ts";
 * import assert from "node:assert/strict";
 *
 * const lookup = (name: string) => name === "replicas" ? 3 : "example.com";
 * assert.equal(substitute("${replicas}", lookup), 3);
 * assert.equal(substitute("https://cvat.${domain}", lookup), "https://cvat.example.com");
 * assert.equal(substitute("echo $${HOME}", lookup), "echo ${HOME}");
 * ```
 */
export function substitute(
  text: string,
  lookup: (name: string, isAlone: boolean) => Value | undefined,
): Value | undefined {
  if (!text.includes("${")) return text;
  const name = ONLY_REFERENCE.exec(text)?.[1];
  if (name !== undefined) return lookup(name, true);
  return text.replaceAll(
    REFERENCE,
    (_, name?: string) => name === undefined ? "${" : String(lookup(name, false) ?? ""),
  );
}

/** The names that a text refers to. */
export function referencesIn(text: string): string[] {
  return [...text.matchAll(REFERENCE)].flatMap(([, name]) => name === undefined ? [] : [name]);
}
