/** Which objects are shown where there are more than a page can draw. @module */
import { describe } from "../../../object.ts";
import type { ComponentObject } from "../../contract.ts";

/** Drawing more takes a browser seconds, at each change anew. */
export const MAX_SHOWN = 300;

/**
 * The objects that are shown, in their order. Where there are too many, the one that is looked at and those that differ
 * from Git or are not well come before all others.
 *
 * @param query Part of what an object is called, its kind and namespace included.
 */
export function shownOf(
  objects: readonly ComponentObject[],
  { query, selected }: { readonly query: string; readonly selected: string | undefined },
): readonly ComponentObject[] {
  const wanted = query.trim().toLowerCase();
  const found = wanted === ""
    ? objects
    : objects.filter(({ object }) => describe(object).toLowerCase().includes(wanted));
  if (found.length <= MAX_SHOWN) return found;
  const groups = Map.groupBy(found, (object) => urgencyOf(object, selected));
  const first = [0, 1, 2].flatMap((urgency) => groups.get(urgency) ?? []).slice(0, MAX_SHOWN);
  const kept = new Set(first);
  return found.filter((object) => kept.has(object));
}

function urgencyOf({ key, change, health }: ComponentObject, selected: string | undefined): number {
  if (key === selected) return 0;
  return change !== undefined || health.status !== "current" ? 1 : 2;
}
