/** Everything that lives in a namespace. @module */
import { type Cluster, ClusterError, type Resource } from "../../cluster/mod.ts";
import { groupVersionKind, type OwnerReference } from "../../object.ts";
import type { LiveMetadata } from "../../plan/mod.ts";
import { forEachLimited } from "../pool.ts";

/** An object, with where its kind is served. */
export interface Content extends LiveMetadata {
  readonly resource: Resource;
}

/** What is in a namespace. */
export interface Contents {
  readonly objects: readonly Content[];
  /** Kinds that these credentials may not list: `certificates.cert-manager.io`. */
  readonly unseen: readonly string[];
  /** Whether objects of an owner's kind live in namespaces. */
  readonly isNamespaced: (owner: OwnerReference) => boolean;
}

const LISTS_AT_ONCE = 16;

/** Lists every kind that the cluster keeps in namespaces, but events, which nobody keeps. */
export async function contentsOf(cluster: Cluster, namespace: string): Promise<Contents> {
  const discovery = await cluster.discover();
  const objects: Content[] = [];
  const unseen: string[] = [];
  const kinds = discovery.keptInNamespaces().filter(({ kind }) => kind !== "Event");
  await forEachLimited(kinds, LISTS_AT_ONCE, async (resource) => {
    const { group, plural } = resource;
    try {
      const found = await cluster.listMetadata(resource, namespace);
      objects.push(...found.map((item) => ({ ...item, resource })));
    } catch (error) {
      if (!(error instanceof ClusterError && error.code === "forbidden")) throw error;
      unseen.push(group === "" ? plural : `${plural}.${group}`);
    }
  });
  return {
    objects,
    unseen: unseen.sort(),
    isNamespaced: (owner) => discovery.find(groupVersionKind(owner))?.namespaced ?? false,
  };
}
