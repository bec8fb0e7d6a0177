/**
 * Who holds what: other managers of a field, other tools that claim an object, and how their claims pass to us.
 * @module
 */
import { MASKED } from "../event.ts";
import { type FieldPath, formatPath, valueAt } from "../field_path.ts";
import { APPLYSET } from "../names.ts";
import type { KubernetesObject, ManagedFieldsEntry, ObjectMeta } from "../object.ts";
import {
  appliedEntry,
  appliedFields,
  coverage,
  difference,
  type FieldSet,
  leaves,
  NO_FIELDS,
  union,
} from "./field_set.ts";
import { isSecret, LAST_APPLIED, maskValue } from "./mask.ts";
import type { FieldDifference, FieldOwner } from "./types.ts";

/** Which existing objects may be taken over; as `spec.adoption` of a component says. */
export type AdoptionPolicy = "unowned" | "all" | "none";

/** Who holds a field beside us: the manager that holds it most closely, of several the one that wrote last. */
export function ownerOf(
  entries: readonly ManagedFieldsEntry[] | undefined,
  path: FieldPath,
  manager: string,
): FieldOwner | undefined {
  const holders = othersThan(entries, manager)
    .map((entry) => ({ entry, closeness: coverage(entry.fieldsV1 ?? NO_FIELDS, path) }))
    .filter(({ closeness }) => closeness > 0)
    .sort((left, right) =>
      right.closeness - left.closeness ||
      (right.entry.time ?? "").localeCompare(left.entry.time ?? "")
    );
  const holder = holders[0]?.entry;
  return holder === undefined ? undefined : fieldOwner(holder);
}

/** The entries of all other managers. Ours is only the one of our server-side applies. */
export function othersThan(
  entries: readonly ManagedFieldsEntry[] | undefined,
  manager: string,
): ManagedFieldsEntry[] {
  const ours = appliedEntry(entries, manager);
  return (entries ?? []).filter((entry) => entry !== ours);
}

/** An entry as the owner of a field. */
export function fieldOwner(
  { manager, operation, subresource, time }: ManagedFieldsEntry,
): FieldOwner {
  return {
    manager: manager ?? "unknown",
    operation: operation ?? "Update",
    ...(subresource ? { subresource } : {}),
    ...(time === undefined ? {} : { time }),
  };
}

/** Marks by which tools claim objects: labels and annotations, as each tool's documentation names them. */
const CLAIMS: readonly {
  readonly tool: string;
  readonly label?: string;
  readonly annotation?: string;
}[] = [
  { tool: "the Helm release", annotation: "meta.helm.sh/release-name" },
  { tool: "the Flux Kustomization", label: "kustomize.toolkit.fluxcd.io/name" },
  { tool: "the Flux HelmRelease", label: "helm.toolkit.fluxcd.io/name" },
  { tool: "the Argo CD application", annotation: "argocd.argoproj.io/tracking-id" },
  { tool: "the Argo CD application", label: "argocd.argoproj.io/instance" },
  { tool: "the kapp application", label: "kapp.k14s.io/app" },
  { tool: "the Config Sync inventory", annotation: "config.k8s.io/owning-inventory" },
  { tool: "the kluctl deployment", label: "kluctl.io/discriminator" },
];

/** Who else claims an object, in words, or undefined. `applySet` is our own set's id. */
export function previousOwner(metadata: ObjectMeta, applySet: string): string | undefined {
  const { labels = {}, annotations = {}, ownerReferences = [] } = metadata;
  for (const { tool, label, annotation } of CLAIMS) {
    const value = label === undefined ? annotations[annotation ?? ""] : labels[label];
    if (value !== undefined) return `${tool} ${value}`;
  }
  const set = labels[APPLYSET.partOf];
  if (set !== undefined && set !== applySet) return `the ApplySet ${set}`;
  const controller = ownerReferences.find((owner) => owner.controller);
  return controller === undefined
    ? undefined
    : `${controller.kind} ${controller.name}, which controls it`;
}

/**
 * Managers that people and deployment tools write as. At an adoption their fields become ours: otherwise what Git
 * does not have would stay for ever, held by a tool that nobody uses on the object any more. Controllers are
 * not among them: what they wrote is theirs.
 */
const TOOLS: ReadonlySet<string> = new Set([
  "before-first-apply", // objects older than server-side apply
  "kubectl",
  "kubectl-apply",
  "kubectl-client-side-apply",
  "kubectl-create",
  "kubectl-edit",
  "kubectl-patch",
  "kubectl-replace",
  "kubectl-run",
  "kubectl-expose",
  "kubectl-set",
  "kubectl-label",
  "kubectl-annotate",
  "helm",
  "kapp",
  "k9s",
  "Mozilla", // dashboards in a browser
]);

/** Server-side appliers whose objects are only taken over where the policy says `all`. */
const APPLIERS: ReadonlySet<string> = new Set([
  "kustomize-controller",
  "helm-controller",
  "argocd-controller",
  "kluctl",
  "config-sync",
  "applysets",
]);

function isLeftover(entry: ManagedFieldsEntry, policy: AdoptionPolicy): boolean {
  if (entry.subresource) return false;
  const manager = entry.manager ?? "";
  return TOOLS.has(manager) || (policy === "all" && APPLIERS.has(manager));
}

/** One operation of a JSON patch, RFC 6902. */
export interface PatchOperation {
  readonly op: "test" | "replace" | "remove";
  readonly path: string;
  readonly value?: unknown;
}

/**
 * The patch that makes the fields of leftover managers ours, so that the apply after it removes those that Git
 * does not have. Guarded by the resource version: it can't undo what somebody changed meanwhile.
 *
 * The idea is that of client-go's csaupgrade package.
 *
 * @returns undefined when there is nothing left over.
 */
export function adoptionPatch(
  live: KubernetesObject,
  policy: AdoptionPolicy,
  manager: string,
): PatchOperation[] | undefined {
  const entries = live.metadata.managedFields ?? [];
  const leftover = entries.filter((entry) => isLeftover(entry, policy));
  const annotated = live.metadata.annotations?.[LAST_APPLIED] !== undefined;
  if (leftover.length === 0 && !annotated) return undefined;
  const ours = appliedEntry(entries, manager);
  const fields = leftover.reduce<FieldSet>(
    (all, entry) => union(all, entry.fieldsV1 ?? NO_FIELDS),
    ours?.fieldsV1 ?? NO_FIELDS,
  );
  const merged: ManagedFieldsEntry = {
    manager,
    operation: "Apply",
    apiVersion: live.apiVersion,
    time: new Date().toISOString().replace(/\.\d+Z$/, "Z"),
    fieldsType: "FieldsV1",
    fieldsV1: fields,
  };
  const others = entries.filter((entry) => entry !== ours && !leftover.includes(entry));
  return [
    { op: "test", path: "/metadata/resourceVersion", value: live.metadata.resourceVersion },
    ...(leftover.length === 0
      ? []
      : [{ op: "replace" as const, path: "/metadata/managedFields", value: [merged, ...others] }]),
    ...(annotated
      ? [{
        op: "remove" as const,
        path: `/metadata/annotations/${LAST_APPLIED.replace("/", "~1")}`,
      }]
      : []),
  ];
}

/**
 * What an adoption will take out: fields of leftover managers that nobody else holds and Git does not have. Of
 * these the API server may set some again by itself.
 */
export function leftoverDifferences(
  live: KubernetesObject,
  predicted: KubernetesObject,
  { policy, manager }: { readonly policy: AdoptionPolicy; readonly manager: string },
): FieldDifference[] {
  const entries = live.metadata.managedFields ?? [];
  const leftover = entries.filter((entry) => isLeftover(entry, policy));
  const staying = entries.filter((entry) => !leftover.includes(entry))
    .reduce<FieldSet>(
      (all, entry) => union(all, entry.fieldsV1 ?? NO_FIELDS),
      appliedFields(predicted.metadata.managedFields, manager),
    );
  return leftover.flatMap((entry) =>
    [...leaves(difference(entry.fieldsV1 ?? NO_FIELDS, staying))]
      // A map or list of which anything stays, stays.
      .filter((path) => coverage(staying, path) < 2)
      .filter((path) => valueAt(live, path) !== undefined && !isBookkeeping(path))
      .map((path) => ({
        path,
        difference: "removed" as const,
        live: isSecret(live.kind, path) ? MASKED : maskValue(live.kind, path, valueAt(live, path)),
        desired: undefined,
        owner: fieldOwner(entry),
      }))
  );
}

function isBookkeeping(path: FieldPath): boolean {
  return formatPath(path).includes(LAST_APPLIED);
}

/** Which fields Git took, and from whom, for the report of an apply. */
export function takenFields(
  differences: readonly FieldDifference[],
): { readonly path: string; readonly from: string }[] {
  return differences.flatMap(({ path, owner }) =>
    owner === undefined ? [] : [{ path: formatPath(path), from: owner.manager }]
  );
}
