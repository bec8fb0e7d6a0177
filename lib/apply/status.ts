/**
 * How all components of a cluster are, from their records and a few lists: without Git, and without a dry run.
 * @module
 */
import { type Cluster, LEASES } from "../cluster/mod.ts";
import { messageOf, PlumbError } from "../errors.ts";
import type { HealthStatus } from "../event.ts";
import { SYSTEM_NAMESPACE } from "../names.ts";
import { describe, keyOf, type KubernetesObject, type ObjectReference } from "../object.ts";
import { backedOffUntil, type Fight } from "../plan/mod.ts";
import { listRecords, listRetained } from "./components.ts";
import { type Drifted, driftOf } from "./drifted.ts";
import { type Health, healthOf } from "./health.ts";
import { decodeInventory, type Inventory } from "./inventory.ts";
import { decodeJournal, emptyJournal, type Journal, journalName } from "./journal.ts";
import type { Observation } from "./observe.ts";
import { lookAt } from "./look.ts";
import { memberTargets } from "./plan_run.ts";
import { type Suspension, suspensionAt } from "./suspension.ts";
import { type Verification, verificationsIn } from "./verification.ts";
import type { ComponentView } from "./view.ts";

/** How a component is. */
export interface ComponentStatus {
  readonly name: string;
  readonly namespace: string;
  /** What the cluster was last made to be. */
  readonly source: Inventory["source"];
  readonly objects: number;
  /** How the last run ended; `running` while one is at work. */
  readonly state: Inventory["state"] | "running";
  readonly drifted: readonly Drifted[];
  /** How many objects these credentials may not look at. */
  readonly unseen: number;
  readonly health: {
    readonly status: HealthStatus;
    /** The first thing that is wrong. */
    readonly message: string;
  };
  /** Verifications, the newest first. */
  readonly verifications: readonly Verification[];
  /** Fields that are left to others, and objects that are left deleted, for now. */
  readonly fights: readonly Fight[];
  readonly suspended?: Suspension | undefined;
  readonly rejected?: Journal["rejected"];
  readonly lastRun?: Journal["runs"][number] | undefined;
}

/** A component whose record can't be read. */
export interface UnreadableComponent {
  readonly name: string;
  readonly error: string;
  readonly hint: string | undefined;
}

/** A component that was taken out of the cluster, and whose data is kept. */
export interface RolledBackComponent {
  readonly name: string;
  readonly state: "rolled-back";
}

/** What is known of a component. */
export type Status = ComponentStatus | RolledBackComponent | UnreadableComponent;

/**
 * How all components are, by name.
 *
 * Takes three requests for the records, and one for each kind and namespace in which components have objects.
 */
export async function statusOfAll(cluster: Cluster): Promise<Status[]> {
  const [inventories, journals, retained] = await Promise.all([
    listRecords(cluster, "inventory"),
    listRecords(cluster, "journal"),
    listRetained(cluster),
  ]);
  const journalOf = new Map(journals.map((secret) => [secret.metadata.name, secret]));
  const records = inventories.map((secret) => readRecord(secret, journalOf));
  const readable = records.filter((record) => "inventory" in record);
  const targets = readable.flatMap(({ inventory }) => [...memberTargets(inventory).values()]);
  const { observation, objects } = await lookAt(cluster, targets);
  const statuses = await Promise.all(records.map(async (record) => {
    if (!("inventory" in record)) return record;
    return {
      ...statusOf(record, { observation, objects, now: cluster.now() }),
      state: await stateOf(cluster, record.inventory),
    };
  }));
  const deployed = new Set(statuses.map(({ name }) => name));
  const rolledBack = retained.filter((name) => !deployed.has(name))
    .map((name) => ({ name, state: "rolled-back" as const }));
  return [...statuses, ...rolledBack].sort((left, right) => left.name.localeCompare(right.name));
}

interface ComponentRecord {
  readonly inventory: Inventory;
  readonly journal: Journal;
}

function readRecord(
  secret: KubernetesObject,
  journals: ReadonlyMap<string, KubernetesObject>,
): ComponentRecord | UnreadableComponent {
  const name = secret.metadata.name.replace(/^inventory-/, "");
  try {
    const inventory = decodeInventory(secret);
    const journal = journals.get(journalName(inventory.component));
    return {
      inventory,
      journal: journal === undefined ? emptyJournal(inventory.component) : decodeJournal(journal),
    };
  } catch (error) {
    return {
      name,
      error: messageOf(error),
      hint: error instanceof PlumbError ? error.hint : undefined,
    };
  }
}

function statusOf(
  { inventory, journal }: ComponentRecord,
  { observation, objects, now }: {
    readonly observation: Observation;
    readonly objects: ReadonlyMap<string, KubernetesObject>;
    readonly now: number;
  },
): Omit<ComponentStatus, "state"> {
  const targets = memberTargets(inventory);
  const seen = inventory.members.filter(({ reference }) => {
    const target = targets.get(keyOf(reference));
    return target !== undefined && observation.refusalOf(target) === undefined;
  });
  const drifted = seen.flatMap((member): Drifted[] => {
    const { reference } = member;
    const how = driftOf(member, observation.live.get(keyOf(reference))?.metadata);
    return how === undefined ? [] : [{ reference, how }];
  });
  const missing = drifted.filter(({ how }) => how === "missing");
  return {
    ...recordedStatus({ inventory, journal }, now),
    drifted,
    unseen: targets.size - seen.length,
    health: worst([
      ...seen.flatMap(({ reference }): Judged[] => {
        const object = objects.get(keyOf(reference));
        return object === undefined ? [] : [{ reference, health: healthOf(object) }];
      }),
      ...missing.map(({ reference }) => ({ reference, health: MISSING })),
    ]),
  };
}

/** What the records alone say. */
function recordedStatus({ inventory, journal }: ComponentRecord, now: number) {
  return {
    name: inventory.component,
    namespace: inventory.namespace,
    source: inventory.source,
    objects: inventory.members.length,
    verifications: verificationsIn(journal),
    fights: (inventory.fights ?? []).filter((fight) => (backedOffUntil(fight) ?? 0) > now),
    suspended: suspensionAt(journal, now),
    rejected: journal.rejected,
    lastRun: journal.runs[0],
  };
}

/** An object, and how it is. */
interface Judged {
  readonly reference: ObjectReference;
  readonly health: Health;
}

/** From good to bad. */
const SEVERITY: readonly HealthStatus[] = [
  "current",
  "unknown",
  "progressing",
  "terminating",
  "failed",
];
const MISSING: Health = { status: "unknown", message: "does not exist" };

/** How a component is, taken together: as the worst of its objects. */
function worst(objects: readonly Judged[]): ComponentStatus["health"] {
  const [first] = objects.toSorted((left, right) =>
    SEVERITY.indexOf(right.health.status) - SEVERITY.indexOf(left.health.status)
  );
  if (first === undefined || first.health.status === "current") {
    return { status: "current", message: "" };
  }
  const { reference, health: { status, message } } = first;
  return { status, message: `${describe(reference)}: ${message}` };
}

/** How a component is, from all of its objects, looked at one by one. Undefined where it was never deployed. */
export function statusOfView(
  { objects, inventory }: ComponentView,
  journal: Journal,
  { isHeld, now }: { readonly isHeld: boolean; readonly now: number },
): ComponentStatus | undefined {
  if (inventory === undefined) return undefined;
  return {
    ...recordedStatus({ inventory, journal }, now),
    state: isHeld && isUnderWay(inventory.state) ? "running" : inventory.state,
    drifted: objects.flatMap(({ reference, drift }) =>
      drift === undefined ? [] : [{ reference, how: drift }]
    ),
    unseen: objects.filter(({ isSeen }) => !isSeen).length,
    // What Git wants and nobody has deployed yet is not ill, and of what can't be seen nobody knows.
    health: worst(
      objects.filter(({ exists, isSeen, drift }) => (exists && isSeen) || drift !== undefined),
    ),
  };
}

/** Whether a run has begun and not ended. */
function isUnderWay(state: Inventory["state"]): boolean {
  return state === "applying" || state === "removing";
}

/** A run that has begun and not ended is at work, if somebody holds the lease. */
async function stateOf(
  cluster: Cluster,
  { component, state }: Inventory,
): Promise<ComponentStatus["state"]> {
  if (!isUnderWay(state)) return state;
  const name = { namespace: SYSTEM_NAMESPACE, name: `component-${component}` };
  const lease = await cluster.get(LEASES, name);
  const holder = (lease?.["spec"] as { holderIdentity?: string } | undefined)?.holderIdentity;
  return holder ? "running" : state;
}
