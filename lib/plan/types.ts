/**
 * The plan as data: what is desired, what was recorded, what lives, and what to do about it.
 * @module
 */
import type { FieldPath } from "../field_path.ts";
import type { KubernetesObject, ObjectMeta, ObjectReference } from "../object.ts";
import type { DesiredObject, Provenance } from "../render/types.ts";

/** Who holds a live field, from `metadata.managedFields`. */
export interface FieldOwner {
  readonly manager: string;
  readonly operation: "Apply" | "Update";
  readonly subresource?: string;
  /** RFC 3339; when the manager last wrote any of its fields. */
  readonly time?: string;
}

/** One field on which Git and the cluster disagree. Values of Secrets are masked. */
export interface FieldDifference {
  readonly path: FieldPath;
  /** `ownership`: the value is right, but somebody else holds the field, so a later change would go unseen. */
  readonly difference: "added" | "changed" | "removed" | "ownership";
  /** Undefined where absent. */
  readonly live: unknown;
  readonly desired: unknown;
  /** Who holds the field now; none for fields that only we hold. */
  readonly owner: FieldOwner | undefined;
}

/** What the last complete run recorded of one object. */
export interface Member {
  readonly reference: ObjectReference;
  /** Version of the API it was applied with. */
  readonly version: string;
  readonly provenance: Provenance;
  /** UID of the live object; absent while it is only known that it will be created. */
  readonly uid?: string;
  /** Keyed hash of the desired object as applied. */
  readonly hash: string;
  /** Hash of our own `fieldsV1` as the API server answered it, and the `time` of that entry. */
  readonly fields?: string;
  readonly time?: string;
  /** Objects whose content went in (the source of a SecretCopy) with the `resourceVersion` that was read. */
  readonly sources?: readonly {
    readonly reference: ObjectReference;
    readonly resourceVersion: string;
  }[];
  /** Never pruned: what it holds can't be made again. */
  readonly retain?: boolean;
  /** Of a Secret that is retained, the keys that can't be made again. */
  readonly generated?: readonly string[];
  /** The component made it; otherwise it was there before, or nobody knows. */
  readonly created?: boolean;
  /** Kubernetes removes it some time after it has finished, as its `ttlSecondsAfterFinished` says. */
  readonly expires?: boolean;
  /** 0-based wave in which it was applied: it is deleted before those of earlier waves. */
  readonly wave?: number;
  /** For what lives outside of the cluster's API: how its kind finds it again. */
  readonly handle?: Readonly<Record<string, unknown>>;
}

/** What a metadata-only list tells of a live object. */
export interface LiveMetadata {
  readonly reference: ObjectReference;
  readonly metadata: ObjectMeta;
}

/** One line of a plan. `provenance` is where Git says so. */
export type Change =
  | {
    readonly action: "create";
    readonly reference: ObjectReference;
    readonly desired: DesiredObject;
  }
  | {
    readonly action: "update" | "adopt";
    readonly reference: ObjectReference;
    readonly desired: DesiredObject;
    readonly live: KubernetesObject;
    readonly differences: readonly FieldDifference[];
    /** For adopt: who had it before. */
    readonly reason?: string;
  }
  | {
    readonly action: "replace";
    readonly reference: ObjectReference;
    readonly desired: DesiredObject;
    readonly live: KubernetesObject;
    readonly differences: readonly FieldDifference[];
    /** Which immutable field, in the API server's words. */
    readonly reason: string;
  }
  | {
    readonly action: "delete";
    readonly reference: ObjectReference;
    readonly version: string;
    readonly uid: string;
    readonly provenance: Provenance | undefined;
    readonly wave: number | undefined;
    readonly handle?: Readonly<Record<string, unknown>>;
    readonly reason: string;
  }
  | {
    readonly action: "conflict";
    readonly reference: ObjectReference;
    readonly desired: DesiredObject;
    readonly differences: readonly FieldDifference[];
    readonly reason: string;
    readonly hint: string;
  }
  | {
    readonly action: "unchanged";
    readonly reference: ObjectReference;
    readonly provenance: Provenance | undefined;
  };

/** Changes grouped by when they may happen: each wave starts when the one before is healthy. */
export interface Plan {
  /** Creates, updates, adoptions, replacements and conflicts, in order of dependence. */
  readonly waves: readonly (readonly Change[])[];
  /** Deletions, in reverse order of dependence. */
  readonly prune: readonly (readonly Extract<Change, { action: "delete" }>[])[];
  readonly unchanged: readonly Extract<Change, { action: "unchanged" }>[];
}
