/** What must be so before a rollback writes anything. @module */
import { CLAIMS, type Cluster, LEASES, SECRETS, VOLUMES } from "../../cluster/mod.ts";
import { SYSTEM_NAMESPACE } from "../../names.ts";
import { keyOf } from "../../object.ts";
import { ApplyError } from "../errors.ts";
import { findInventory, type StoredInventory } from "../inventory.ts";
import { missingPermissions, type WantedPermission } from "../permissions.ts";
import type { Retained } from "../retained.ts";
import { type Survey, wavesOf } from "./survey.ts";

/**
 * What another run made of the component since the plan was told is not what was agreed to.
 *
 * @throws {ApplyError} `moved`
 */
export async function assertUnmoved(
  cluster: Cluster,
  stored: StoredInventory | undefined,
  component: string,
): Promise<void> {
  const now = await findInventory(cluster, component);
  if (now?.resourceVersion === stored?.resourceVersion) return;
  throw new ApplyError("moved", "Another run has changed the component meanwhile", {
    hint: "Nothing was deleted. Run again, and look at the plan as it is now.",
  });
}

/**
 * Asks for everything that the rollback needs before it begins: half a rollback helps nobody.
 *
 * @throws {ApplyError} `permission-missing`
 */
export async function assertAllowed(
  cluster: Cluster,
  found: Survey | undefined,
  { volumes }: Retained,
): Promise<void> {
  const namespace = SYSTEM_NAMESPACE;
  const wanted: WantedPermission[] = [
    { resource: SECRETS, namespace, verbs: ["get", "create", "update", "delete"] },
    { resource: LEASES, namespace, verbs: ["get", "create", "update"] },
    ...(volumes.length === 0 ? [] : [{ resource: VOLUMES, verbs: ["get", "patch"] }]),
    ...volumes.map(({ claim }) => (
      { resource: CLAIMS, namespace: claim.namespace, verbs: ["list"] }
    )),
  ];
  const deletions = found === undefined ? [] : wavesOf(found).flat();
  for (const { reference } of deletions) {
    const target = found?.targets.get(keyOf(reference));
    if (target === undefined) continue;
    wanted.push({
      resource: target.resource,
      namespace: reference.namespace,
      verbs: ["get", "delete"],
    });
  }
  const unique = new Map(
    wanted.map((one) => [`${one.resource.plural}/${one.namespace}/${one.verbs.join()}`, one]),
  );
  const missing = await missingPermissions(cluster, [...unique.values()]);
  if (missing.length === 0) return;
  throw new ApplyError("permission-missing", `These credentials may not: ${missing.join("; ")}`, {
    hint: "Nothing was changed. Grant what is missing, and run again.",
  });
}
