/**
 * Finds what a path means in a value that was read from a file.
 * @module
 */
import { type FieldPath, isMap, type PathElement } from "../field_path.ts";
import type { Steps } from "./change.ts";
import { REFERENCE } from "./layout.ts";
import { Unwritable } from "./yaml_text.ts";

/** What a path leads to. */
export type Place =
  | { readonly isNew: false; readonly path: Steps; readonly value: unknown }
  /** Not there yet: `wrap` makes what has to be added at `path` from the value that is wished for. */
  | { readonly isNew: true; readonly path: Steps; wrap(value: unknown): unknown };

/**
 * Finds the field or item that a path leads to, or the place where it has to be added.
 *
 * @param substitutes whether `${…}` in texts refers to parameters.
 * @throws {Unwritable}
 */
export function locate(root: unknown, path: FieldPath, substitutes: boolean): Place {
  if (path.length === 0) throw new Unwritable("The path leads to the whole object.");
  const steps: (string | number)[] = [];
  let value = root;
  for (const [index, element] of path.entries()) {
    const step = stepOf(value, element, substitutes);
    if (step === undefined) return addition(steps, value, element, path.slice(index + 1));
    steps.push(step);
    value = (value as Record<string | number, unknown>)[step];
  }
  return { isNew: false, path: steps, value };
}

function addition(
  steps: Steps,
  around: unknown,
  element: PathElement,
  below: FieldPath,
): Place {
  const names = below.map((inner) => "field" in inner ? inner.field : undefined);
  if (names.some((name) => name === undefined) || (below.length > 0 && !("field" in element))) {
    throw new Unwritable("The list around it, or the item, is not in the file.");
  }
  const step = "field" in element ? element.field : Array.isArray(around) ? around.length : 0;
  if ("index" in element && element.index !== step) {
    throw new Unwritable("The list in the file is shorter.");
  }
  const wrap = (value: unknown) => {
    const whole = names.reduceRight<unknown>((inner, name) => ({ [String(name)]: inner }), value);
    if (!("key" in element)) return whole;
    if (!isMap(whole)) throw new Unwritable("An item that is found by a key must be a map.");
    return { ...element.key, ...whole };
  };
  return { isNew: true, path: [...steps, step], wrap };
}

/** Undefined where it isn't there but could be added. */
function stepOf(
  value: unknown,
  element: PathElement,
  substitutes: boolean,
): string | number | undefined {
  const isReference = (text: unknown) =>
    substitutes && typeof text === "string" && REFERENCE.test(text);
  if (value === null || value === undefined) return undefined;
  if ("field" in element) {
    if (!isMap(value)) throw new Unwritable("The place around it is not a map.");
    if (Object.hasOwn(value, element.field)) return element.field;
    if (Object.keys(value).some(isReference)) {
      throw new Unwritable("A key beside it is made from a parameter: it could be the same.");
    }
    return undefined;
  }
  if (!Array.isArray(value)) throw new Unwritable("The place around it is not a list.");
  if ("index" in element) return element.index < value.length ? element.index : undefined;
  const matches = value.map((item) => match(item, element, isReference));
  if (matches.filter((found) => found === "yes").length > 1) {
    throw new Unwritable("Several items of the list have this key.");
  }
  const index = matches.indexOf("yes");
  if (index >= 0) return index;
  if (matches.includes("maybe")) {
    throw new Unwritable("Which item of the list is meant can not be told.");
  }
  return undefined;
}

type Match = "yes" | "no" | "maybe";

/** Keys that the API server sets where they are missing. */
const DEFAULT_KEYS: Readonly<Record<string, unknown>> = { protocol: "TCP" };

function match(
  item: unknown,
  element: Exclude<PathElement, { field: string } | { index: number }>,
  isReference: (value: unknown) => boolean,
): Match {
  const compare = (value: unknown, wanted: unknown): Match =>
    value === wanted ? "yes" : isReference(value) || value === undefined ? "maybe" : "no";
  if ("value" in element) return compare(item, element.value);
  if (!isMap(item)) return "no";
  const results = Object.entries(element.key).map(([name, wanted]) =>
    compare(item[name] ?? DEFAULT_KEYS[name], wanted)
  );
  return results.includes("no") ? "no" : results.includes("maybe") ? "maybe" : "yes";
}
