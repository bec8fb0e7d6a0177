/** What a component depends on beside itself. @module */
import type { Cluster } from "../cluster/mod.ts";
import { describe } from "../object.ts";
import { type Order, PlanError } from "../plan/mod.ts";

/** What objects name in `depends-on` but the component does not have must live already. */
export async function requireExternal(
  cluster: Cluster,
  { external }: Order,
): Promise<void> {
  if (external.length === 0) return;
  const discovery = await cluster.discover();
  await Promise.all(external.map(async ({ reference, item }) => {
    const resource = discovery.find(reference);
    if (resource !== undefined && await cluster.get(resource, reference) !== undefined) return;
    throw new PlanError(
      "dependency-missing",
      `${describe(item.reference)} depends on ${
        describe(reference)
      }, which is neither in the component nor in the cluster`,
      {
        place: item.provenance,
        hint: `Correct the annotation, or deploy ${describe(reference)} first.`,
      },
    );
  }));
}
