/** A plan, divided into what a proposal causes and what differs without it. @module */
import { type ChangeReport, type Counts, type Event, noCounts } from "../event.ts";

type Planned = Extract<Event, { type: "plan" }>;

/** The changes of a plan that a proposal causes, at least in part, and those that it doesn't. */
export function dividePlan(
  { changes }: Pick<Planned, "changes">,
): { readonly caused: readonly ChangeReport[]; readonly drift: readonly ChangeReport[] } {
  return {
    caused: changes.filter(({ drift }) => !drift),
    drift: changes.filter(({ drift }) => drift),
  };
}

/** How many changes of each action. */
export function countChanges(changes: readonly ChangeReport[]): Counts {
  const counts = noCounts();
  for (const { action } of changes) counts[action]++;
  return counts;
}

/** Heads what differs with or without a proposal. */
export const DRIFT_TITLE = "Drift, with or without this change";
/** Heads what is no longer drift with it. */
export const SETTLED_TITLE = "No longer drift with this change";
