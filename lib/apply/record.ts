/**
 * What a run writes into the inventory: before its first change, so that nothing is ever orphaned, and after its last.
 * @module
 */
import { randomBytes } from "node:crypto";
import { type Cluster, ClusterError, type Resource } from "../cluster/mod.ts";
import type { Action } from "../event.ts";
import { FIELD_MANAGER } from "../names.ts";
import { keyOf } from "../object.ts";
import { expires, fingerprintOf, type Member } from "../plan/mod.ts";
import { ApplyError } from "./errors.ts";
import type { Decision } from "./decide.ts";
import type { Execution } from "./execute.ts";
import { fightsAfter } from "./fights.ts";
import {
  encodeInventory,
  type Inventory,
  type InventoryState,
  type StoredInventory,
  writeInventory,
} from "./inventory.ts";
import type { PlannedRun } from "./plan_run.ts";
import type { PreparedObject } from "./prepare.ts";
import { isExternal } from "./realize.ts";

/** Where a run took its objects from. */
export interface RecordedSource {
  readonly url: string;
  readonly revision: string;
}

/** What carrying out a plan came to. */
export interface RunResult {
  readonly execution: Execution;
  /** Keys of what should have been deleted but is still there. */
  readonly left: ReadonlySet<string>;
}

/** The record of an object as the API server answered it. Each run looks at one that still differs from Git. */
export function memberOf(
  { item, toPropose = [], backedOff = [] }: Decision,
  answer: { metadata: PreparedObject["object"]["metadata"] },
): Member {
  const fingerprint = toPropose.length + backedOff.length > 0
    ? undefined
    : fingerprintOf(answer.metadata, FIELD_MANAGER);
  return {
    ...plannedMember(item),
    ...(answer.metadata.uid === undefined ? {} : { uid: answer.metadata.uid }),
    hash: item.hash,
    ...(fingerprint === undefined ? {} : { fields: fingerprint.fields }),
    ...(fingerprint?.time === undefined ? {} : { time: fingerprint.time }),
  };
}

/** The record of an object of which only the intention is known: no hash matches it, so the next run looks. */
function plannedMember(item: PreparedObject): Member {
  return {
    reference: item.reference,
    version: item.resource.version,
    provenance: item.provenance,
    hash: "",
    ...(item.sources.length === 0 ? {} : { sources: item.sources }),
    ...(item.retain ? { retain: true } : {}),
    ...(item.generated === undefined ? {} : { generated: item.generated }),
    ...(expires(item.reference, item.object) ? { expires: true } : {}),
    ...(item.wave === undefined ? {} : { wave: item.wave }),
    ...(item.external === undefined ? {} : { handle: item.external.handle }),
  };
}

/** The record of an object that was not touched; what it depends on may have moved. */
function placed(member: Member, { wave }: PreparedObject): Member {
  return wave === undefined ? member : { ...member, wave };
}

/** Adds who made each object: the component, or somebody before it. A plan to create it counts, should the run die. */
function withOrigins(planned: PlannedRun, members: readonly Member[]): Member[] {
  const before = membersByKey(planned);
  const actions = new Map(
    planned.waves.flat().map(({ item, change }) => [keyOf(item.reference), change.action]),
  );
  return members.map((member) => {
    const key = keyOf(member.reference);
    const action = actions.get(key);
    const created = action === "create" || (action !== "adopt" && before.get(key)?.created);
    const { created: _, ...rest } = member;
    return created ? { ...rest, created } : rest;
  });
}

function membersByKey({ stored }: PlannedRun): Map<string, Member> {
  return new Map(stored.inventory.members.map((member) => [keyOf(member.reference), member]));
}

/** Actions after which the object is another one than is recorded. */
const MAKING: ReadonlySet<Action> = new Set(["create", "adopt", "replace"]);

/** What the component will have: every member so far, and everything that Git wants. */
export function intendedInventory(planned: PlannedRun, source: RecordedSource): Inventory {
  const { inventory } = planned.stored;
  const members = membersByKey(planned);
  const made = new Set(
    planned.waves.flat().filter(({ change }) => MAKING.has(change.action))
      .map(({ item }) => keyOf(item.reference)),
  );
  for (const item of planned.prepared) {
    const key = keyOf(item.reference);
    // Which of the two lives when the run dies, nobody knows: the one that is recorded, or one that it made.
    if (!members.has(key) || made.has(key)) members.set(key, plannedMember(item));
  }
  return { ...inventory, ...recordOf(planned, source, [...members.values()], "applying") };
}

/**
 * Makes sure that an inventory still fits when all its members exist: what is only intended takes a tenth of the space,
 * and a run that can't record what it has done would never be complete.
 *
 * @throws {ApplyError} `inventory-too-large`
 */
export function assertFits(inventory: Inventory): void {
  const time = new Date().toISOString();
  const random = () => randomBytes(16).toString("base64url");
  const members = inventory.members.map((member) =>
    member.uid === undefined
      ? { ...member, uid: crypto.randomUUID(), hash: random(), fields: random(), time }
      : member
  );
  encodeInventory({ ...inventory, members });
}

/** Writes what a run has made of the component. A cluster that is out of reach keeps the intention instead. */
export async function recordResult(
  cluster: Cluster,
  stored: StoredInventory,
  planned: PlannedRun,
  { execution, left }: RunResult,
  source: RecordedSource,
): Promise<void> {
  if (isOutOfReach(execution.stopped)) return;
  const before = membersByKey(planned);
  const wanted = planned.prepared.map((item) => {
    const key = keyOf(item.reference);
    const known = execution.applied.get(key) ?? before.get(key);
    const untrusted = execution.failed.has(key) || known === undefined;
    return untrusted ? { ...known, ...plannedMember(item) } : placed(known, item);
  });
  const undeleted = [...left].flatMap((key) => before.get(key) ?? []);
  const members = [...wanted, ...planned.kept.map(({ member }) => member), ...undeleted];
  const complete = execution.stopped === undefined && execution.failed.size === 0 &&
    left.size === 0;
  const inventory = {
    ...planned.stored.inventory,
    ...recordOf(planned, source, members, complete ? "complete" : "failed"),
    fights: fightsAfter(planned, execution, cluster.now()),
  };
  await writeInventory(cluster, { ...stored, inventory });
}

/** After a run without changes: new fingerprints, or the new revision that changed nothing. */
export async function recordUnchanged(
  cluster: Cluster,
  planned: PlannedRun,
  source: RecordedSource,
): Promise<void> {
  const { inventory, resourceVersion } = planned.stored;
  const settled = planned.prepared.length === 0;
  if (settled && inventory.source.revision === source.revision) return;
  const members = settled ? inventory.members : unchangedMembers(planned);
  try {
    await writeInventory(cluster, {
      resourceVersion,
      inventory: { ...inventory, ...recordOf(planned, source, members, "complete") },
    });
  } catch (error) {
    // Whoever was quicker recorded the same.
    if (!(error instanceof ApplyError && error.code === "moved")) throw error;
  }
}

function unchangedMembers(planned: PlannedRun): Member[] {
  const before = membersByKey(planned);
  const members = planned.waves.flat().map((decision) => {
    const { item, live } = decision;
    const known = before.get(keyOf(item.reference));
    return live === undefined && known !== undefined
      ? placed(known, item)
      : memberOf(decision, live ?? item.object);
  });
  return [...members, ...planned.kept.map(({ member }) => member)];
}

/** The part of an inventory that each write sets. */
function recordOf(
  planned: PlannedRun,
  source: RecordedSource,
  members: readonly Member[],
  state: InventoryState,
): Omit<Inventory, "component" | "namespace" | "salt"> {
  const { inventory } = planned.stored;
  const refreshed = planned.refreshed || inventory.refreshed === undefined
    ? new Date().toISOString()
    : inventory.refreshed;
  return {
    state,
    source: { url: source.url, revision: source.revision },
    renderKey: state === "complete" ? planned.renderKey : undefined,
    refreshed: state === "complete" ? refreshed : inventory.refreshed,
    resources: resourcesOf(planned, inventory),
    members: withOrigins(planned, members),
    outside: planned.outside,
  };
}

function resourcesOf(planned: PlannedRun, inventory: Inventory): Resource[] {
  const resources = new Map<string, Resource>();
  for (
    const resource of [
      ...inventory.resources,
      ...planned.prepared.map((item) => item.resource).filter((resource) => !isExternal(resource)),
    ]
  ) {
    resources.set(`${resource.group}/${resource.kind}`, resource);
  }
  return [...resources.values()];
}

function isOutOfReach(stopped: unknown): boolean {
  return (stopped instanceof ClusterError && stopped.code === "unreachable") ||
    (stopped instanceof ApplyError && stopped.code === "lease-lost");
}
