/** A component as it is: each of its objects with its place in the order, its health, and how it differs. Writes nothing. @module */
import { dump } from "js-yaml";
import { type Cluster, type Resource } from "../cluster/mod.ts";
import type { ChangeReport, Counts } from "../event.ts";
import { APPLYSET, FIELD_MANAGER } from "../names.ts";
import {
  apiVersionOf,
  keyOf,
  type KubernetesObject,
  type ObjectMeta,
  type ObjectReference,
} from "../object.ts";
import { countsOf, expires, maskObject, reportOf } from "../plan/mod.ts";
import type { DesiredObject, Provenance } from "../render/types.ts";
import { driftedIn } from "./drift.ts";
import { type Drifted, driftOf } from "./drifted.ts";
import { type Health, healthOf } from "./health.ts";
import type { Inventory } from "./inventory.ts";
import { lookAt, type Seen } from "./look.ts";
import { listingOnce, type Target } from "./observe.ts";
import { type PlannedRun, type PlanOptions, planRun } from "./plan_run.ts";
import { isExternal } from "./realize.ts";

/** One object of a component. */
export interface ObjectView extends Target {
  readonly provenance: Provenance | undefined;
  /** 0-based; none for what will be deleted. */
  readonly wave: number | undefined;
  /** Keys of what must be ready first. */
  readonly dependsOn: readonly string[];
  readonly exists: boolean;
  /** Not, where these credentials may not look at it: then it is taken to exist. */
  readonly isSeen: boolean;
  readonly health: Health;
  /** Field managers that hold any of its fields, those of its status aside. */
  readonly managers: readonly string[];
  readonly change: ChangeReport | undefined;
  /** How it is not as the last run left it, while Git still says the same of it as then. */
  readonly drift: Drifted["how"] | undefined;
  readonly desired: DesiredObject | undefined;
}

/** A component as it is. */
export interface ComponentView {
  readonly objects: readonly ObjectView[];
  readonly counts: Counts;
  readonly waves: number;
  /** What the last run has recorded; undefined when there was none. */
  readonly inventory: Inventory | undefined;
}

/** Looks at a component, by what Git says of it. */
export async function viewComponent(
  cluster: Cluster,
  options: Omit<PlanOptions, "proveCreations" | "proposing" | "backingOff" | "renderKey">,
): Promise<ComponentView> {
  // What the plan was made from is told again: a thousand objects are a megabyte.
  const list = listingOnce(cluster);
  // Records would settle a plan without its order: no key is ever theirs.
  const planned = await planRun(cluster, {
    ...options,
    list,
    renderKey: () => "",
    proveCreations: false,
    proposing: false,
    backingOff: false,
  });
  const { plan, stored, dependencies } = planned;
  const resources = resourcesIn(planned);
  const changes = [...plan.waves.flat(), ...plan.prune.flat()];
  const prepared = new Map(planned.prepared.map((item) => [keyOf(item.reference), item]));
  const targets = changes.flatMap(({ reference }) => {
    const resource = resources.get(kindKey(reference));
    return resource === undefined ? [] : [{ reference, resource }];
  });
  const seen = await lookAt(cluster, targets, list);
  const drifted = driftedIn(planned);
  const objects = changes.flatMap((change): ObjectView[] => {
    const key = keyOf(change.reference);
    const resource = resources.get(kindKey(change.reference));
    if (resource === undefined) return [];
    const desired = prepared.get(key);
    const living = livingIn(seen, { reference: change.reference, resource });
    const exists = change.action !== "create";
    const isExpired = living === undefined && change.action === "unchanged" &&
      desired !== undefined && expires(change.reference, desired.object);
    return [{
      reference: change.reference,
      resource,
      provenance: desired?.provenance ?? ("provenance" in change ? change.provenance : undefined),
      wave: desired?.wave,
      dependsOn: dependencies.get(key) ?? [],
      ...(isExpired ? HAS_FINISHED : asItLives(resource, living, exists)),
      change: change.action === "unchanged" ? undefined : reportOf(change),
      drift: drifted.has(key) ? exists ? "changed" : "missing" : undefined,
      desired,
    }];
  });
  return {
    objects,
    counts: countsOf(plan),
    waves: plan.waves.length,
    inventory: stored.resourceVersion === undefined ? undefined : stored.inventory,
  };
}

/** Looks at a component by its records, where Git does not have it or can't be compared. */
export async function viewRecorded(cluster: Cluster, inventory: Inventory): Promise<ComponentView> {
  const resources = new Map(inventory.resources.map((item) => [kindKey(item), item]));
  const members = inventory.members.flatMap((member) => {
    const resource = resources.get(kindKey(member.reference));
    return resource === undefined ? [] : [{ ...member, resource }];
  });
  const seen = await lookAt(cluster, members);
  const objects = members.map((member): ObjectView => {
    const { reference, resource, provenance, wave } = member;
    const living = livingIn(seen, member);
    const isSeen = seen.observation.refusalOf(member) === undefined && !isExternal(resource);
    const isExpired = isSeen && living === undefined && member.expires && member.hash !== "";
    return {
      reference,
      resource,
      provenance,
      wave,
      dependsOn: [],
      ...(isExpired ? HAS_FINISHED : asItLives(resource, living, !isSeen)),
      change: undefined,
      drift: isSeen ? driftOf(member, living?.metadata) : undefined,
      desired: undefined,
    };
  });
  const waves = Math.max(0, ...members.map(({ wave = 0 }) => wave + 1));
  return { objects, counts: countsOf({ waves: [], prune: [], unchanged: [] }), waves, inventory };
}

/** Both sides of an object as YAML, secrets masked, without what only the cluster writes. */
export async function textsOf(
  cluster: Cluster,
  { reference, resource, desired }: ObjectView,
): Promise<{ readonly desired?: string; readonly live?: string }> {
  const live = isExternal(resource) ? undefined : await cluster.get(resource, reference);
  return {
    ...(desired === undefined ? {} : { desired: textOf(desired.object) }),
    ...(live === undefined ? {} : { live: textOf(live) }),
  };
}

const WRITTEN_BY_CLUSTER = [
  "uid",
  "resourceVersion",
  "generation",
  "creationTimestamp",
  "managedFields",
  "selfLink",
];

function textOf({ status: _, ...object }: KubernetesObject): string {
  const { labels = {}, ...rest } = object.metadata;
  const { [APPLYSET.partOf]: __, ...own } = labels;
  const metadata = Object.fromEntries(
    Object.entries({ ...rest, ...(Object.keys(own).length === 0 ? {} : { labels: own }) })
      .filter(([field]) => !WRITTEN_BY_CLUSTER.includes(field)),
  ) as unknown as ObjectMeta;
  return dump(maskObject({ ...object, metadata }), { lineWidth: -1, sortKeys: true });
}

function resourcesIn({ prepared, stored, targets }: PlannedRun): ReadonlyMap<string, Resource> {
  const all = [
    ...stored.inventory.resources,
    ...[...targets.values()].map(({ resource }) => resource),
    ...prepared.map(({ resource }) => resource),
  ];
  return new Map(all.map((resource) => [kindKey(resource), resource]));
}

function kindKey({ group, kind }: Pick<ObjectReference, "group" | "kind">): string {
  return `${group}/${kind}`;
}

/** An object as it lives; of those that are well as soon as they are there, only the metadata is known. */
function livingIn(
  { observation, objects }: Seen,
  { reference, resource }: Target,
): KubernetesObject | undefined {
  const key = keyOf(reference);
  const metadata = observation.live.get(key)?.metadata;
  if (metadata === undefined) return undefined;
  return objects.get(key) ?? { apiVersion: apiVersionOf(resource), kind: resource.kind, metadata };
}

type AsItLives = Pick<ObjectView, "exists" | "isSeen" | "health" | "managers">;

/** A Job that was removed as it asks for. */
const HAS_FINISHED: AsItLives = {
  exists: false,
  isSeen: true,
  health: { status: "current", message: "has finished, and was removed as it asks for" },
  managers: [],
};

function asItLives(
  resource: Resource,
  live: KubernetesObject | undefined,
  exists: boolean,
): AsItLives {
  if (live !== undefined) {
    const managers = new Set(
      (live.metadata.managedFields ?? [])
        .filter(({ subresource }) => subresource !== "status")
        .map(({ manager }) => manager ?? "").filter((manager) => manager !== ""),
    );
    return { exists: true, isSeen: true, health: healthOf(live), managers: [...managers].sort() };
  }
  if (isExternal(resource) && exists) {
    const health: Health = { status: "current", message: "lives outside of the cluster's API" };
    return { exists, isSeen: true, health, managers: [FIELD_MANAGER] };
  }
  const health: Health = exists
    ? { status: "unknown", message: "can't be read" }
    : { status: "unknown", message: "does not exist" };
  return { exists, isSeen: !exists, health, managers: [] };
}
