/** What becomes of the members that Git dropped. @module */
import type { Cluster } from "../cluster/mod.ts";
import { keyOf } from "../object.ts";
import { dropMembers, type Dropped, type Member } from "../plan/mod.ts";
import { applySetId } from "./inventory.ts";
import type { Observation, Target } from "./observe.ts";
import type { PreparedObject } from "./prepare.ts";

/** What deciding about dropped members needs to know. */
export interface DropContext {
  /** Name of the component. */
  readonly component: string;
  readonly members: readonly Member[];
  /** The members as targets, by key. */
  readonly targets: ReadonlyMap<string, Target>;
  readonly observation: Observation;
  /** They are dropped by the way back from a revision that failed. */
  readonly isWayBack: boolean;
}

/** What becomes of the members that Git no longer has. */
export interface DroppedMembers extends Dropped {
  /** They were there before the component, and are left to whoever made them. */
  readonly released: readonly Member[];
}

/** Decides about the members that Git no longer has. */
export async function membersToDrop(
  cluster: Cluster,
  prepared: readonly PreparedObject[],
  { component, members, targets, observation, isWayBack }: DropContext,
): Promise<DroppedMembers> {
  const wanted = new Set(prepared.map(({ reference }) => keyOf(reference)));
  const dropped = members.filter(({ reference }) => !wanted.has(keyOf(reference)));
  // What a revision took over by mistake must not go when the mistake is undone.
  const released = dropped.filter(({ created, handle, reference }) =>
    isWayBack && !created && (handle !== undefined || observation.live.has(keyOf(reference)))
  );
  const ours = dropped.filter((member) => !released.includes(member));
  const outside = ours.filter(({ handle }) => handle !== undefined);
  const gone = ours.filter(({ handle }) => handle === undefined);
  const { delete: deletions, kept } = dropMembers(gone, {
    live: await seenLive(cluster, gone, targets, observation),
    applySet: applySetId(component),
    desired: prepared.map(({ reference }) => reference),
  });
  const unseen = gone.flatMap((member) => {
    const target = targets.get(keyOf(member.reference));
    const refused = target === undefined ? undefined : observation.refusalOf(target);
    return refused === undefined ? [] : [{ member, reason: refused.message }];
  });
  const inUse = await definitionsInUse(cluster, deletions, targets);
  const free = deletions.filter(({ reference }) => !inUse.has(keyOf(reference)));
  const guarded = gone.filter(({ reference }) => inUse.has(keyOf(reference)))
    .map((member) => ({
      member,
      reason: "objects of its kind exist, and would be deleted with it",
    }));
  const removals = outside.map(({ reference, version, uid, provenance, wave, handle }) => ({
    action: "delete" as const,
    reference,
    version,
    uid: uid ?? "",
    provenance,
    wave,
    ...(handle === undefined ? {} : { handle }),
    reason: "it is no longer in Git",
  }));
  return { delete: [...free, ...removals], kept: [...kept, ...unseen, ...guarded], released };
}

/**
 * What lives, with the dropped members that a list did not have: a list may come from a cache that lags behind, and a
 * member that is forgotten while it lives would be nobody's.
 */
async function seenLive(
  cluster: Cluster,
  dropped: readonly Member[],
  targets: ReadonlyMap<string, Target>,
  { live, refusalOf }: Observation,
): Promise<Observation["live"]> {
  const missing = dropped.flatMap(({ reference }) => {
    const target = targets.get(keyOf(reference));
    const isOpen = target !== undefined && !live.has(keyOf(reference)) &&
      refusalOf(target) === undefined;
    return isOpen ? [target] : [];
  });
  const found = await Promise.all(missing.map(async ({ resource, reference }) => {
    const object = await cluster.get(resource, reference);
    return object === undefined
      ? []
      : [[keyOf(reference), { reference, metadata: object.metadata }] as const];
  }));
  return new Map([...live, ...found.flat()]);
}

/** Keys of the CustomResourceDefinitions whose deletion would delete somebody's objects. */
export async function definitionsInUse(
  cluster: Cluster,
  deletions: Dropped["delete"],
  targets: ReadonlyMap<string, Target>,
): Promise<ReadonlySet<string>> {
  const definitions = deletions.filter(({ reference }) =>
    reference.kind === "CustomResourceDefinition"
  );
  if (definitions.length === 0) return new Set();
  const dropped = new Set(deletions.map(({ reference }) => keyOf(reference)));
  const discovery = await cluster.discover();
  const used = await Promise.all(definitions.map(async ({ reference }) => {
    const resource = [...discovery.kinds()].find(({ plural, group }) =>
      `${plural}.${group}` === reference.name
    );
    const instances = resource === undefined ? [] : await cluster.listMetadata(resource);
    return instances.some((instance) =>
        !dropped.has(keyOf(instance.reference)) || !targets.has(keyOf(instance.reference))
      )
      ? [keyOf(reference)]
      : [];
  }));
  return new Set(used.flat());
}
