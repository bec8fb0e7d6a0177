/** What a rollback will find: what goes, what is kept, and what stands in its way. @module */
import { type Cluster, ClusterError, SECRETS } from "../../cluster/mod.ts";
import { realizedKinds } from "../../kinds/mod.ts";
import { isMap } from "../../field_path.ts";
import { ANNOTATION, APPLYSET } from "../../names.ts";
import { describe, keyOf, type ObjectReference } from "../../object.ts";
import {
  type Deletion,
  deletionWaves,
  foreignIn,
  type Member,
  planRemoval,
  type Removal,
} from "../../plan/mod.ts";
import { ApplyError } from "../errors.ts";
import { applySetId, type StoredInventory } from "../inventory.ts";
import { type Observation, observe, type Target } from "../observe.ts";
import { memberTargets } from "../plan_run.ts";
import {
  mergeRetained,
  type Retained,
  type RetainedSecret,
  type RetainedVolume,
  type StoredRetained,
} from "../retained.ts";
import { boundVolumes } from "../volumes.ts";
import { definitionsInUse } from "../drop.ts";
import { contentsOf } from "./contents.ts";

/** What there is of a component, and what is to become of it. */
export interface Survey {
  readonly stored: StoredInventory;
  /** Members that ever came to be. */
  readonly members: readonly Member[];
  readonly removal: Removal;
  readonly targets: ReadonlyMap<string, Target>;
  /** UIDs of what the component made and what goes. */
  readonly uids: ReadonlySet<string>;
  /** What is kept, with what an earlier rollback has kept. */
  readonly retained: Retained;
  /** Somebody else's objects in namespaces that are to go. */
  readonly foreign: readonly ObjectReference[];
  /** Kinds that can't be looked for in those namespaces. */
  readonly unseen: readonly string[];
}

/** Looks at everything that a component has. Writes nothing. */
export async function survey(
  cluster: Cluster,
  stored: StoredInventory,
  { before, keepNamespace }: {
    readonly before: StoredRetained | undefined;
    readonly keepNamespace: boolean;
  },
): Promise<Survey> {
  const { inventory } = stored;
  const { component, namespace, outside = [] } = inventory;
  const members = inventory.members.filter((member) => everWas(member, stored));
  const targets = memberTargets(inventory);
  const observation = await observe(cluster, targets.values());
  assertSeen(observation, targets.values());
  const planned = planRemoval(members, {
    live: observation.live,
    applySet: applySetId(component),
    keepNamespace,
    isSharedOutside: ({ reference, handle }) =>
      handle !== undefined && (realizedKinds.get(reference.kind)?.isShared?.(handle) ?? false),
  });
  const removal = await withoutDefinitionsInUse(cluster, planned, targets);
  const uids = ourUids(members, removal, observation, component);
  const going = removal.namespaces.map(({ reference }) => reference.name);
  const [volumes, secrets, strangers] = await Promise.all([
    volumesOf(cluster, members, { uids, going }),
    secretsOf(cluster, members),
    Promise.all(going.map((name) => strangersIn(cluster, name, uids))),
  ]);
  return {
    stored,
    members,
    removal,
    targets,
    uids,
    retained: mergeRetained(before?.retained, { component, namespace, outside, volumes, secrets }),
    foreign: strangers.flatMap(({ foreign }) => foreign),
    unseen: [...new Set(strangers.flatMap(({ unseen }) => unseen))],
  };
}

/** What goes, in the order in which it goes. */
export function wavesOf({ removal }: Survey): Deletion[][] {
  const waves = deletionWaves(removal.delete);
  return removal.namespaces.length === 0 ? waves : [...waves, [...removal.namespaces]];
}

/** What is outside of the cluster's API and has no id was left for a later run, unless the run was killed. */
function everWas({ handle, uid }: Member, { inventory: { state } }: StoredInventory): boolean {
  return handle === undefined || uid !== undefined || state === "applying";
}

function assertSeen(observation: Observation, targets: Iterable<Target>): void {
  for (const target of targets) {
    const refused: ClusterError | undefined = observation.refusalOf(target);
    if (refused !== undefined) throw refused;
  }
}

async function withoutDefinitionsInUse(
  cluster: Cluster,
  removal: Removal,
  targets: ReadonlyMap<string, Target>,
): Promise<Removal> {
  const inUse = await definitionsInUse(cluster, removal.delete, targets);
  if (inUse.size === 0) return removal;
  const [stay, go] = [true, false].map((wanted) =>
    removal.delete.filter(({ reference }) => inUse.has(keyOf(reference)) === wanted)
  );
  const reason = "objects of its kind exist, and would be deleted with it";
  return {
    ...removal,
    delete: go ?? [],
    kept: [...removal.kept, ...(stay ?? []).map(({ reference }) => ({ reference, reason }))],
  };
}

/** UIDs of what the component made: as recorded, and as it lives where a killed run could not record it. */
function ourUids(
  members: readonly Member[],
  { kept }: Removal,
  { live }: Observation,
  component: string,
): ReadonlySet<string> {
  const staying = new Set(kept.map(({ reference }) => keyOf(reference)));
  return new Set(
    members.filter(({ reference }) => !staying.has(keyOf(reference))).flatMap((member) => {
      const metadata = live.get(keyOf(member.reference))?.metadata;
      const isLabelled = metadata?.labels?.[APPLYSET.partOf] === applySetId(component);
      return [member.uid, isLabelled ? metadata.uid : undefined].filter((uid) => uid !== undefined);
    }),
  );
}

/** What of a namespace is somebody else's, and what can't be known. */
export async function strangersIn(
  cluster: Cluster,
  namespace: string,
  uids: ReadonlySet<string>,
): Promise<{ readonly foreign: readonly ObjectReference[]; readonly unseen: readonly string[] }> {
  const { objects, unseen, isNamespaced } = await contentsOf(cluster, namespace);
  return { foreign: foreignIn(objects, { uids, isNamespaced }), unseen };
}

/** The volumes of all claims in namespaces that go, and of the component's own claims elsewhere. */
async function volumesOf(
  cluster: Cluster,
  members: readonly Member[],
  { uids, going }: { readonly uids: ReadonlySet<string>; readonly going: readonly string[] },
): Promise<RetainedVolume[]> {
  const claiming = members.filter(({ reference: { kind } }) =>
    kind === "PersistentVolumeClaim" || kind === "StatefulSet"
  );
  const namespaces = new Set([
    ...going,
    ...claiming.flatMap(({ reference: { namespace } }) => namespace ?? []),
  ]);
  const volumes = await Promise.all(
    [...namespaces].map((namespace) => boundVolumes(cluster, namespace)),
  );
  const claims = new Set(
    claiming.filter(({ reference: { kind } }) => kind === "PersistentVolumeClaim")
      .map(({ reference: { namespace, name } }) => `${namespace}/${name}`),
  );
  return volumes.flat().filter(({ claim: { namespace, name, uid } }) =>
    going.includes(namespace) || uids.has(uid) || claims.has(`${namespace}/${name}`) ||
    claiming.some(({ reference }) =>
      reference.kind === "StatefulSet" && reference.namespace === namespace &&
      isClaimOf(reference.name, name)
    )
  );
}

/**
 * Whether a StatefulSet's controller made a claim, by its name.
 *
 * @example
 * ```ts
 * import { isClaimOf } from "./survey.ts";
 * import assert from "node:assert/strict";
 *
 * assert.ok(isClaimOf("cache", "data-cache-0"));
 * assert.ok(!isClaimOf("cache", "data-other-cache-x"));
 * ```
 */
export function isClaimOf(statefulSet: string, claim: string): boolean {
  const [, owner] = /^(.+)-\d+$/.exec(claim) ?? [];
  return owner?.endsWith(`-${statefulSet}`) ?? false;
}

/** The values that were generated; what parameters give is given again. */
async function secretsOf(cluster: Cluster, members: readonly Member[]): Promise<RetainedSecret[]> {
  const generated = members.filter(({ reference, retain }) =>
    retain && reference.kind === "Secret"
  );
  const found = await Promise.all(
    generated.map(async ({ reference, generated }): Promise<RetainedSecret[]> => {
      const { namespace = "", name } = reference;
      const live = await cluster.get(SECRETS, { namespace, name });
      const data = isMap(live?.["data"]) ? live["data"] : {};
      const keys = generated ?? Object.keys(data);
      const kept = keys.flatMap((key) => {
        const value = data[key];
        return typeof value === "string" ? [[key, value] as const] : [];
      });
      if (live === undefined || kept.length === 0) return [];
      const { uid = "", annotations = {} } = live.metadata;
      const rotation = annotations[ANNOTATION.rotation];
      return [{
        namespace,
        name,
        uid,
        annotations: rotation === undefined ? {} : { [ANNOTATION.rotation]: rotation },
        data: Object.fromEntries(kept),
      }];
    }),
  );
  return found.flat();
}

/**
 * Refuses to delete namespaces that hold what somebody else would miss.
 *
 * @throws {ApplyError} `namespace-shared`
 */
export function assertOnlyOurs({ foreign, unseen }: Pick<Survey, "foreign" | "unseen">): void {
  if (foreign.length === 0 && unseen.length === 0) return;
  const there = foreign.length === 0
    ? ""
    : `There are objects that the component did not make: ${foreign.map(describe).join(", ")}`;
  const hidden = unseen.length === 0
    ? ""
    : `These credentials can't see whether there are: ${unseen.join(", ")}`;
  throw new ApplyError(
    "namespace-shared",
    `The namespace can't be deleted. ${[there, hidden].filter(Boolean).join(". ")}`,
    {
      hint:
        "Nothing was deleted. Move or delete what is yours, grant list on what can't be seen, " +
        "or leave the namespace and all that is in it with --keep-namespace.",
    },
  );
}
