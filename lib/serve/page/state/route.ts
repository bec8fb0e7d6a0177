/** Addresses of the page's views, all of them in the fragment, so that one document serves them all. @module */

/** The sections of a component. */
export const SECTIONS = ["objects", "checks", "logs", "settings", "history"] as const;
export type Section = (typeof SECTIONS)[number];

/** What an address shows. */
export type Route =
  | { readonly view: "components" }
  | {
    readonly view: "component";
    readonly name: string;
    readonly section: Section;
    /** What is selected within it: `object`, or `pod` and `container`. */
    readonly query: ReadonlyMap<string, string>;
  }
  | { readonly view: "run"; readonly id: string }
  | { readonly view: "nowhere" };

/**
 * The view of a fragment.
 *
 * @example
 * ```ts
 * import { routeOf } from "./route.ts";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(routeOf("#/runs/12"), { view: "run", id: "12" });
 * ```
 */
export function routeOf(fragment: string): Route {
  const [path = "", search = ""] = fragment.replace(/^#/, "").split("?", 2);
  const [first, second, third, ...rest] = path.split("/").filter(Boolean).map(decoded);
  if (first === undefined) return { view: "components" };
  if (rest.length > 0 || second === undefined) return { view: "nowhere" };
  if (first === "runs" && third === undefined) return { view: "run", id: second };
  const section = SECTIONS.find((name) => name === (third ?? "objects"));
  if (first !== "components" || section === undefined) return { view: "nowhere" };
  const query = new Map(new URLSearchParams(search));
  return { view: "component", name: second, section, query };
}

/** The address of a component's section. */
export function componentAddress(
  name: string,
  section: Section = "objects",
  query: Readonly<Record<string, string>> = {},
): string {
  const search = new URLSearchParams(query).toString();
  const path = `#/components/${encodeURIComponent(name)}`;
  return `${path}${section === "objects" ? "" : `/${section}`}${search === "" ? "" : `?${search}`}`;
}

/** The address of a run. */
export function runAddress(id: string): string {
  return `#/runs/${encodeURIComponent(id)}`;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
