/**
 * What lives in the cluster, from one metadata-only list per kind and namespace.
 * @module
 */
import { type Cluster, ClusterError, type Resource } from "../cluster/mod.ts";
import { keyOf, type ObjectReference } from "../object.ts";
import type { LiveMetadata } from "../plan/mod.ts";
import { isExternal } from "./realize.ts";

/** An object to look for. */
export interface Target {
  readonly reference: ObjectReference;
  readonly resource: Resource;
}

/** What was seen. */
export interface Observation {
  /** Live objects by {@link keyOf}; foreign objects of the same kinds and namespaces are among them. */
  readonly live: ReadonlyMap<string, LiveMetadata>;
  /** Why a target could not be looked for, or undefined when it could: what is absent then, does not exist. */
  refusalOf(target: Target): ClusterError | undefined;
}

/** How the objects of a kind and a namespace are listed. */
export type Lister = (resource: Resource, namespace?: string) => Promise<readonly LiveMetadata[]>;

/**
 * Lists the metadata of everything that lives in the kinds and namespaces of the targets. A namespace or kind
 * that does not exist holds nothing; a list that the cluster forbids leaves the others usable.
 */
export async function observe(
  cluster: Cluster,
  targets: Iterable<Target>,
  list: Lister = (resource, namespace) => cluster.listMetadata(resource, namespace),
): Promise<Observation> {
  const lists = new Map<string, Target>();
  for (const target of targets) {
    if (!isExternal(target.resource)) {
      lists.set(listKey(target.resource, target.reference.namespace), target);
    }
  }
  const live = new Map<string, LiveMetadata>();
  const refused = new Map<string, ClusterError>();
  await Promise.all([...lists].map(async ([key, { resource, reference }]) => {
    try {
      for (const item of await list(resource, reference.namespace)) {
        live.set(keyOf(item.reference), item);
      }
    } catch (error) {
      if (!(error instanceof ClusterError && error.code === "forbidden")) throw error;
      refused.set(key, error);
    }
  }));
  return {
    live,
    refusalOf: ({ resource, reference }) => refused.get(listKey(resource, reference.namespace)),
  };
}

/** Lists metadata, each kind and namespace once: whoever asks again is told the same. */
export function listingOnce(cluster: Cluster): Lister {
  const lists = new Map<string, Promise<readonly LiveMetadata[]>>();
  return (resource, namespace) => {
    const key = listKey(resource, namespace);
    const list = lists.get(key) ?? cluster.listMetadata(resource, namespace);
    lists.set(key, list);
    return list;
  };
}

function listKey({ group, plural }: Resource, namespace = ""): string {
  return `${group}/${plural}/${namespace}`;
}
