/** Takes the fields of leftover managers away, so that an object is ours alone. @module */
import { type Cluster, ClusterError } from "../cluster/mod.ts";
import { FIELD_MANAGER } from "../names.ts";
import type { KubernetesObject } from "../object.ts";
import { adoptionPatch, type AdoptionPolicy } from "../plan/mod.ts";
import type { PreparedObject } from "./prepare.ts";

/** Controllers write the status of a new object several times a second, and move the entries that the patch names. */
const TRIES = 8;

/** Patches the object as it is now; when somebody was quicker, as it is then. */
export async function takeOver(
  cluster: Cluster,
  { resource, reference }: Pick<PreparedObject, "resource" | "reference">,
  live: KubernetesObject,
  policy: AdoptionPolicy,
): Promise<void> {
  let current: KubernetesObject | undefined = live;
  for (let attempt = 1; current !== undefined; attempt++) {
    const patch = adoptionPatch(current, policy, FIELD_MANAGER);
    if (patch === undefined) return;
    try {
      await cluster.patch(resource, reference, patch, "json");
      return;
    } catch (error) {
      const moved = error instanceof ClusterError && (error.status === 422 || error.status === 409);
      if (!moved || attempt === TRIES) throw error;
      current = await cluster.get(resource, reference);
    }
  }
}
