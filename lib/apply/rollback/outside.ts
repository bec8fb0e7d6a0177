/** Removes what a component has outside of the cluster's API. @module */
import type { Cluster } from "../../cluster/mod.ts";
import type { Emit } from "../../event.ts";
import { describe, keyOf } from "../../object.ts";
import type { Deletion } from "../../plan/mod.ts";
import { removeExternal } from "../external.ts";

/**
 * Removes what lives outside. What has become somebody else's stays, and so does what never came to be as far as is
 * known; what can't be reached now is left for a later run.
 *
 * @returns keys of what is left.
 */
export async function removeOutside(
  cluster: Cluster,
  deletions: readonly Deletion[],
  { component, emit }: { readonly component: string; readonly emit: Emit },
): Promise<ReadonlySet<string>> {
  const left = new Set<string>();
  for (const { reference, handle, uid } of deletions) {
    if (handle === undefined) continue;
    const { kind } = reference;
    const remainder = await removeExternal(cluster, component, { kind, handle });
    if (remainder === undefined) {
      emit({ type: "change", action: "delete", object: reference, result: "done" });
    } else if (remainder.later && uid !== "") {
      left.add(keyOf(reference));
      emit({
        type: "change",
        action: "delete",
        object: reference,
        result: "failed",
        message: `it stays: ${remainder.reason}`,
        hint: "Run the rollback again when that is mended.",
      });
    } else {
      emit({ type: "warning", message: `${describe(reference)} stays: ${remainder.reason}` });
    }
  }
  return left;
}
