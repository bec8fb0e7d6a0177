/**
 * Decides what to do about each object that the records do not settle, by asking the API server for a dry run.
 * @module
 */
import { type Cluster, ClusterError } from "../cluster/mod.ts";
import type { FieldRule } from "../component/mod.ts";
import { valueAt } from "../field_path.ts";
import { APPLYSET, FIELD_MANAGER } from "../names.ts";
import { keyOf, type KubernetesObject } from "../object.ts";
import {
  addedFields,
  type AdoptionPolicy,
  applyRules,
  applyRulesToRemoved,
  type Change,
  compareObjects,
  type FieldDifference,
  isEqual,
  leftoverDifferences,
  type Member,
  previousOwner,
} from "../plan/mod.ts";
import { applySetId } from "./inventory.ts";
import type { Observation } from "./observe.ts";
import type { PreparedObject } from "./prepare.ts";
import { withLiveSize } from "./volumes.ts";
import { decideExternal } from "./external.ts";
import {
  immutableDifferences,
  isImmutable,
  proveReplacement,
  replacementRefusal,
} from "./replace.ts";

/** What deciding needs to know. */
export interface DecideOptions {
  readonly component: string;
  readonly adoption: AdoptionPolicy;
  readonly rules: readonly FieldRule[];
  /** What differs is going to be proposed to Git. */
  readonly proposing: boolean;
  readonly members: ReadonlyMap<string, Member>;
  /** Back to a revision that was good: what can't be taken back stays. */
  readonly isWayBack: boolean;
  /** Dry-run objects that don't exist yet, too: for a report that nothing follows. */
  readonly proveCreations: boolean;
}

/** A change, with the object to apply: what Git wants, less the fields that stay as they live. */
export interface Decision {
  readonly change: Change;
  readonly item: PreparedObject;
  /** The live object as it was compared; absent for creations. */
  readonly live?: KubernetesObject | undefined;
  /** What stands against it is in the cluster, not in Git. */
  readonly isBlameless?: boolean;
  /** What a later run is left to do, and why. */
  readonly postponed?: string;
  /** When proposing: fields that people added and Git doesn't set. */
  readonly added?: readonly FieldDifference[];
  /** Fields that differ, and stay as they live until a proposal settles them. */
  readonly toPropose?: readonly FieldDifference[];
  /** Fields that differ, and stay as they live for now, since somebody sets them back each time. */
  readonly backedOff?: readonly FieldDifference[];
  /** The object stays deleted for now, since somebody deletes it each time. */
  readonly leftDeleted?: boolean;
}

/**
 * Decides about one object.
 *
 * @throws {ClusterError} when the API server can't be asked; a refusal of the object itself is a `conflict`.
 */
export async function decide(
  cluster: Cluster,
  item: PreparedObject,
  observation: Observation,
  options: DecideOptions,
): Promise<Decision> {
  if (item.external !== undefined) return await decideExternal(item, item.external, options);
  const unseen = observation.refusalOf(item);
  if (unseen !== undefined) return refusal(item, unseen);
  const lives = observation.live.has(keyOf(item.reference));
  const object = lives ? await readLive(cluster, item) : undefined;
  if (object instanceof ClusterError) return refusal(item, object);
  if (object === undefined) {
    return options.proveCreations ? await proveCreation(cluster, item) : creation(item);
  }
  if (object.metadata.deletionTimestamp !== undefined) return terminating(item, object);
  const foreign = isOurs(item, object, options) ? undefined : adoptionOf(object, options);
  if (foreign?.refused) return conflict(item, foreign.reason, foreign.hint);

  const rules = { ...options, manager: FIELD_MANAGER };
  const { object: ruled, toPropose, stopped } = applyRules(item.object, object, rules);
  const wanted = options.isWayBack ? withLiveSize(ruled, object) : ruled;
  if (stopped.length > 0) return stop(item, stopped);
  const applied: PreparedObject = { ...item, object: wanted };
  let predicted: KubernetesObject;
  try {
    predicted = await cluster.apply(item.resource, wanted, { dryRun: true });
  } catch (error) {
    if (isImmutable(error)) return await replacement(cluster, applied, object, error);
    if (isRefusal(error)) return refusal(item, error);
    throw error;
  }
  const compared = compareObjects({
    desired: wanted,
    live: object,
    predicted,
    manager: FIELD_MANAGER,
  });
  if (foreign !== undefined) {
    const { adoption: policy } = options;
    const more = await leftovers(cluster, applied, { live: object, predicted, policy });
    const { reason } = foreign;
    const differences = [...compared, ...more];
    const { reference } = item;
    const change = { reference, desired: applied, live: object, differences, reason };
    return { item: applied, live: object, toPropose, change: { action: "adopt", ...change } };
  }
  const isAsApplied = options.members.get(keyOf(item.reference))?.hash === item.hash;
  const removed = applyRulesToRemoved(wanted, compared, isAsApplied ? rules : NO_RULES);
  if (removed.stopped.length > 0) return stop(item, removed.stopped);
  const decision = update({ ...item, object: removed.object }, object, {
    differences: removed.differences,
    toPropose: [...toPropose, ...removed.toPropose],
  });
  return options.proposing
    ? { ...decision, added: addedFields(item.object, object, rules) }
    : decision;
}

const NO_RULES = { rules: [], manager: FIELD_MANAGER, proposing: false };

function update(
  item: PreparedObject,
  live: KubernetesObject,
  { differences, toPropose }: {
    readonly differences: readonly FieldDifference[];
    readonly toPropose: readonly FieldDifference[];
  },
): Decision {
  const { reference, provenance } = item;
  const change: Change = differences.length === 0
    ? { action: "unchanged", reference, provenance }
    : { action: "update", reference, desired: item, live, differences };
  return { item, live, toPropose, change };
}

/** The whole live object; what may not be read is a refusal of this object, not of the run. */
async function readLive(
  cluster: Cluster,
  item: PreparedObject,
): Promise<KubernetesObject | ClusterError | undefined> {
  try {
    return await cluster.get(item.resource, item.reference);
  } catch (error) {
    if (isRefusal(error)) return error;
    throw error;
  }
}

function creation(item: PreparedObject): Decision {
  return { item, change: { action: "create", reference: item.reference, desired: item } };
}

/** A creation that the API server would accept, or that can't be tried yet since its namespace or kind is to come. */
async function proveCreation(cluster: Cluster, item: PreparedObject): Promise<Decision> {
  try {
    await cluster.apply(item.resource, item.object, { dryRun: true });
  } catch (error) {
    if (isRefusal(error) && error.status !== 404) return refusal(item, error);
    if (!isRefusal(error)) throw error;
  }
  return creation(item);
}

function conflict(
  item: PreparedObject,
  reason: string,
  hint: string,
  differences: readonly FieldDifference[] = [],
): Decision {
  const { reference } = item;
  return {
    item,
    change: { action: "conflict", reference, desired: item, differences, reason, hint },
  };
}

function terminating(item: PreparedObject, live: KubernetesObject): Decision {
  const { deletionTimestamp, finalizers = [] } = live.metadata;
  const held = finalizers.length === 0 ? "" : `, held by ${finalizers.join(", ")}`;
  const reason = `It is being deleted since ${deletionTimestamp}${held}`;
  const hint = "Run again when it is gone; what holds it must remove its finalizer.";
  return { ...conflict(item, reason, hint), isBlameless: true };
}

function stop(item: PreparedObject, stopped: readonly FieldDifference[]): Decision {
  const managers = [...new Set(stopped.map(({ owner }) => owner?.manager ?? "somebody"))];
  const reason = `${managers.join(", ")} set fields that component.yaml says to stop at`;
  const hint =
    "Settle who owns them: change Git, or remove the live value, or change the rule in spec.fields.";
  return { ...conflict(item, reason, hint, stopped), isBlameless: true };
}

/** Ours is what the inventory lists with this UID, or what still carries our label after the inventory was lost. */
function isOurs(item: PreparedObject, live: KubernetesObject, options: DecideOptions): boolean {
  const member = options.members.get(keyOf(item.reference));
  if (member?.uid !== undefined && member.uid === live.metadata.uid) return true;
  return live.metadata.labels?.[APPLYSET.partOf] === applySetId(options.component);
}

/** Whether an object that is not ours may be taken over. */
function adoptionOf(
  live: KubernetesObject,
  { adoption, component }: DecideOptions,
): { readonly refused: boolean; readonly reason: string; readonly hint: string } {
  const owner = previousOwner(live.metadata, applySetId(component));
  const reason = owner === undefined
    ? "It exists, and no tool claims it"
    : `It belongs to ${owner}`;
  const refused = adoption === "none" || (adoption === "unowned" && owner !== undefined);
  return {
    refused,
    reason,
    hint: refused
      ? `Let Plumb take it over with --adopt ${
        owner === undefined ? "unowned" : "all"
      } or spec.adoption, ` +
        "or give yours another name."
      : "",
  };
}

/** What an adoption removes. Fields that the API server sets again by itself, to the same value, are not among it. */
async function leftovers(
  cluster: Cluster,
  item: PreparedObject,
  { live, predicted, policy }: {
    readonly live: KubernetesObject;
    readonly predicted: KubernetesObject;
    readonly policy: AdoptionPolicy;
  },
): Promise<FieldDifference[]> {
  const removed = leftoverDifferences(live, predicted, { policy, manager: FIELD_MANAGER });
  const fresh = removed.length === 0 ? undefined : await ifNew(cluster, item);
  return removed.filter(({ path }) => !isEqual(valueAt(fresh, path), valueAt(live, path)));
}

/** The object as it would be if it were new: a dry run under a name that nobody has. Undefined where it is refused. */
async function ifNew(
  cluster: Cluster,
  { resource, object }: PreparedObject,
): Promise<KubernetesObject | undefined> {
  const name = `plumb-${crypto.randomUUID().slice(0, 8)}`;
  const renamed = { ...object, metadata: { ...object.metadata, name } };
  try {
    return await cluster.apply(resource, renamed, { dryRun: true });
  } catch (error) {
    if (isRefusal(error)) return undefined;
    throw error;
  }
}

async function replacement(
  cluster: Cluster,
  item: PreparedObject,
  live: KubernetesObject,
  refused: ClusterError,
): Promise<Decision> {
  const refusalToReplace = replacementRefusal(item);
  const reason = wordsOf(refused);
  if (refusalToReplace !== undefined) {
    return conflict(item, `${refusalToReplace.reason}: ${reason}`, refusalToReplace.hint);
  }
  try {
    await proveReplacement(cluster, item);
  } catch (error) {
    if (isRefusal(error)) return refusal(item, error);
    throw error;
  }
  return {
    item,
    live,
    change: {
      action: "replace",
      reference: item.reference,
      desired: item,
      live,
      differences: immutableDifferences(item, live, refused),
      reason,
    },
  };
}

/** An answer about the object itself, as opposed to a failure to ask. */
function isRefusal(error: unknown): error is ClusterError {
  return error instanceof ClusterError && error.isRefusal;
}

function refusal(item: PreparedObject, error: ClusterError): Decision {
  return conflict(
    item,
    wordsOf(error),
    error.hint ?? `Change it at ${item.provenance.file}:${item.provenance.line}.`,
  );
}

/** The API server's reason without the part that repeats which object it is about. */
function wordsOf(error: ClusterError): string {
  const causes = error.causes.map(({ field, message }) => field ? `${field}: ${message}` : message);
  return causes.length > 0 ? causes.join("; ") : error.message;
}
