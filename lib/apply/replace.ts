/**
 * Replaces an object whose immutable field changed: the new one is proven before the old one goes.
 * @module
 */
import { randomBytes } from "node:crypto";
import { type Cluster, ClusterError } from "../cluster/mod.ts";
import { isMap } from "../field_path.ts";
import { ANNOTATION } from "../names.ts";
import type { KubernetesObject } from "../object.ts";
import { type FieldDifference, maskObject } from "../plan/mod.ts";
import { ApplyError } from "./errors.ts";
import type { PreparedObject } from "./prepare.ts";
import { waitForDeletion } from "./wait_deletion.ts";

/** Kinds that hold data or objects of others: they are never deleted to change a field. */
const NEVER_REPLACED: ReadonlySet<string> = new Set([
  "PersistentVolumeClaim",
  "PersistentVolume",
  "Namespace",
  "CustomResourceDefinition",
]);

/** Whether an object may be deleted and created anew, or why not and what to do instead. */
export function replacementRefusal(
  { object }: PreparedObject,
): { readonly reason: string; readonly hint: string } | undefined {
  if (NEVER_REPLACED.has(object.kind)) {
    return {
      reason:
        `A ${object.kind} is never deleted to change a field, since what it holds would go with it`,
      hint: "Take the change back in Git, or move the data to a new object under another name.",
    };
  }
  if (object.metadata.annotations?.[ANNOTATION.replace] !== "allowed") {
    return {
      reason: "The field can't be changed on a living object",
      hint: `Take the change back in Git, or set the annotation ${ANNOTATION.replace}: allowed, ` +
        "and the object is deleted and created anew.",
    };
  }
  return undefined;
}

/**
 * Whether the API server refused an update because a field is immutable, rather than because it is wrong.
 *
 * Validation and immutability both answer 422, so the words decide, as the validation code of Kubernetes writes
 * them; a misreading costs nothing, since {@link proveReplacement} comes before any deletion.
 */
export function isImmutable(error: unknown): error is ClusterError {
  if (!(error instanceof ClusterError) || error.status !== 422) return false;
  const texts = [error.message, ...error.causes.map((cause) => cause.message)];
  return texts.some((text) =>
    /immutable|may not (be changed|be updated|change once set)|updates to .* forbidden/i.test(text)
  );
}

/**
 * Dry-runs the creation of a replacement under a name that nobody uses.
 *
 * @throws {ClusterError} when the API server would refuse it.
 */
export async function proveReplacement(cluster: Cluster, item: PreparedObject): Promise<void> {
  const suffix = `-${randomBytes(3).toString("hex")}`;
  const name = item.object.metadata.name.slice(0, 52) + suffix;
  const trial: KubernetesObject = {
    ...item.object,
    metadata: { ...item.object.metadata, name },
  };
  await cluster.apply(item.resource, trial, { dryRun: true });
}

/**
 * Deletes the old object, waits until it is really gone, and applies the new one.
 *
 * @throws {ApplyError} `not-gone`
 */
export async function replace(
  cluster: Cluster,
  item: PreparedObject,
  live: KubernetesObject,
  options: { readonly timeout: number; readonly signal?: AbortSignal | undefined },
): Promise<KubernetesObject> {
  await proveReplacement(cluster, item);
  const { uid } = live.metadata;
  await cluster.delete(item.resource, item.reference, {
    ...(uid === undefined ? {} : { uid }),
    propagation: "Background",
  });
  let remains = "";
  const [old] = await waitForDeletion(cluster, [{
    resource: item.resource,
    reference: item.reference,
    uid: uid ?? "",
  }], {
    timeout: options.timeout,
    onChange: ({ message }) => remains = message,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  if (!old?.gone) {
    throw new ApplyError("not-gone", `The old one ${remains}`, {
      hint: "Run again when it is gone: then the new one is created.",
    });
  }
  return await cluster.apply(item.resource, item.object, {});
}

/** The fields that the API server named; it gives no predicted object to compare with. Secrets are masked. */
export function immutableDifferences(
  item: PreparedObject,
  live: KubernetesObject,
  refused: ClusterError,
): FieldDifference[] {
  return refused.causes.flatMap(({ field }) => {
    const path = (field ?? "").split(".").filter((name) => name !== "").map((name) => ({
      field: name,
    }));
    const read = (root: unknown) =>
      path.reduce<unknown>((value, { field }) => isMap(value) ? value[field] : undefined, root);
    const [before, after] = [live, item.object].map((object) => read(maskObject(object)));
    if (path.length === 0 || (before === undefined && after === undefined)) return [];
    return [{
      path,
      difference: "changed" as const,
      live: before,
      desired: after,
      owner: undefined,
    }];
  });
}
