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
  return mostUrgent(found, ({ key, change, health }) => {
    if (key === selected) return 0;
    return change !== undefined || health.status !== "current" ? 1 : 2;
  });
}

/** As many as are shown, those first that are the most urgent, in the order in which they were. */
export function mostUrgent<Item>(
  items: readonly Item[],
  urgencyOf: (item: Item) => 0 | 1 | 2,
): readonly Item[] {
  if (items.length <= MAX_SHOWN) return items;
  const groups = Map.groupBy(items, urgencyOf);
  const first = ([0, 1, 2] as const).flatMap((urgency) => groups.get(urgency) ?? []);
  const kept = new Set(first.slice(0, MAX_SHOWN));
  return items.filter((item) => kept.has(item));
}
