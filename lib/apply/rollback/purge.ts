/** Deletes data for good: the only way in which Plumb does. @module */
import { setTimeout as delay } from "node:timers/promises";
import { CLAIMS, type Cluster, ClusterError, SECRETS, VOLUMES } from "../../cluster/mod.ts";
import type { Emit } from "../../event.ts";
import {} from "../inventory.ts";
import type { Lease } from "../lease.ts";
import {
  isEmpty,
  readRetained,
  removeRetained,
  type Retained,
  type RetainedVolume,
  writeRetained,
} from "../retained.ts";
import { changePolicy, readVolume } from "../volumes.ts";
import { volumeInWords } from "./told.ts";

/** How to delete. */
export interface PurgeOptions {
  readonly lease: Lease;
  /** For one volume, in milliseconds. */
  readonly timeout: number;
  readonly emit: Emit;
  readonly signal?: AbortSignal | undefined;
}

const POLL_MILLISECONDS = 300;

/** What a deletion of data would take, and the volumes that stay since whoever made their class wants it so. */
export async function lossOf(
  cluster: Cluster,
  retained: Retained,
): Promise<{ readonly lost: Retained; readonly staying: readonly RetainedVolume[] }> {
  const policies = await Promise.all(
    retained.volumes.map(async ({ name }) => (await readVolume(cluster, name))?.formerPolicy),
  );
  const stays = (index: number) => policies[index] !== undefined && policies[index] !== "Delete";
  return {
    lost: { ...retained, volumes: retained.volumes.filter((_, index) => !stays(index)) },
    staying: retained.volumes.filter((_, index) => stays(index)),
  };
}

/**
 * Deletes what is kept of a component: claims and Secrets that are left, volumes, and the record.
 *
 * @returns how many volumes are still there.
 */
export async function purge(
  cluster: Cluster,
  kept: Retained,
  options: PurgeOptions,
): Promise<number> {
  const { lease, emit, signal } = options;
  for (const { namespace, name, uid } of kept.secrets) {
    signal?.throwIfAborted();
    lease.assertHeld();
    await deleteIfSame(cluster, SECRETS, { namespace, name, uid });
  }
  const left: RetainedVolume[] = [];
  for (const volume of kept.volumes) {
    signal?.throwIfAborted();
    lease.assertHeld();
    await deleteIfSame(cluster, CLAIMS, volume.claim);
    const obstacle = await purgeVolume(cluster, volume, options);
    if (obstacle === undefined) {
      emit({ type: "change", action: "delete", object: referenceOf(volume), result: "done" });
      continue;
    }
    if (obstacle.later) left.push(volume);
    emit({ type: "warning", message: `${volumeInWords(volume)} stays: ${obstacle.reason}` });
  }
  const stored = await readRetained(cluster, kept.component);
  if (stored === undefined) return left.length;
  const rest = { ...stored.retained, secrets: [], volumes: left };
  if (isEmpty(rest)) await removeRetained(cluster, kept.component);
  else await writeRetained(cluster, rest, stored.resourceVersion);
  return left.length;
}

function referenceOf({ name }: RetainedVolume) {
  return { group: "", kind: "PersistentVolume", name };
}

/** In a namespace that stays, claims and Secrets live on. */
async function deleteIfSame(
  cluster: Cluster,
  resource: typeof CLAIMS,
  { namespace, name, uid }: { namespace: string; name: string; uid: string },
): Promise<void> {
  try {
    await cluster.delete(resource, { namespace, name }, { uid });
  } catch (error) {
    // It is another one by now, and so none of ours.
    if (!(error instanceof ClusterError && error.status === 409)) throw error;
  }
}

/** Lets the volume's provisioner delete it with its data. @returns why it stays, if it does. */
async function purgeVolume(
  cluster: Cluster,
  kept: RetainedVolume,
  { timeout, emit, signal, lease }: PurgeOptions,
): Promise<{ readonly reason: string; readonly later: boolean } | undefined> {
  const { name, uid, claim } = kept;
  const end = performance.now() + timeout;
  let told = "";
  for (let asked = false;;) {
    signal?.throwIfAborted();
    const volume = await readVolume(cluster, name);
    if (volume === undefined || volume.uid !== uid) return undefined;
    const isOurs = volume.claim.namespace === claim.namespace && volume.claim.name === claim.name &&
      (volume.claim.uid === undefined || volume.claim.uid === claim.uid);
    if (!isOurs) return { reason: "another claim has it now", later: false };
    if (volume.formerPolicy !== "Delete") {
      return { reason: `its reclaim policy is ${volume.formerPolicy}`, later: false };
    }
    if (!asked && volume.phase !== "Bound") {
      lease.assertHeld();
      // A volume without its old claim's UID waits for a new claim, and would not be reclaimed.
      if (volume.claim.uid === undefined) {
        const claimRef = { claimRef: { uid: claim.uid } };
        await cluster.patch(VOLUMES, { name }, { metadata: { uid }, spec: claimRef }, "merge");
      }
      await changePolicy(cluster, { name, uid, policy: "Delete" });
      asked = true;
    }
    const message = `${volume.phase || "not reclaimed yet"}${messageIn(volume.object["status"])}`;
    if (performance.now() > end) {
      emit({ type: "health", object: referenceOf(kept), status: "failed", message });
      return { reason: `it is still there: ${message}`, later: true };
    }
    if (message !== told) {
      told = message;
      emit({ type: "health", object: referenceOf(kept), status: "terminating", message });
    }
    await delay(POLL_MILLISECONDS);
  }
}

function messageIn(status: unknown): string {
  const message = typeof status === "object" && status !== null && "message" in status
    ? status.message
    : undefined;
  return typeof message === "string" && message !== "" ? `, ${message}` : "";
}
