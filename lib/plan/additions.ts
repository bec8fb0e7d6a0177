/** What people have added to live objects: fields that Git does not set, so that no apply ever touches them. @module */
import { type FieldPath, formatPath, valueAt } from "../field_path.ts";
import type { KubernetesObject, ManagedFieldsEntry, ObjectMeta } from "../object.ts";
import { project } from "./compare.ts";
import { fieldsAt, fieldsOf, leaves, NO_FIELDS } from "./field_set.ts";
import { maskValue } from "./mask.ts";
import { fieldOwner, othersThan } from "./ownership.ts";
import { actionOn, type FieldRule } from "./rules.ts";
import type { FieldDifference } from "./types.ts";

/** Managers that people write as, by hand. */
const BY_HAND = /^(?:kubectl-(?:edit|patch|set|label|annotate|replace)|k9s|Mozilla)$/;

/** Notes of kubectl about itself. */
const BOOKKEEPING = /kubectl\.kubernetes\.io\/(?:last-applied-configuration|restartedAt)/;

/** Whose rules, and our own field manager. */
export interface AdditionOptions {
  readonly rules: readonly FieldRule[];
  readonly manager: string;
}

/** Whether an object may have such fields, by its metadata alone. */
export function mayHaveAdditions(
  { managedFields }: ObjectMeta,
  { rules, manager }: AdditionOptions,
): boolean {
  const proposes = rules.some(({ action }) => action === "propose");
  return othersThan(managedFields, manager).some((entry) =>
    isWritten(entry) && (proposes || BY_HAND.test(entry.manager ?? ""))
  );
}

/**
 * The fields that people wrote by hand, or that rules propose, and that Git does not set: each as the uppermost part
 * that Git lacks. Values of Secrets are masked.
 */
export function addedFields(
  desired: KubernetesObject,
  live: KubernetesObject,
  { rules, manager }: AdditionOptions,
): FieldDifference[] {
  const { kind, metadata: { name, managedFields } } = live;
  const found = new Map<string, FieldDifference>();
  for (const entry of othersThan(managedFields, manager).filter(isWritten)) {
    const by = entry.manager ?? "";
    const byDefault = BY_HAND.test(by) ? "propose" : "ignore";
    const added = [...leaves(entry.fieldsV1 ?? NO_FIELDS)].filter((path) =>
      valueAt(desired, path) === undefined && !BOOKKEEPING.test(formatPath(path)) &&
      (actionOn(rules, { kind, name }, { path, manager: by }) ?? byDefault) === "propose"
    );
    const fields = fieldsOf(added);
    for (const leaf of added) {
      const path = missingPart(desired, leaf);
      const value = project(valueAt(live, path), fieldsAt(fields, path) ?? NO_FIELDS);
      if (value === undefined) continue;
      found.set(formatPath(path), {
        path,
        difference: "removed",
        live: maskValue(kind, path, value),
        desired: undefined,
        owner: fieldOwner(entry),
      });
    }
  }
  return [...found.values()];
}

function isWritten({ operation, subresource }: ManagedFieldsEntry): boolean {
  return operation === "Update" && !subresource;
}

/** The shortest part of a path that an object lacks; the path itself if it lacks that only. */
function missingPart(object: KubernetesObject, path: FieldPath): FieldPath {
  const length = path.findIndex((_, index) =>
    valueAt(object, path.slice(0, index + 1)) === undefined
  );
  return path.slice(0, length + 1);
}
