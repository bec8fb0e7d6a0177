/** PersistentVolumes: which claim has which, and what becomes of them without it. @module */
import { z } from "zod";
import { CLAIMS, type Cluster, ClusterError, VOLUMES } from "../cluster/mod.ts";
import { ANNOTATION } from "../names.ts";
import type { KubernetesObject } from "../object.ts";
import { ApplyError } from "./errors.ts";
import type { RetainedVolume } from "./retained.ts";

const claimed = z.looseObject({
  spec: z.looseObject({
    resources: z.looseObject({ requests: z.looseObject({ storage: z.unknown() }) }),
  }),
});

/** A claim that asks for as much as the live one, since a volume does not shrink; another object as it is. */
export function withLiveSize(wanted: KubernetesObject, live: KubernetesObject): KubernetesObject {
  if (wanted.kind !== CLAIMS.kind || wanted.apiVersion !== CLAIMS.version) return wanted;
  const [ours, theirs] = [claimed.safeParse(wanted).data, claimed.safeParse(live).data];
  if (ours === undefined || theirs === undefined) return wanted;
  const sized = structuredClone(ours);
  sized.spec.resources.requests.storage = theirs.spec.resources.requests.storage;
  return { ...wanted, spec: sized.spec };
}

/** The controllers of volumes write them several times a second while they bind. */
const TRIES = 8;

const claimSchema = z.object({
  spec: z.looseObject({ volumeName: z.string().optional() }),
  status: z.looseObject({ phase: z.string().optional() }).optional(),
});
const volumeSchema = z.object({
  spec: z.looseObject({
    persistentVolumeReclaimPolicy: z.string().default("Retain"),
    capacity: z.looseObject({ storage: z.string().default("") }).default({ storage: "" }),
    claimRef: z.looseObject({
      namespace: z.string().optional(),
      name: z.string().optional(),
      uid: z.string().optional(),
      resourceVersion: z.string().optional(),
    }).optional(),
  }),
  status: z.looseObject({ phase: z.string().optional() }).optional(),
});

/** What matters of a volume. */
export interface Volume {
  readonly object: KubernetesObject;
  readonly uid: string;
  readonly policy: string;
  /** What it had before a rollback set it to Retain; the same as `policy` where none did. */
  readonly formerPolicy: string;
  readonly capacity: string;
  readonly phase: string;
  readonly claim: {
    readonly namespace?: string | undefined;
    readonly name?: string | undefined;
    readonly uid?: string | undefined;
    readonly resourceVersion?: string | undefined;
  };
}

/** Reads a volume; undefined where there is none. */
export async function readVolume(cluster: Cluster, name: string): Promise<Volume | undefined> {
  const object = await cluster.get(VOLUMES, { name });
  if (object === undefined) return undefined;
  const { spec, status } = volumeSchema.parse(object);
  const policy = spec.persistentVolumeReclaimPolicy;
  return {
    object,
    uid: object.metadata.uid ?? "",
    policy,
    formerPolicy: object.metadata.annotations?.[ANNOTATION.formerReclaimPolicy] ?? policy,
    capacity: spec.capacity.storage,
    phase: status?.phase ?? "",
    claim: spec.claimRef ?? {},
  };
}

/** The name of the volume that a claim asks for or has, and whether it has it. */
export function volumeOf(
  claim: KubernetesObject,
): { readonly volumeName: string | undefined; readonly isBound: boolean } {
  const { spec, status } = claimSchema.parse(claim);
  return { volumeName: spec.volumeName, isBound: status?.phase === "Bound" };
}

/** The volumes of all claims of a namespace. A claim that was never bound holds nothing. */
export async function boundVolumes(
  cluster: Cluster,
  namespace: string,
): Promise<RetainedVolume[]> {
  const claims = await cluster.list(CLAIMS, { namespace });
  const found = await Promise.all(claims.map(async (claim): Promise<RetainedVolume[]> => {
    const { volumeName } = volumeOf(claim);
    if (volumeName === undefined) return [];
    const volume = await readVolume(cluster, volumeName);
    const { name, uid = "", labels = {} } = claim.metadata;
    if (volume === undefined || volume.claim.uid !== uid) return [];
    const { volumeName: _, ...spec } = claimSchema.parse(claim).spec;
    return [{
      claim: { namespace, name, uid, labels, spec },
      name: volumeName,
      uid: volume.uid,
      capacity: volume.capacity,
    }];
  }));
  return found.flat();
}

/**
 * Sets volumes to Retain and reads them back: the deletion of their claims leaves them and their data. Those that are
 * gone, as an earlier rollback may have kept some, are passed over.
 *
 * @throws {ApplyError} `not-retained`
 */
export async function retainVolumes(
  cluster: Cluster,
  volumes: readonly Pick<RetainedVolume, "name" | "uid">[],
): Promise<void> {
  for (const { name, uid } of volumes) {
    await changePolicy(cluster, { name, uid, policy: "Retain" });
    const volume = await readVolume(cluster, name);
    if (volume === undefined || volume.uid !== uid || volume.policy === "Retain") continue;
    throw new ApplyError("not-retained", `PersistentVolume ${name} does not stay at Retain`, {
      place: { object: `PersistentVolume ${name}` },
      hint: "Nothing was deleted. Look who sets its reclaim policy back, and run again.",
    });
  }
}

/**
 * Sets the reclaim policy of a volume. While it is not the volume's own, an annotation holds that. A volume that is
 * gone, or has another UID, is left alone.
 */
export async function changePolicy(
  cluster: Cluster,
  { name, uid, policy }: { readonly name: string; readonly uid: string; readonly policy: string },
): Promise<void> {
  for (let attempt = 1;; attempt++) {
    const volume = await readVolume(cluster, name);
    if (volume === undefined || volume.uid !== uid || volume.policy === policy) return;
    const former = volume.formerPolicy === policy ? null : volume.formerPolicy;
    const { resourceVersion = "" } = volume.object.metadata;
    try {
      await cluster.patch(VOLUMES, { name }, {
        metadata: {
          uid,
          resourceVersion,
          annotations: { [ANNOTATION.formerReclaimPolicy]: former },
        },
        spec: { persistentVolumeReclaimPolicy: policy },
      }, "merge");
      return;
    } catch (error) {
      const moved = error instanceof ClusterError && error.status === 409;
      if (!moved || attempt === TRIES) throw error;
    }
  }
}
