/** What in a namespace is somebody else's. @module */
import { RESTORE_MANAGER } from "../names.ts";
import type { ObjectReference, OwnerReference } from "../object.ts";
import type { LiveMetadata } from "./types.ts";

/** Field managers of the controllers that Kubernetes itself consists of, and of claims that were made for kept volumes. */
const CONTROLLERS: ReadonlySet<string> = new Set([
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "kubelet",
  "cloud-controller-manager",
  RESTORE_MANAGER,
]);

/** Objects that controllers put into every namespace, as `Kind/name`. */
const IN_EVERY_NAMESPACE: ReadonlySet<string> = new Set([
  "ConfigMap/kube-root-ca.crt",
  "ConfigMap/openshift-service-ca.crt",
  "ConfigMap/istio-ca-root-cert",
  "ServiceAccount/default",
]);

/** What tells the component's own objects. */
export interface Ours {
  /** UIDs of the component's objects, also of those that are gone already. */
  readonly uids: ReadonlySet<string>;
  /** Whether objects of a kind live in namespaces: then an owner that is not among the contents is gone. */
  readonly isNamespaced: (owner: OwnerReference) => boolean;
}

/**
 * The objects of a namespace that are neither the component's, nor derived from its objects, nor made by Kubernetes
 * itself. Whoever made them would miss them.
 *
 * @param contents everything in the namespace.
 *
 * @example
 * ```ts
 * import { foreignIn } from "./foreign.ts";
 * import assert from "node:assert/strict";
 *
 * const object = (kind: string, name: string, metadata = {}) => ({
 *   reference: { group: "", kind, namespace: "web", name },
 *   metadata: { name, uid: name, ...metadata },
 * });
 * const owner = { apiVersion: "apps/v1", kind: "Deployment", name: "web", uid: "ours" };
 * const contents = [
 *   object("Pod", "derived", { ownerReferences: [owner] }),
 *   object("ServiceAccount", "default"),
 *   object("Secret", "somebody's"),
 * ];
 * const ours = { uids: new Set(["ours"]), isNamespaced: () => true };
 * assert.deepEqual(foreignIn(contents, ours).map(({ name }) => name), ["somebody's"]);
 * ```
 */
export function foreignIn(
  contents: readonly LiveMetadata[],
  { uids, isNamespaced }: Ours,
): ObjectReference[] {
  const byUid = new Map(contents.map((item) => [item.metadata.uid ?? "", item]));
  const visiting = new Set<string>();
  const isOurs = (uid: string): boolean => {
    if (uids.has(uid)) return true;
    const item = byUid.get(uid);
    if (item === undefined || visiting.has(uid)) return false;
    visiting.add(uid);
    const derived = isDerived(item);
    visiting.delete(uid);
    return derived;
  };
  const isDerived = ({ metadata: { ownerReferences = [] } }: LiveMetadata): boolean =>
    ownerReferences.length > 0 && ownerReferences.every((owner) =>
      isOurs(owner.uid) ||
      // The garbage collector is about to remove it.
      (!byUid.has(owner.uid) && isNamespaced(owner))
    );
  return contents
    .filter((item) => !isOurs(item.metadata.uid ?? "") && !isMadeByControllers(item))
    .map(({ reference }) => reference);
}

function isMadeByControllers({ reference, metadata }: LiveMetadata): boolean {
  const { kind, name } = reference;
  if (IN_EVERY_NAMESPACE.has(`${kind}/${name}`)) return true;
  const managers = metadata.managedFields ?? [];
  return managers.length > 0 && managers.every(({ manager }) => CONTROLLERS.has(manager ?? ""));
}
