/** Deciding about what lives outside of the cluster's API, and removing it. @module */
import type { Cluster } from "../cluster/mod.ts";
import { messageOf } from "../errors.ts";
import {
  type ExternalObject,
  type ExternalState,
  KindError,
  realizedKinds,
  type Remainder,
} from "../kinds/mod.ts";
import { keyOf, type KubernetesObject } from "../object.ts";
import type { DecideOptions, Decision } from "./decide.ts";
import type { PreparedObject } from "./prepare.ts";
import { contextOf } from "./realize.ts";
import { secretReader } from "./secrets.ts";

/** Decides about one such object; one that can't be asked is a conflict of its own, and stops nothing else. */
export async function decideExternal(
  item: PreparedObject,
  external: ExternalObject,
  { adoption, members }: Pick<DecideOptions, "adoption" | "members">,
): Promise<Decision> {
  const { reference, provenance } = item;
  let found: ExternalState;
  try {
    found = await external.observe();
  } catch (error) {
    if (!(error instanceof KindError)) throw error;
    const { message: reason, hint = "" } = error;
    return {
      item,
      change: { action: "conflict", reference, desired: item, differences: [], reason, hint },
      isBlameless: error.code === "unreachable",
    };
  }
  if (found.state === "absent") {
    return { item, change: { action: "create", reference, desired: item } };
  }
  const unchanged = { action: "unchanged" as const, reference, provenance };
  if (found.state === "out-of-reach") return { item, change: unchanged, postponed: found.reason };
  const live = liveObject(item, found.id);
  const { differences, owner } = found;
  const ours = members.get(keyOf(reference))?.uid === found.id;
  if (ours) {
    return differences.length === 0
      ? { item, live, change: unchanged }
      : { item, live, change: { action: "update", reference, desired: item, live, differences } };
  }
  const reason = owner === undefined ? "It exists, and nobody claims it" : `It belongs to ${owner}`;
  if (adoption === "none" || (adoption === "unowned" && owner !== undefined)) {
    const hint =
      `Let Plumb take it over with --adopt ${
        owner === undefined ? "unowned" : "all"
      } or spec.adoption, ` +
      "or give yours another name.";
    return {
      item,
      change: { action: "conflict", reference, desired: item, differences, reason, hint },
    };
  }
  return {
    item,
    live,
    change: { action: "adopt", reference, desired: item, live, differences, reason },
  };
}

/** The little that the records need of it. */
export function liveObject({ object }: PreparedObject, id: string): KubernetesObject {
  const { apiVersion, kind, metadata: { name, namespace } } = object;
  return {
    apiVersion,
    kind,
    metadata: { name, uid: id, ...(namespace === undefined ? {} : { namespace }) },
  };
}

/**
 * Removes what was made outside of the cluster's API. What can't be asked now stays for later.
 *
 * @returns why it stays, if it does.
 */
export async function removeExternal(
  cluster: Cluster,
  component: string,
  { kind, handle }: { readonly kind: string; readonly handle: Readonly<Record<string, unknown>> },
): Promise<Remainder | undefined> {
  const secrets = secretReader(cluster);
  const context = contextOf([], { cluster, component, namespace: "", secrets });
  try {
    return await realizedKinds.get(kind)?.remove?.(handle, context);
  } catch (error) {
    // A pod that goes while one writes is no reason to end the run.
    return { reason: messageOf(error), later: true };
  }
}
