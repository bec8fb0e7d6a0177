/** What a plan says about the cluster, for whoever writes it into Git. @module */
import { keyOf, type ObjectReference } from "../object.ts";
import { FIELD_MANAGER } from "../names.ts";
import { type Change, changesIn, mayHaveAdditions } from "../plan/mod.ts";
import type { Decision } from "./decide.ts";
import type { Observation } from "./observe.ts";
import type { PlannedRun, PlanOptions } from "./plan_run.ts";

/** What a plan says about the cluster, for a proposal. */
export interface ObservedDrift {
  readonly changes: readonly Change[];
  /** Whether the object was there after the last run, and Git still says the same of it. */
  isAsApplied(reference: ObjectReference): boolean;
}

/** Of a planned run. */
export function observedDrift({ plan, waves, stored, prepared }: PlannedRun): ObservedDrift {
  const members = new Map(
    stored.inventory.members.map((member) => [keyOf(member.reference), member]),
  );
  const hashes = new Map(prepared.map(({ reference, hash }) => [keyOf(reference), hash]));
  return {
    // That Kubernetes has removed a Job which asks for it is nobody's change.
    changes: changesIn({
      prune: plan.prune,
      waves: waves.map((decisions) => decisions.map(withAdditions)),
    }).filter(({ action, reference }) =>
      action !== "create" || !members.get(keyOf(reference))?.expires
    ),
    isAsApplied: (reference) => {
      const member = members.get(keyOf(reference));
      return member?.uid !== undefined && member.hash === hashes.get(keyOf(reference));
    },
  };
}

/** Keys of the objects that somebody else changed or removed since the last run. */
export function driftedIn(planned: PlannedRun): ReadonlySet<string> {
  const { changes, isAsApplied } = observedDrift(planned);
  return new Set(
    changes.map(({ reference }) => reference).filter(isAsApplied).map(keyOf),
  );
}

/** An apply leaves alone what people added: it is a change for a proposal only. */
function withAdditions({ item, live, change, added = [] }: Decision): Change {
  if (added.length === 0 || live === undefined) return change;
  const { reference } = item;
  if (change.action === "unchanged") {
    return { action: "update", reference, desired: item, live, differences: added };
  }
  return change.action === "update"
    ? { ...change, differences: [...change.differences, ...added] }
    : change;
}

/** Keys of objects in which a proposal may find more than what Git sets. */
export function additionsIn(
  { live }: Observation,
  { component, proposing }: PlanOptions,
): ReadonlySet<string> {
  const options = { rules: component.fields, manager: FIELD_MANAGER };
  const found = [...live].filter(([, { metadata }]) =>
    proposing && mayHaveAdditions(metadata, options)
  );
  return new Set(found.map(([key]) => key));
}
