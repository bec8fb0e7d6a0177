/** Tells what a proposed change of Git causes from what differs without it. @module */
import { formatPath, valueAt } from "../field_path.ts";
import { isEqual } from "./compare.ts";
import type { Change, FieldDifference } from "./types.ts";

/** The part of a change that is drift. */
export interface DriftInChange {
  readonly fields: ReadonlySet<FieldDifference>;
  /** Nothing of the change is due to what is proposed. */
  readonly whole: boolean;
}

/**
 * What of a change the base's plan has as well: the same field with the same desired value.
 *
 * @param before what the base would do with the same object; undefined where that is nothing.
 */
export function driftIn(change: Change, before: Change | undefined): DriftInChange {
  const none = { fields: new Set<FieldDifference>(), whole: false };
  if (before === undefined) return none;
  if (!("desired" in change) || !("desired" in before)) {
    return { ...none, whole: change.action === before.action };
  }
  const [wanted, base] = [change.desired.object, before.desired.object];
  const differences = "differences" in change ? change.differences : [];
  const known = new Map(
    ("differences" in before ? before.differences : []).map((
      field,
    ) => [formatPath(field.path), field]),
  );
  // Differences of Secrets are masked, so the objects themselves are compared.
  const fields = differences.filter(({ path, difference }) =>
    known.get(formatPath(path))?.difference === difference &&
    isEqual(valueAt(wanted, path) ?? null, valueAt(base, path) ?? null)
  );
  const whole = change.action === before.action && fields.length === differences.length &&
    (fields.length > 0 || isEqual(wanted, base));
  return { fields: new Set(fields), whole };
}
