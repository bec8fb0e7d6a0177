/**
 * The load-bearing strings. Each of them is stored in clusters that outlive a release of Plumb: after a
 * change, earlier records, ownership and leases are no longer recognised.
 * @module
 */

/** Field manager of every server-side apply. */
export const FIELD_MANAGER = "plumb";

/** Field manager of claims that are made anew for the volumes which a rollback kept. */
export const RESTORE_MANAGER = "plumb-restore";

/** Where inventories and leases live. */
export const SYSTEM_NAMESPACE = "plumb-system";

/** API group of `component.yaml` and of the kinds that Plumb realizes. */
export const API_GROUP = "plumb.thinkube.io";

/** API version of `component.yaml` and of the kinds that Plumb realizes. */
export const API_VERSION = `${API_GROUP}/v1alpha1`;

/** Labels and annotations of KEP-3659 (ApplySet), so that kubectl recognises the members of a component. */
export const APPLYSET = {
  /** Label on members: the id of their set. */
  partOf: "applyset.kubernetes.io/part-of",
  /** Label on the inventory: the id of the set that it is the parent of. */
  id: "applyset.kubernetes.io/id",
  /** Annotation on the inventory: who maintains the set. */
  tooling: "applyset.kubernetes.io/tooling",
  /** Annotation on the inventory: `Kind.group,…` of the members. */
  containsGroupKinds: "applyset.kubernetes.io/contains-group-kinds",
  /** Annotation on the inventory: namespaces of the members beside its own. */
  additionalNamespaces: "applyset.kubernetes.io/additional-namespaces",
} as const;

/** Annotations that authors of manifests may set. */
export const ANNOTATION = {
  /** References that must be ready first: `group/namespaces/NS/Kind/NAME` or `group/Kind/NAME`, comma-separated. */
  dependsOn: "config.kubernetes.io/depends-on",
  /** `disabled`: leave the object in the cluster when it is no longer in Git. */
  prune: `${API_GROUP}/prune`,
  /** `allowed`: an immutable field may be changed by deleting and creating the object anew. */
  replace: `${API_GROUP}/replace`,
  /** `disabled`: `${…}` in the object is not a parameter. */
  substitute: `${API_GROUP}/substitute`,
  /** On Secrets with generated keys: which rotation of each key they hold, as JSON. Plumb writes it. */
  rotation: `${API_GROUP}/rotation`,
  /** Set by Plumb on PersistentVolumes that a rollback set to Retain: the reclaim policy that they had. */
  formerReclaimPolicy: `${API_GROUP}/former-reclaim-policy`,
  /** Set by Plumb on claims that were made anew for volumes which a rollback kept: the volume. */
  restored: `${API_GROUP}/restored`,
  /** Set by Plumb on pod templates: a keyed hash of the ConfigMaps and Secrets that the pods use. */
  configHash: `${API_GROUP}/config-hash`,
} as const;
