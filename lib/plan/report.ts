/** A plan as plain data for events. @module */
import { dump } from "js-yaml";
import {
  type Action,
  type ChangeReport,
  type Counts,
  type FieldReport,
  noCounts,
} from "../event.ts";
import { formatPath } from "../field_path.ts";
import { APPLYSET } from "../names.ts";
import { keyOf, type ObjectReference } from "../object.ts";
import type { DesiredObject } from "../render/types.ts";
import { driftIn } from "./attribute.ts";
import { maskObject } from "./mask.ts";
import type { Change, FieldDifference, Plan } from "./types.ts";

/** Longer values are cut in reports; nobody reads them. */
const MAX_VALUE = 16 * 1024;

/** All changes of a plan but what stays: what goes first, then the waves. */
export function changesIn({ prune, waves }: Pick<Plan, "prune" | "waves">): Change[] {
  return [...prune.flat(), ...waves.flat()].filter(({ action }) => action !== "unchanged");
}

/** How many changes of each action a plan has. */
export function countsOf(plan: Plan): Counts {
  const counts: Record<Action, number> = noCounts();
  for (const { action } of [...plan.waves.flat(), ...plan.prune.flat()]) counts[action]++;
  counts.unchanged += plan.unchanged.length;
  return counts;
}

/** Of all changes of the base's plan, by their objects. */
export type ChangesByObject = ReadonlyMap<string, Change>;

/** The changes of a plan by their objects. */
export function byObject(plan: Pick<Plan, "prune" | "waves">): ChangesByObject {
  return new Map(changesIn(plan).map((change) => [keyOf(change.reference), change]));
}

/** What differs from the base, but no longer from what is proposed: at most, its fields have other owners. */
export function settledSince(base: ChangesByObject, proposed: ChangesByObject): ObjectReference[] {
  return [...base].filter(([key, before]) =>
    differsInValue(before) && !differsInValue(proposed.get(key))
  ).map(([, { reference }]) => reference);
}

function differsInValue(change: Change | undefined): boolean {
  if (change?.action !== "update") return change !== undefined;
  return change.differences.some(({ difference }) => difference !== "ownership");
}

/**
 * A change as plain data.
 *
 * @param options `text`: with the whole object of a creation, as YAML, secrets masked. `base`: what the base's plan
 * has as well is marked as drift.
 */
export function reportOf(
  change: Change,
  options: { readonly text?: boolean; readonly base?: ChangesByObject | undefined } = {},
): ChangeReport {
  const drift = driftIn(change, options.base?.get(keyOf(change.reference)));
  const provenance = "desired" in change ? change.desired.provenance : change.provenance;
  const desired = "desired" in change ? change.desired : undefined;
  return {
    action: change.action,
    object: change.reference,
    ...(provenance === undefined ? {} : { file: provenance.file, line: provenance.line }),
    fields: "differences" in change
      ? change.differences.map((field) => ({
        ...reportField(field, desired),
        ...(drift.fields.has(field) && !drift.whole ? { drift: true as const } : {}),
      }))
      : [],
    ...(options.text && change.action === "create" ? { text: textOf(change.desired) } : {}),
    ...("reason" in change && change.reason !== undefined ? { reason: change.reason } : {}),
    ...("hint" in change ? { hint: change.hint } : {}),
    ...(drift.whole ? { drift: true } : {}),
  };
}

function reportField(field: FieldDifference, desired: DesiredObject | undefined): FieldReport {
  const { path, difference, live, owner } = field;
  const line = field.desired === undefined ? undefined : desired?.lineOf(path);
  return {
    path: formatPath(path),
    difference,
    ...(live === undefined ? {} : { live: cut(live) }),
    ...(field.desired === undefined ? {} : { desired: cut(field.desired) }),
    ...(owner === undefined ? {} : { owner: owner.manager }),
    ...(owner?.time === undefined ? {} : { since: owner.time }),
    ...(line === undefined ? {} : { line }),
  };
}

function cut(value: unknown): unknown {
  return typeof value === "string" && value.length > MAX_VALUE
    ? `${value.slice(0, MAX_VALUE)}… (${value.length} characters)`
    : value;
}

/** The object as a person would write it: without the label that Plumb adds. */
function textOf({ object }: DesiredObject): string {
  const { labels = {}, ...metadata } = object.metadata;
  const { [APPLYSET.partOf]: _, ...written } = labels;
  const shown = Object.keys(written).length === 0 ? metadata : { ...metadata, labels: written };
  return dump(maskObject({ ...object, metadata: shown }), { lineWidth: -1 });
}
