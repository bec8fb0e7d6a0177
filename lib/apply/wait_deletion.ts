/** Waits until objects are gone, and says what holds them. @module */
import { setTimeout as delay } from "node:timers/promises";
import type { Cluster } from "../cluster/mod.ts";
import { keyOf, type ObjectReference } from "../object.ts";
import { observe, type Target } from "./observe.ts";
import { remainsOf } from "./remains.ts";
import type { WaitOptions } from "./wait.ts";

const POLL_MILLISECONDS = 300;

/** Whether an object is gone. */
export interface DeletionResult {
  readonly reference: ObjectReference;
  readonly gone: boolean;
}

/**
 * Waits until objects are really gone, and explains what holds those that stay.
 *
 * @param targets `uid`: an object of the same name with another UID is a new one, and the old one is gone.
 */
export async function waitForDeletion(
  cluster: Cluster,
  targets: readonly (Target & { readonly uid: string })[],
  { timeout, onChange, signal, explain }: WaitOptions & {
    /** What else to tell of an object that is not gone in time, line by line. */
    readonly explain?: (reference: ObjectReference) => Promise<readonly string[]>;
  },
): Promise<DeletionResult[]> {
  const deadline = performance.now() + timeout;
  const listed = await stillListed(cluster, targets);
  return await Promise.all(targets.map(async (target) => {
    const { resource, reference, uid } = target;
    if (!listed.has(target)) return { reference, gone: true };
    let told = "";
    for (;;) {
      signal?.throwIfAborted();
      const live = await cluster.get(resource, reference);
      if (live === undefined || live.metadata.uid !== uid) {
        if (told !== "") onChange?.({ object: reference, status: "current", message: "is gone" });
        return { reference, gone: true };
      }
      const remains = remainsOf(live);
      const late = performance.now() > deadline;
      if (remains !== told || late) {
        told = remains;
        onChange?.({
          object: reference,
          status: late ? "failed" : "terminating",
          message: remains,
          ...(late && explain !== undefined ? { evidence: await explain(reference) } : {}),
        });
      }
      if (late) return { reference, gone: false };
      await delay(POLL_MILLISECONDS);
    }
  }));
}

/** So many are asked for one by one; of more, most are gone at once, and a list tells which. */
const FEW = 10;

async function stillListed<Deleted extends Target & { readonly uid: string }>(
  cluster: Cluster,
  targets: readonly Deleted[],
): Promise<ReadonlySet<Deleted>> {
  if (targets.length <= FEW) return new Set(targets);
  const { live, refusalOf } = await observe(cluster, targets);
  return new Set(targets.filter((target) =>
    refusalOf(target) !== undefined ||
    live.get(keyOf(target.reference))?.metadata.uid === target.uid
  ));
}
