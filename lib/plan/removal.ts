/** What a rollback removes, and what it leaves. @module */
import { ANNOTATION, APPLYSET } from "../names.ts";
import { keyOf, type ObjectReference } from "../object.ts";
import { type Deletion, isShared } from "./prune.ts";
import type { LiveMetadata, Member } from "./types.ts";

/** What a rollback is to do with the objects of a component. */
export interface Removal {
  /** All but namespaces. */
  readonly delete: readonly Deletion[];
  /** They go last, with the claims and generated secrets that are left in them. */
  readonly namespaces: readonly Deletion[];
  /** They stay in the cluster. */
  readonly kept: readonly { readonly reference: ObjectReference; readonly reason: string }[];
}

/** What deciding needs to know. */
export interface RemovalContext {
  /** Live objects by {@link keyOf}. */
  readonly live: ReadonlyMap<string, LiveMetadata>;
  /** Our ApplySet id. */
  readonly applySet: string;
  /** Leave namespaces and what else is in them. */
  readonly keepNamespace: boolean;
  /** Whether an object outside of the cluster's API serves others, too. */
  readonly isSharedOutside: (member: Member) => boolean;
}

/**
 * Decides about all members of a component. Only the very object that was recorded (same UID) and that carries our
 * label goes. A namespace goes only if the component made it; what holds data goes only with its namespace, after it
 * was kept elsewhere.
 */
export function planRemoval(members: readonly Member[], context: RemovalContext): Removal {
  const deletions: Deletion[] = [];
  const namespaces: Deletion[] = [];
  const kept: Removal["kept"][number][] = [];
  const stays = (member: Member) => {
    const reason = keepReason(member, context, namespaces);
    if (reason !== undefined && reason !== "") kept.push({ reference: member.reference, reason });
    return reason !== undefined;
  };
  for (const member of members.filter(isNamespace)) {
    if (!stays(member)) namespaces.push(deletion(member, context));
  }
  for (const member of members.filter((one) => !isNamespace(one))) {
    if (!stays(member)) deletions.push(deletion(member, context));
  }
  return { delete: deletions, namespaces, kept };
}

function isNamespace({ reference: { kind, group } }: Member): boolean {
  return kind === "Namespace" && group === "";
}

function deletion(member: Member, { live }: RemovalContext): Deletion {
  const { reference, version, provenance, wave, handle, created } = member;
  return {
    action: "delete",
    reference,
    version,
    uid: live.get(keyOf(reference))?.metadata.uid ?? member.uid ?? "",
    provenance,
    wave,
    ...(handle === undefined ? {} : { handle }),
    reason: created ? "" : "it was there before the component, which took it over",
  };
}

/** Why a member is not deleted by itself; the empty text if there is nothing to say about it. */
function keepReason(
  member: Member,
  context: RemovalContext,
  namespaces: readonly Deletion[],
): string | undefined {
  const { reference, handle, created, uid } = member;
  if (handle !== undefined) {
    return !created && context.isSharedOutside(member)
      ? "it was there before the component"
      : undefined;
  }
  const living = context.live.get(keyOf(reference));
  if (living === undefined) return "";
  const { metadata } = living;
  const isRecorded = uid === undefined || uid === metadata.uid;
  if (!isRecorded || metadata.labels?.[APPLYSET.partOf] !== context.applySet) {
    return "somebody else made it, or took the component's label off";
  }
  if (metadata.annotations?.[ANNOTATION.prune] === "disabled") {
    return `its annotation ${ANNOTATION.prune} says so`;
  }
  return isNamespace(member)
    ? namespaceReason(member, context)
    : dataReason(member, namespaces.some((gone) => gone.reference.name === reference.namespace));
}

function namespaceReason(
  { reference: { name }, created }: Member,
  { keepNamespace }: RemovalContext,
): string | undefined {
  if (isShared(name)) return "the namespace is shared";
  if (!created) return "it was there before the component, as far as is recorded";
  return keepNamespace ? "--keep-namespace says so" : undefined;
}

function dataReason({ reference, retain }: Member, goesWithNamespace: boolean): string | undefined {
  const { kind, group } = reference;
  if (kind === "PersistentVolume" && group === "") return "it holds data";
  const isClaim = kind === "PersistentVolumeClaim" && group === "";
  if (!isClaim && !retain) return undefined;
  if (goesWithNamespace) return "";
  return isClaim ? "it holds data" : "it holds generated values that can't be made again";
}
