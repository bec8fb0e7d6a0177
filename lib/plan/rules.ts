/** What a component says about fields that others hold: take, yield, or stop. @module */
import { type FieldPath, formatPath, valueAt } from "../field_path.ts";
import type { KubernetesObject } from "../object.ts";
import { isEqual, withoutField } from "./compare.ts";
import { leaves, NO_FIELDS } from "./field_set.ts";
import { maskValue } from "./mask.ts";
import { fieldOwner, othersThan } from "./ownership.ts";
import type { FieldDifference } from "./types.ts";

/** A rule on fields, as `spec.fields` of a component writes it. The first that fits a field decides. */
export interface FieldRule {
  /** Fields and all below them, as {@link formatPath} writes them. */
  readonly paths?: readonly string[] | undefined;
  /** Field managers; `*` stands for any text. */
  readonly managers?: readonly string[] | undefined;
  readonly objects?:
    | { readonly kind?: string | undefined; readonly name?: string | undefined }
    | undefined;
  readonly action: "take" | "yield" | "stop";
}

/** What the rules make of an object. */
export interface Ruled {
  /** What to apply: the desired object without the fields that it yields. */
  readonly object: KubernetesObject;
  /** Fields that somebody else set to another value and that must stop the run. */
  readonly stopped: readonly FieldDifference[];
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
 * const rules = [{ paths: ["spec.replicas"], action: "yield" as const }];
 * assert.deepEqual(applyRules(desired, live, { rules, manager: "plumb" }).object["spec"], {});
 * ```
 */
export function applyRules(
  desired: KubernetesObject,
  live: KubernetesObject,
  { rules, manager }: { readonly rules: readonly FieldRule[]; readonly manager: string },
): Ruled {
  const relevant = rules.filter(({ objects }) =>
    fits(objects?.kind, desired.kind) && fits(objects?.name, desired.metadata.name)
  );
  if (relevant.length === 0) return { object: desired, stopped: [] };
  let object = desired;
  const stopped: FieldDifference[] = [];
  for (const entry of othersThan(live.metadata.managedFields, manager)) {
    const rulesOfManager = relevant.filter(({ managers }) =>
      managers?.some((glob) => matches(glob, entry.manager ?? "")) ?? true
    );
    if (rulesOfManager.length === 0) continue;
    for (const path of leaves(entry.fieldsV1 ?? NO_FIELDS)) {
      const wanted = valueAt(desired, path);
      if (wanted === undefined) continue;
      const action = rulesOfManager.find(({ paths }) =>
        paths?.some((prefix) => isBelow(path, prefix)) ?? true
      )?.action;
      const value = valueAt(live, path);
      if (action === "yield") object = withoutField(object, path);
      if (action === "stop" && !isEqual(value, wanted)) {
        const [from, to] = [value, wanted].map((side) => maskValue(desired.kind, path, side));
        stopped.push({
          path,
          difference: "changed",
          live: from,
          desired: to,
          owner: fieldOwner(entry),
        });
      }
    }
  }
  return { object, stopped };
}

function fits(wanted: string | undefined, actual: string): boolean {
  return wanted === undefined || wanted === actual;
}

function isBelow(path: FieldPath, prefix: string): boolean {
  const text = formatPath(path);
  return text.startsWith(prefix) && ["", ".", "["].includes(text.charAt(prefix.length));
}

function matches(glob: string, text: string): boolean {
  const parts = glob.split("*").map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`).test(text);
}
