/** What a change of Git does to the desired state, where no cluster can be asked. @module */
import type { ChangeReport } from "../event.ts";
import { type FieldPath, isMap, valueAt } from "../field_path.ts";
import { keyOf, referenceOf } from "../object.ts";
import type { DesiredObject } from "../render/types.ts";
import { isEqual } from "./compare.ts";
import { maskValue } from "./mask.ts";
import { reportOf } from "./report.ts";
import type { FieldDifference } from "./types.ts";

/**
 * The changes from one desired state to another. `live` is the value that the base wants; nobody owns it.
 */
export function compareRenders(
  before: readonly DesiredObject[],
  after: readonly DesiredObject[],
): ChangeReport[] {
  const old = new Map(before.map((desired) => [keyOf(referenceOf(desired.object)), desired]));
  const changes = after.flatMap((desired): ChangeReport[] => {
    const reference = referenceOf(desired.object);
    const base = old.get(keyOf(reference));
    old.delete(keyOf(reference));
    if (base === undefined) {
      return [reportOf({ action: "create", reference, desired }, { text: true })];
    }
    const differences = differencesOf(desired.object.kind, base.object, desired.object);
    if (differences.length === 0) return [];
    const live = base.object;
    return [reportOf({ action: "update", reference, desired, live, differences })];
  });
  const gone = [...old.values()].map(({ object, provenance }): ChangeReport => ({
    action: "delete",
    object: referenceOf(object),
    ...provenance,
    fields: [],
    reason: "it is no longer in Git",
  }));
  return [...gone, ...changes];
}

function differencesOf(kind: string, before: unknown, after: unknown): FieldDifference[] {
  const found: FieldDifference[] = [];
  const visit = (path: FieldPath, from: unknown, to: unknown): void => {
    if (isEqual(from, to)) return;
    const steps = stepsOf(from, to);
    if (steps.length > 0) {
      for (const step of steps) visit([...path, step], valueAt(from, [step]), valueAt(to, [step]));
      return;
    }
    const [live, desired] = [from, to].map((value) => maskValue(kind, path, value));
    const difference = from === undefined ? "added" : to === undefined ? "removed" : "changed";
    found.push({ path, difference, live, desired, owner: undefined });
  };
  visit([], before, after);
  return found;
}

/** The ways on into both values; none where they differ as a whole. */
function stepsOf(from: unknown, to: unknown): FieldPath {
  if (isMap(from) && isMap(to)) {
    return [...new Set([...Object.keys(from), ...Object.keys(to)])].map((field) => ({ field }));
  }
  const [left, right] = [namesOf(from), namesOf(to)];
  if (left === undefined || right === undefined) return [];
  return [...new Set([...left, ...right])].map((name) => ({ key: { name } }));
}

/** The names of a list's items; undefined where not each item has one of its own. */
function namesOf(list: unknown): string[] | undefined {
  if (!Array.isArray(list) || list.length === 0) return undefined;
  const names = list.flatMap((item) =>
    isMap(item) && typeof item["name"] === "string" ? [item["name"]] : []
  );
  return names.length === list.length && new Set(names).size === list.length ? names : undefined;
}
