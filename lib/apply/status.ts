/**
 * How all components of a cluster are, from their records and a few lists: without Git, and without a dry run.
 * @module
 */
import { type Cluster, ClusterError, type Resource } from "../cluster/mod.ts";
import { messageOf, PlumbError } from "../errors.ts";
import type { HealthStatus } from "../event.ts";
import { FIELD_MANAGER, SYSTEM_NAMESPACE } from "../names.ts";
import {
  describe,
  keyOf,
  type KubernetesObject,
  type ObjectReference,
  referenceOf,
} from "../object.ts";
import { backedOffUntil, type Fight, fingerprintOf, type Member } from "../plan/mod.ts";
import { listRecords } from "./components.ts";
import { healthOf, isJudgedByStatus } from "./health.ts";
import { decodeInventory, type Inventory } from "./inventory.ts";
import { decodeJournal, emptyJournal, type Journal, journalName } from "./journal.ts";
import { LEASE_RESOURCE } from "./lease.ts";
import { type Observation, observe, type Target } from "./observe.ts";
import { memberTargets } from "./plan_run.ts";
import { type Suspension, suspensionAt } from "./suspension.ts";
import { type Verification, verificationsIn } from "./verification.ts";

/** An object that is not as the last run left it. */
export interface Drifted {
  readonly reference: ObjectReference;
  readonly how: "changed" | "missing";
}

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

/**
 * How all components are, by name.
 *
 * Takes two requests for the records, and one for each kind and namespace in which components have objects.
 */
export async function statusOfAll(
  cluster: Cluster,
  now: number = Date.now(),
): Promise<(ComponentStatus | UnreadableComponent)[]> {
  const [inventories, journals] = await Promise.all([
    listRecords(cluster, "inventory"),
    listRecords(cluster, "journal"),
  ]);
  const journalOf = new Map(journals.map((secret) => [secret.metadata.name, secret]));
  const records = inventories.map((secret) => readRecord(secret, journalOf));
  const readable = records.filter((record) => "inventory" in record);
  const targets = readable.flatMap(({ inventory }) => [...memberTargets(inventory).values()]);
  const { observation, objects } = await look(cluster, targets);
  const statuses = await Promise.all(records.map(async (record) => {
    if (!("inventory" in record)) return record;
    return {
      ...statusOf(record, { observation, objects, now }),
      state: await stateOf(cluster, record.inventory),
    };
  }));
  return statuses.sort((left, right) => left.name.localeCompare(right.name));
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

/**
 * Metadata of all objects, and the whole of those whose health their status tells: both come with one list, so that
 * nothing is asked twice. Secrets and ConfigMaps are never read.
 */
async function look(
  cluster: Cluster,
  targets: readonly Target[],
): Promise<{ observation: Observation; objects: ReadonlyMap<string, KubernetesObject> }> {
  const objects = new Map<string, KubernetesObject>();
  const observation = await observe(cluster, targets, async (resource, namespace) => {
    if (!isJudgedByStatus(resource)) return await cluster.listMetadata(resource, namespace);
    return (await listOf(cluster, resource, namespace)).map((object) => {
      const reference = referenceOf(object);
      objects.set(keyOf(reference), object);
      return { reference, metadata: object.metadata };
    });
  });
  return { observation, objects };
}

/** Of a kind that the cluster no longer serves there is nothing. */
async function listOf(
  cluster: Cluster,
  resource: Resource,
  namespace: string | undefined,
): Promise<KubernetesObject[]> {
  try {
    return await cluster.list(resource, { namespace });
  } catch (error) {
    if (error instanceof ClusterError && error.status === 404) return [];
    throw error;
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
  return {
    name: inventory.component,
    namespace: inventory.namespace,
    source: inventory.source,
    objects: inventory.members.length,
    drifted: seen.flatMap((member) => driftOf(member, observation)),
    unseen: targets.size - seen.length,
    health: worst(seen.flatMap(({ reference }) => objects.get(keyOf(reference)) ?? [])),
    verifications: verificationsIn(journal),
    fights: (inventory.fights ?? []).filter((fight) => (backedOffUntil(fight) ?? 0) > now),
    suspended: suspensionAt(journal, now),
    rejected: journal.rejected,
    lastRun: journal.runs[0],
  };
}

/** Without a fingerprint an object was never seen as it should be; that is its run's failure, not drift. */
function driftOf(member: Member, { live }: Observation): Drifted[] {
  const { reference, uid, fields, time } = member;
  if (uid === undefined) return [];
  const living = live.get(keyOf(reference));
  if (living === undefined || living.metadata.uid !== uid) return [{ reference, how: "missing" }];
  if (fields === undefined) return [];
  const fingerprint = fingerprintOf(living.metadata, FIELD_MANAGER);
  return fingerprint?.fields === fields && fingerprint.time === time
    ? []
    : [{ reference, how: "changed" }];
}

/** From good to bad. */
const SEVERITY: readonly HealthStatus[] = [
  "current",
  "unknown",
  "progressing",
  "terminating",
  "failed",
];

function worst(objects: readonly KubernetesObject[]): ComponentStatus["health"] {
  const judged = objects.map((object) => ({ object, ...healthOf(object) }))
    .sort((left, right) => SEVERITY.indexOf(right.status) - SEVERITY.indexOf(left.status));
  const [first] = judged;
  if (first === undefined || first.status === "current") return { status: "current", message: "" };
  return {
    status: first.status,
    message: `${describe(referenceOf(first.object))}: ${first.message}`,
  };
}

/** A run that has begun and not ended is at work, if somebody holds the lease. */
async function stateOf(
  cluster: Cluster,
  { component, state }: Inventory,
): Promise<ComponentStatus["state"]> {
  if (state !== "applying") return state;
  const name = { namespace: SYSTEM_NAMESPACE, name: `component-${component}` };
  const lease = await cluster.get(LEASE_RESOURCE, name);
  const holder = (lease?.["spec"] as { holderIdentity?: string } | undefined)?.holderIdentity;
  return holder ? "running" : state;
}
