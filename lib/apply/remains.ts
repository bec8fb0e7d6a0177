/** Why an object that was deleted is still there. @module */
import { isMap } from "../field_path.ts";
import type { KubernetesObject } from "../object.ts";

/** Finalizers that Kubernetes itself sets, and what they wait for. */
const KNOWN: Readonly<Record<string, string>> = {
  "kubernetes.io/pvc-protection": "a pod still uses the claim",
  "kubernetes.io/pv-protection": "a claim is still bound to the volume",
  "foregroundDeletion": "objects that it owns go first",
  "orphan": "objects that it owns are being released",
  "service.kubernetes.io/load-balancer-cleanup": "the cloud's load balancer is being removed",
  "customresourcecleanup.apiextensions.k8s.io": "objects of its kind go first",
  "batch.kubernetes.io/job-tracking": "the Job's controller still counts its pods",
};

/**
 * Explains what a terminating object waits for.
 *
 * @example
 * ```ts
 * import { remainsOf } from "./remains.ts";
 * import assert from "node:assert/strict";
 *
 * const claim = {
 *   apiVersion: "v1",
 *   kind: "PersistentVolumeClaim",
 *   metadata: { name: "data", finalizers: ["kubernetes.io/pvc-protection"] },
 * };
 * assert.match(remainsOf(claim), /a pod still uses the claim/);
 * ```
 */
export function remainsOf(object: KubernetesObject): string {
  const parts = [
    ...(object.metadata.finalizers ?? []).map((finalizer) =>
      `finalizer ${finalizer}: ${
        KNOWN[finalizer] ?? `its controller must remove it${setBy(object, finalizer)}`
      }`
    ),
    ...namespaceContent(object),
  ];
  return parts.length === 0 ? "is being deleted" : `is held by ${parts.join("; ")}`;
}

/** Who set a finalizer and when, from the managed fields. */
function setBy({ metadata }: KubernetesObject, finalizer: string): string {
  const entry = metadata.managedFields?.find(({ fieldsV1 }) => {
    const fields = fieldsV1?.["f:metadata"];
    const finalizers = isMap(fields) ? fields["f:finalizers"] : undefined;
    return isMap(finalizers) && `v:${JSON.stringify(finalizer)}` in finalizers;
  });
  if (entry === undefined) return "";
  const time = entry.time === undefined ? "" : `, ${entry.time}`;
  return ` (set by ${entry.manager ?? "somebody"}${time})`;
}

/** The conditions of a namespace name what is left in it. */
function namespaceContent(object: KubernetesObject): string[] {
  if (object.kind !== "Namespace" || !isMap(object["status"])) return [];
  const conditions = object["status"]["conditions"];
  if (!Array.isArray(conditions)) return [];
  return conditions.flatMap((item) =>
    isMap(item) && item["status"] === "True" && typeof item["message"] === "string"
      ? [item["message"]]
      : []
  );
}
