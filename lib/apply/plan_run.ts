/**
 * From the desired and the live state to a plan: what the records settle is not even read, the rest is dry-run.
 * @module
 */
import { type Cluster, Discovery } from "../cluster/mod.ts";
import type { Component } from "../component/mod.ts";
import { FIELD_MANAGER } from "../names.ts";
import { keyOf } from "../object.ts";
import {
  type Change,
  classify,
  deletionWaves,
  isJob,
  type Member,
  type Plan,
} from "../plan/mod.ts";
import type { DesiredObject } from "../render/mod.ts";
import { decide, type Decision } from "./decide.ts";
import { arrange } from "./arrange.ts";
import { additionsIn } from "./drift.ts";
import { membersToDrop } from "./drop.ts";
import { backOff, fightsIn } from "./fights.ts";
import { type Inventory, readInventory, type StoredInventory } from "./inventory.ts";
import { forEachLimited } from "./pool.ts";
import { type Lister, type Observation, observe, type Target } from "./observe.ts";
import type { PreparedObject } from "./prepare.ts";
import type { StoredRetained } from "./retained.ts";
import { secretReader } from "./secrets.ts";

/** What a plan is made from. */
export interface PlanOptions {
  readonly component: Component;
  /** Renders the desired state; called only when the records don't serve. */
  readonly render: () => Promise<readonly DesiredObject[]>;
  /** Identity of everything that rendering depends on, keyed by the inventory's salt. */
  readonly renderKey: (salt: string) => string;
  /** Trust no record: dry-run everything. */
  readonly refresh: boolean;
  /** Dry-run creations too, for a report that no apply follows. */
  readonly proveCreations: boolean;
  /** What differs is going to be proposed to Git. */
  readonly proposing: boolean;
  /** Called with the records before anything is observed. */
  readonly prepare?: (inventory: Inventory) => Promise<void>;
  /** How metadata is listed, for who needs it beside the plan. */
  readonly list?: Lister;
  /** The inventory, if it was read already. */
  readonly stored?: StoredInventory;
  /** Nobody has seen what the records say to be healthy, so every object is looked at. */
  readonly isUnproven?: boolean;
  /** Set on the way back to a revision that was good. */
  readonly back?: WayBack;
  /** Leave fields alone for a while that somebody sets back each time. */
  readonly backingOff: boolean;
}

/** What differs on the way back from a revision that failed. */
export interface WayBack {
  /** Hashes of the Jobs that the good revision has finished, by key: they are not run again. */
  readonly finished: ReadonlyMap<string, string>;
}

/** A plan, with all that carrying it out needs. */
export interface PlannedRun {
  readonly stored: StoredInventory;
  readonly renderKey: string;
  /** Empty when the records settled everything. */
  readonly prepared: readonly PreparedObject[];
  readonly waves: readonly (readonly Decision[])[];
  readonly plan: Plan;
  readonly dependencies: ReadonlyMap<string, readonly string[]>;
  /** Members that Git dropped but that stay, and why. */
  readonly kept: readonly { readonly member: Member; readonly reason: string }[];
  /** Members that the component found and that the way back leaves alone. */
  readonly released: readonly Member[];
  /** Targets of the deletions, by key. */
  readonly targets: ReadonlyMap<string, Target>;
  /** Whether every object was dry-run. */
  readonly refreshed: boolean;
  /** Data that is not the component's own. */
  readonly outside: Inventory["outside"];
  /** What a rollback has kept. */
  readonly retained: StoredRetained | undefined;
}

/** A few more than the cluster sends at once. Each holds a live object until it is decided about. */
const DECISIONS_AT_ONCE = 32;
/** A scheduled run trusts the records for a day. */
const REFRESH_MILLISECONDS = 24 * 60 * 60 * 1000;

/** Makes the plan of a run. */
export async function planRun(cluster: Cluster, options: PlanOptions): Promise<PlannedRun> {
  const { component } = options;
  const stored = options.stored ??
    await readInventory(cluster, component.name, component.namespace);
  await options.prepare?.(stored.inventory);
  const renderKey = options.renderKey(stored.inventory.salt);
  const refreshed = options.refresh || isStale(stored.inventory, cluster.now());
  const trusted = !refreshed && !options.isUnproven && stored.inventory.state === "complete" &&
    stored.inventory.renderKey === renderKey;
  const targets = memberTargets(stored.inventory);
  let observation: Observation | undefined;
  if (trusted) {
    observation = await observe(cluster, targets.values(), options.list);
    const additions = additionsIn(observation, options);
    if (additions.size === 0 && await recordsHold(cluster, stored.inventory, observation)) {
      return { ...settled(stored), renderKey };
    }
  }
  return await planFromSource(cluster, options, {
    stored,
    renderKey,
    refreshed,
    targets,
    observation,
  });
}

function isStale({ refreshed }: Inventory, now: number): boolean {
  return refreshed !== undefined &&
    Math.abs(now - Date.parse(refreshed)) > REFRESH_MILLISECONDS;
}

/** The members that live in the cluster, as targets, by key. */
export function memberTargets({ members, resources }: Inventory): Map<string, Target> {
  const known = new Map(
    resources.map((resource) => [`${resource.group}/${resource.kind}`, resource]),
  );
  return new Map(members.flatMap(({ reference }) => {
    const resource = known.get(`${reference.group}/${reference.kind}`);
    return resource === undefined ? [] : [[keyOf(reference), { reference, resource }] as const];
  }));
}

/** Whether every member lives as recorded, and so do the objects whose content went into members. */
async function recordsHold(
  cluster: Cluster,
  { members }: Inventory,
  { live }: Observation,
): Promise<boolean> {
  const { unchanged, expired } = classify({
    desired: members.map(({ reference, hash }) => ({ reference, hash })),
    members: membersByKey(members),
    live,
    manager: FIELD_MANAGER,
  });
  return unchanged.length + expired.length === members.length &&
    await sourcesHold(cluster, members);
}

async function sourcesHold(cluster: Cluster, members: readonly Member[]): Promise<boolean> {
  const secrets = secretReader(cluster);
  const sources = members.flatMap((member) => member.sources ?? []);
  const answers = await Promise.all(sources.map(async ({ reference, resourceVersion }) => {
    const secret = await secrets.readSecret(reference.namespace ?? "", reference.name);
    return secret?.metadata.resourceVersion === resourceVersion;
  }));
  return answers.every((same) => same);
}

function membersByKey(members: readonly Member[]): Map<string, Member> {
  return new Map(members.map((member) => [keyOf(member.reference), member]));
}

/** The plan of a run in which nothing has moved. */
function settled(stored: StoredInventory): Omit<PlannedRun, "renderKey"> {
  const unchanged = stored.inventory.members.map(({ reference, provenance }) => (
    { action: "unchanged" as const, reference, provenance }
  ));
  return {
    stored,
    prepared: [],
    waves: [],
    plan: { waves: [], prune: [], unchanged },
    dependencies: new Map(),
    kept: [],
    released: [],
    targets: new Map(),
    refreshed: false,
    outside: stored.inventory.outside,
    retained: undefined,
  };
}

interface Context {
  readonly stored: StoredInventory;
  readonly renderKey: string;
  readonly refreshed: boolean;
  readonly targets: ReadonlyMap<string, Target>;
  readonly observation: Observation | undefined;
}

async function planFromSource(
  cluster: Cluster,
  options: PlanOptions,
  context: Context,
): Promise<PlannedRun> {
  const { component, back } = options;
  const { stored, renderKey, refreshed, targets } = context;
  const { inventory } = stored;
  const { placed, order, retained } = await arrange(cluster, {
    component,
    render: options.render,
    salt: inventory.salt,
    // With the records trusted, every kind is among theirs.
    discovery: context.observation === undefined ? undefined : new Discovery(inventory.resources),
  });
  const observation = context.observation ??
    await observe(cluster, [...placed, ...targets.values()], options.list);
  const members = membersByKey(inventory.members);
  const prepared = back === undefined
    ? placed
    : placed.filter((item) => !isOver(item, { ...back, members, observation }));
  const decisions = await decideAll(cluster, prepared, { options, context, observation, members });
  const waves = order.waves.map((wave) => wave.flatMap((key) => decisions.get(key) ?? []));
  const dropped = await membersToDrop(cluster, prepared, {
    component: component.name,
    members: inventory.members,
    targets,
    observation,
    isWayBack: back !== undefined,
  });
  return {
    stored,
    renderKey,
    prepared,
    waves,
    plan: {
      waves: waves.map((wave) => wave.map(({ change }) => change)),
      prune: deletionWaves(dropped.delete),
      unchanged: [],
    },
    dependencies: order.dependencies,
    kept: dropped.kept,
    released: dropped.released,
    targets,
    refreshed,
    outside: component.retain.outside,
    retained,
  };
}

/** Decides about each object, by key. What the records settle is not even asked about. */
async function decideAll(
  cluster: Cluster,
  prepared: readonly PreparedObject[],
  { options, context: { stored, refreshed }, observation, members }: {
    readonly options: PlanOptions;
    readonly context: Context;
    readonly observation: Observation;
    readonly members: ReadonlyMap<string, Member>;
  },
): Promise<ReadonlyMap<string, Decision>> {
  const { component: { name, adoption, fields }, proveCreations, proposing, back } = options;
  const { unchanged, expired } = classify({
    desired: prepared,
    members,
    live: observation.live,
    manager: FIELD_MANAGER,
  });
  const additions = additionsIn(observation, options);
  const keysOf = (items: readonly PreparedObject[]) =>
    items.map(({ reference }) => keyOf(reference));
  const settled = new Set([
    ...refreshed ? [] : keysOf(unchanged).filter((key) => !additions.has(key)),
    ...keysOf(expired),
  ]);
  const isWayBack = back !== undefined;
  const deciding = { adoption, rules: fields, members, proveCreations, proposing, isWayBack };
  const fights = options.backingOff ? fightsIn(stored.inventory, cluster.now()) : undefined;
  const decideAbout = async (item: PreparedObject): Promise<Decision> => {
    if (settled.has(keyOf(item.reference))) return { item, change: unchangedChange(item) };
    const decision = await decide(cluster, item, observation, { ...deciding, component: name });
    return fights === undefined ? decision : await backOff(cluster, decision, fights);
  };
  const decisions = new Map<string, Decision>();
  await forEachLimited(prepared, DECISIONS_AT_ONCE, async (item) => {
    decisions.set(keyOf(item.reference), lean(await decideAbout(item)));
  });
  return decisions;
}

/** Of what stays as it is, only the metadata is ever asked for: the rest may be all that lives in the cluster. */
function lean(decision: Decision): Decision {
  const { change, live, added = [] } = decision;
  if (change.action !== "unchanged" || live === undefined || added.length > 0) return decision;
  const { apiVersion, kind, metadata } = live;
  return { ...decision, live: { apiVersion, kind, metadata } };
}

/** Whether an object is a Job that has finished and is not as it was left: to make it again would be to run it again. */
function isOver(
  { reference, hash }: PreparedObject,
  { finished = new Map(), members, observation }: Partial<WayBack> & {
    readonly members: ReadonlyMap<string, Member>;
    readonly observation: Observation;
  },
): boolean {
  const key = keyOf(reference);
  if (!isJob(reference) || finished.get(key) !== hash) return false;
  const member = members.get(key);
  const uid = observation.live.get(key)?.metadata.uid;
  return member?.hash !== hash || uid === undefined || uid !== member.uid;
}

function unchangedChange({ reference, provenance }: PreparedObject): Change {
  return { action: "unchanged", reference, provenance };
}
