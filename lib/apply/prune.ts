/**
 * Removes what Git no longer has.
 * @module
 */
import type { Cluster } from "../cluster/mod.ts";
import type { Emit } from "../event.ts";
import { messageOf } from "../errors.ts";
import { keyOf, type ObjectReference } from "../object.ts";
import type { Change } from "../plan/mod.ts";
import { ApplyError } from "./errors.ts";
import { endsTheRun } from "./execute.ts";
import { removeExternal } from "./external.ts";
import type { Lease } from "./lease.ts";
import type { Target } from "./observe.ts";
import { forEachLimited } from "./pool.ts";
import { waitForDeletion } from "./wait_deletion.ts";

/** A planned deletion. */
export type Deletion = Extract<Change, { action: "delete" }>;

const DELETIONS_AT_ONCE = 16;

/** How to prune. */
export interface PruneOptions {
  /** Name of the component. */
  readonly component: string;
  readonly lease: Lease;
  readonly targets: ReadonlyMap<string, Target>;
  readonly wait: boolean;
  /** For one wave, in milliseconds. */
  readonly timeout: number;
  readonly emit: Emit;
  readonly signal?: AbortSignal | undefined;
  /** What else to tell of an object that is not gone in time, line by line. */
  readonly explain?: (reference: ObjectReference) => Promise<readonly string[]>;
}

/**
 * Deletes waves of objects, each guarded by its UID, and waits until they are gone.
 *
 * @returns keys of what could not be deleted or is not gone yet, and so stays in the inventory.
 */
export async function prune(
  cluster: Cluster,
  waves: readonly (readonly Deletion[])[],
  options: PruneOptions,
): Promise<ReadonlySet<string>> {
  const left = new Set<string>();
  for (const wave of waves) {
    options.signal?.throwIfAborted();
    const deleted: Deletion[] = [];
    await forEachLimited(wave, DELETIONS_AT_ONCE, async (change) => {
      options.signal?.throwIfAborted();
      options.lease.assertHeld();
      if (await deleteOne(cluster, change, options)) deleted.push(change);
      else left.add(keyOf(change.reference));
    });
    if (!options.wait || deleted.length === 0) continue;
    const results = await waitForDeletion(
      cluster,
      deleted.flatMap(({ reference, uid }) => {
        const target = options.targets.get(keyOf(reference));
        return target === undefined ? [] : [{ resource: target.resource, reference, uid }];
      }),
      {
        timeout: options.timeout,
        onChange: (report) => options.emit({ type: "health", ...report }),
        ...(options.signal === undefined ? {} : { signal: options.signal }),
        ...(options.explain === undefined ? {} : { explain: options.explain }),
      },
    );
    for (const { reference, gone } of results) if (!gone) left.add(keyOf(reference));
  }
  return left;
}

async function deleteOne(
  cluster: Cluster,
  { reference, uid, handle }: Deletion,
  { targets, emit, signal, component }: PruneOptions,
): Promise<boolean> {
  const target = targets.get(keyOf(reference));
  try {
    if (handle !== undefined) {
      const { kind } = reference;
      const stays = await removeExternal(cluster, component, { kind, handle });
      if (stays !== undefined) throw new ApplyError("outside-stays", `It stays: ${stays.reason}`);
    } else if (target !== undefined) {
      await cluster.delete(target.resource, reference, { uid, propagation: "Background" });
    }
    emit({ type: "change", action: "delete", object: reference, result: "done" });
    return true;
  } catch (error) {
    if (endsTheRun(error, signal)) throw error;
    emit({
      type: "change",
      action: "delete",
      object: reference,
      result: "failed",
      message: messageOf(error),
    });
    return false;
  }
}
