/** What a planned run will have to be allowed. @module */
import { keyOf } from "../object.ts";
import type { Target } from "./observe.ts";
import type { WantedPermission } from "./permissions.ts";
import type { PlannedRun } from "./plan_run.ts";
import { isExternal } from "./realize.ts";

/** The permissions that the changes of a plan take, each kind and namespace once. */
export function wantedPermissions({ waves, plan, targets }: PlannedRun): WantedPermission[] {
  const wanted = new Map<string, { permission: WantedPermission; verbs: Set<string> }>();
  const want = (target: Target, ...verbs: string[]) => {
    const { resource, reference: { namespace } } = target;
    if (isExternal(resource)) return;
    const key = `${resource.group}/${resource.plural}/${namespace ?? ""}`;
    const entry = wanted.get(key) ??
      { permission: { resource, namespace, verbs: [] }, verbs: new Set() };
    for (const verb of verbs) entry.verbs.add(verb);
    wanted.set(key, entry);
  };
  for (const { change, item } of waves.flat()) {
    if (change.action === "create") want(item, "create", "patch");
    if (change.action === "update" || change.action === "adopt") want(item, "patch");
    if (change.action === "replace") want(item, "create", "patch", "delete");
  }
  for (const { reference } of plan.prune.flat()) {
    const target = targets.get(keyOf(reference));
    if (target !== undefined) want(target, "delete");
  }
  return [...wanted.values()].map(({ permission, verbs }) => ({
    ...permission,
    verbs: [...verbs],
  }));
}
