/** What may be deleted because Git dropped it. @module */
import { ANNOTATION, APPLYSET, SYSTEM_NAMESPACE } from "../names.ts";
import { keyOf, type ObjectReference } from "../object.ts";
import { PlanError } from "./errors.ts";
import type { Change, LiveMetadata, Member } from "./types.ts";

/** A planned deletion. */
export type Deletion = Extract<Change, { action: "delete" }>;

/** What becomes of the members that Git no longer has. */
export interface Dropped {
  readonly delete: readonly Deletion[];
  /** They stay in the cluster and in the inventory. */
  readonly kept: readonly { readonly member: Member; readonly reason: string }[];
}

/** Whether a namespace is the cluster's own, or Plumb's. */
export function isShared(namespace: string): boolean {
  return SHARED_NAMESPACES.has(namespace);
}

/** Kinds that hold what can't be made again. */
const DATA: ReadonlySet<string> = new Set(["PersistentVolumeClaim", "PersistentVolume"]);
const SHARED_NAMESPACES: ReadonlySet<string> = new Set([
  "default",
  "kube-system",
  "kube-public",
  "kube-node-lease",
  SYSTEM_NAMESPACE,
]);

/**
 * Decides about members that Git no longer has. Only the very object that the inventory lists (same UID) and that
 * carries our label is deleted; what holds data stays.
 *
 * @param members those that Git dropped.
 */
export function dropMembers(
  members: readonly Member[],
  { live, applySet, desired }: {
    readonly live: ReadonlyMap<string, LiveMetadata>;
    /** Our ApplySet id. */
    readonly applySet: string;
    readonly desired: readonly ObjectReference[];
  },
): Dropped {
  const occupied = new Set(
    [...live.values()].map(({ reference }) => reference).concat(desired)
      .flatMap(({ namespace }) => namespace === undefined ? [] : [namespace]),
  );
  const deletions: Deletion[] = [];
  const kept: Dropped["kept"][number][] = [];
  for (const member of members) {
    const living = live.get(keyOf(member.reference));
    // Gone already, and so is its record.
    if (living === undefined) continue;
    const { metadata } = living;
    if (member.uid !== undefined && member.uid !== metadata.uid) continue;
    if (metadata.labels?.[APPLYSET.partOf] !== applySet) continue;
    const reason = keepReason(member, living, occupied);
    if (reason !== undefined) kept.push({ member, reason });
    else if (metadata.uid !== undefined) deletions.push(deletion(member, metadata.uid));
  }
  return { delete: deletions, kept };
}

function deletion({ reference, version, provenance, wave }: Member, uid: string): Deletion {
  return {
    action: "delete",
    reference,
    version,
    uid,
    provenance,
    wave,
    reason: "it is no longer in Git",
  };
}

function keepReason(
  { reference, retain }: Member,
  { metadata }: LiveMetadata,
  occupied: ReadonlySet<string>,
): string | undefined {
  const { kind, name, group } = reference;
  if (DATA.has(kind) && group === "") return "it holds data";
  if (retain) return "it holds generated values that can't be made again";
  if (metadata.annotations?.[ANNOTATION.prune] === "disabled") {
    return `its annotation ${ANNOTATION.prune} says so`;
  }
  if (kind !== "Namespace" || group !== "") return undefined;
  if (isShared(name)) return "the namespace is shared";
  return occupied.has(name) ? "the namespace is not empty" : undefined;
}

/** Fewer members than this may all go: a small component that changes shape is no accident. */
const SMALL = 10;

/**
 * Refuses a desired state that lost everything, or most of what there was: rather an accident than a wish.
 *
 * @throws {PlanError} `render-shrank`
 */
export function guardShrinking(
  { members, dropped, desired }: {
    readonly members: number;
    readonly dropped: number;
    readonly desired: number;
  },
): void {
  const emptied = desired === 0 && members > 0;
  if (!emptied && (members < SMALL || dropped * 2 <= members)) return;
  throw new PlanError(
    "render-shrank",
    emptied
      ? `Git has no object any more, the component has ${members}`
      : `Git dropped ${dropped} of ${members} objects`,
    {
      hint: "Nothing was changed. Look whether the path and the manifests are right. " +
        "If they are meant to go, say so with --yes.",
    },
  );
}
