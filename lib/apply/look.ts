/** How objects live, as far as their health needs it. @module */
import { type Cluster, ClusterError, type Resource } from "../cluster/mod.ts";
import { keyOf, type KubernetesObject, referenceOf } from "../object.ts";
import { isJudgedByStatus } from "./health.ts";
import { type Lister, type Observation, observe, type Target } from "./observe.ts";

/** What was seen of objects. */
export interface Seen {
  /** The metadata of all. */
  readonly observation: Observation;
  /** The whole of those whose health their status tells, by key. */
  readonly objects: ReadonlyMap<string, KubernetesObject>;
}

/**
 * Looks at objects: both come with one list, so that nothing is asked twice. Secrets and ConfigMaps are never read.
 *
 * @param listMetadata for who has listed some already.
 */
export async function lookAt(
  cluster: Cluster,
  targets: Iterable<Target>,
  listMetadata: Lister = (resource, namespace) => cluster.listMetadata(resource, namespace),
): Promise<Seen> {
  const objects = new Map<string, KubernetesObject>();
  const observation = await observe(cluster, targets, async (resource, namespace) => {
    if (!isJudgedByStatus(resource)) return await listMetadata(resource, namespace);
    return (await listOf(cluster, resource, namespace)).map((object) => {
      const reference = referenceOf(object);
      objects.set(keyOf(reference), object);
      return { reference, metadata: object.metadata };
    });
  });
  return { observation, objects };
}

/** Of a kind that the cluster no longer serves there is nothing. */
async function listOf(
  cluster: Cluster,
  resource: Resource,
  namespace: string | undefined,
): Promise<KubernetesObject[]> {
  try {
    return await cluster.list(resource, { namespace });
  } catch (error) {
    if (error instanceof ClusterError && error.status === 404) return [];
    throw error;
  }
}
