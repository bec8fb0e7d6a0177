/** What a component says about fields that somebody changes in the cluster: revert, propose, ignore, or stop. @module */
import { type FieldPath, formatPath, valueAt } from "../field_path.ts";
import type { KubernetesObject } from "../object.ts";
import { isEqual, withoutField } from "./compare.ts";
import { appliedFields, hasField, leaves, NO_FIELDS } from "./field_set.ts";
import { maskValue } from "./mask.ts";
import { fieldOwner, othersThan } from "./ownership.ts";
import type { FieldDifference } from "./types.ts";

/** What becomes of a field that somebody changed; `spec.fields` of a component explains each. */
export type FieldAction = "revert" | "propose" | "ignore" | "stop";

/** A rule on fields, as `spec.fields` of a component writes it. The first that fits a field decides. */
export interface FieldRule {
  /** Fields and all below them, as {@link formatPath} writes them. */
  readonly paths?: readonly string[] | undefined;
  /** Field managers; `*` stands for any text. */
  readonly managers?: readonly string[] | undefined;
  readonly objects?:
    | { readonly kind?: string | undefined; readonly name?: string | undefined }
    | undefined;
  readonly action: FieldAction;
}

/** Whose rules, and for what. */
export interface RuleOptions {
  readonly rules: readonly FieldRule[];
  /** Our field manager. */
  readonly manager: string;
  /** What rules propose is looked for, instead of left alone. */
  readonly proposing: boolean;
}

/** What the rules make of an object. */
export interface Ruled {
  /** What to apply: the desired object without the fields that stay as they live. */
  readonly object: KubernetesObject;
  /** Fields that differ, and stay as they live until a proposal settles them. */
  readonly toPropose: readonly FieldDifference[];
  /** Fields that somebody else set to another value and that must stop the run. */
  readonly stopped: readonly FieldDifference[];
}

/**
 * What the rules say about a field, or undefined where none fits.
 *
 * @param field `manager`: who holds it; undefined when nobody does, as after it was removed.
 * @example
 * ```ts
 * import { actionOn } from "./rules.ts";
 * import assert from "node:assert/strict";
 *
 * const rules = [{ paths: ["spec.replicas"], action: "ignore" as const }];
 * const web = { kind: "Deployment", name: "web" };
 * const path = [{ field: "spec" }, { field: "replicas" }];
 * assert.equal(actionOn(rules, web, { path, manager: "kube-controller-manager" }), "ignore");
 * ```
 */
export function actionOn(
  rules: readonly FieldRule[],
  object: { readonly kind: string; readonly name: string },
  { path, manager }: { readonly path: FieldPath; readonly manager: string | undefined },
): FieldAction | undefined {
  return rules.find(({ objects, managers, paths }) =>
    fits(objects?.kind, object.kind) && fits(objects?.name, object.name) &&
    (managers?.some((glob) => manager !== undefined && matches(glob, manager)) ?? true) &&
    (paths?.some((prefix) => isBelow(path, prefix)) ?? true)
  )?.action;
}

/**
 * Applies the rules to the fields of the live object that other managers hold.
 *
 * @example
 * ```ts
 * import { applyRules } from "./rules.ts";
 * import assert from "node:assert/strict";
 *
 * const desired = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "web" }, spec: { replicas: 1 } };
 * const live = {
 *   ...desired,
 *   metadata: {
 *     name: "web",
 *     managedFields: [{ manager: "autoscaler", fieldsV1: { "f:spec": { "f:replicas": {} } } }],
 *   },
 *   spec: { replicas: 5 },
 * };
 * const rules = [{ paths: ["spec.replicas"], action: "ignore" as const }];
 * const options = { rules, manager: "plumb", proposing: false };
 * assert.deepEqual(applyRules(desired, live, options).object["spec"], {});
 * ```
 */
export function applyRules(
  desired: KubernetesObject,
  live: KubernetesObject,
  { rules, manager, proposing }: RuleOptions,
): Ruled {
  const toPropose: FieldDifference[] = [];
  const stopped: FieldDifference[] = [];
  let object = desired;
  if (rules.length === 0) return { object, toPropose, stopped };
  const { kind, metadata: { name, managedFields } } = live;
  const ours = appliedFields(managedFields, manager);
  for (const entry of othersThan(managedFields, manager)) {
    for (const path of leaves(entry.fieldsV1 ?? NO_FIELDS)) {
      const [value, wanted] = [valueAt(live, path), valueAt(desired, path)];
      if (wanted === undefined || isKey(path)) continue;
      const field = { path, manager: entry.manager ?? "" };
      const action = actionOn(rules, { kind, name }, field);
      const [from, to] = [value, wanted].map((side) => maskValue(kind, path, side));
      const difference: FieldDifference = {
        path,
        difference: "changed",
        live: from,
        desired: to,
        owner: fieldOwner(entry),
      };
      const isSame = isEqual(value, wanted);
      if (action === "ignore") object = withoutField(object, path);
      if (action === "stop" && !isSame) stopped.push(difference);
      // What we hold too is as we applied it: then it is Git that has moved.
      if (action === "propose" && !proposing && !isSame && !hasField(ours, path)) {
        if (valueAt(object, path) !== undefined) toPropose.push(difference);
        object = withoutField(object, path);
      }
    }
  }
  return { object, toPropose, stopped };
}

/**
 * Applies the rules to what somebody took out of the live object: nobody holds that, so only rules without managers
 * fit. To be asked only while Git says what it said when the object was applied; otherwise Git may have added it.
 *
 * @param differences between the live object and what an apply would make of it.
 * @returns also the differences that remain.
 */
export function applyRulesToRemoved(
  desired: KubernetesObject,
  differences: readonly FieldDifference[],
  { rules, proposing }: RuleOptions,
): Ruled & { readonly differences: readonly FieldDifference[] } {
  const { kind, metadata: { name } } = desired;
  const byAction = Object.groupBy(
    differences,
    ({ difference, path, owner }) =>
      difference === "added" && owner === undefined
        ? actionOn(rules, { kind, name }, { path, manager: undefined }) ?? "revert"
        : "revert",
  );
  const { revert = [], propose = [], ignore = [], stop = [] } = byAction;
  const toPropose = proposing ? [] : propose;
  const object = [...ignore, ...toPropose].reduce(
    (all, { path }) => withoutField(all, path),
    desired,
  );
  const remaining = proposing ? [...revert, ...propose] : revert;
  return { object, toPropose, stopped: stop, differences: remaining };
}

function fits(wanted: string | undefined, actual: string): boolean {
  return wanted === undefined || wanted === actual;
}

/** The field that an item of a list is found by: without it the item could not be applied. */
function isKey(path: FieldPath): boolean {
  const [item, field] = path.slice(-2);
  return item !== undefined && field !== undefined && "key" in item && "field" in field &&
    Object.hasOwn(item.key, field.field);
}

function isBelow(path: FieldPath, prefix: string): boolean {
  const text = formatPath(path);
  return text.startsWith(prefix) && ["", ".", "["].includes(text.charAt(prefix.length));
}

function matches(glob: string, text: string): boolean {
  const parts = glob.split("*").map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`).test(text);
}
