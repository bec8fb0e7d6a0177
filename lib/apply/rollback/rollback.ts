/**
 * Takes a component out of the cluster and keeps its data, so that the next deploy finds it again.
 *
 * All of it comes from the component's record: neither Git nor parameters are needed. The order makes every moment a
 * safe one to be killed at: the record of what is kept, then the volumes, then the objects in the reverse order of
 * their deploy, then the namespace, and only then the component's own record. Either a rollback or a deploy goes on
 * from wherever the last one stopped.
 * @module
 */
import { type Cluster, SECRETS } from "../../cluster/mod.ts";
import { messageOf } from "../../errors.ts";
import { type Emit, noCounts, type Outcome } from "../../event.ts";
import { SYSTEM_NAMESPACE } from "../../names.ts";
import { describe, keyOf } from "../../object.ts";
import { deletionWaves, reportOf } from "../../plan/mod.ts";
import { Account } from "../account.ts";
import { unknownComponent } from "../components.ts";
import { ApplyError } from "../errors.ts";
import {
  findInventory,
  inventoryName,
  type StoredInventory,
  writeInventory,
} from "../inventory.ts";
import { Lease } from "../lease.ts";
import { prune } from "../prune.ts";
import { amend } from "../remember.ts";
import {
  isEmpty,
  readRetained,
  type Retained,
  type StoredRetained,
  writeRetained,
} from "../retained.ts";
import { retainVolumes } from "../volumes.ts";
import { assertAllowed, assertUnmoved } from "./checks.ts";
import { removeNamespaces } from "./namespaces.ts";
import { removeOutside } from "./outside.ts";
import { lossOf, purge } from "./purge.ts";
import { assertOnlyOurs, type Survey, survey, wavesOf } from "./survey.ts";
import { keptEvents, lostEvents, outsideEvents, volumeInWords } from "./told.ts";

/** What a rollback does, and how. */
export interface RollbackOptions {
  /** Name of the component, as its record goes by. */
  readonly component: string;
  /** Delete the data, too. */
  readonly deleteData: boolean;
  /** Leave the namespace, and what else is in it. */
  readonly keepNamespace: boolean;
  /** Who runs, for the lease and the journal. */
  readonly identity: string;
  /** Asked after the plan was told, and before anything is written; throws where nobody has agreed. */
  readonly confirm: (deletions: number) => Promise<boolean>;
  /** For one wave, in milliseconds. */
  readonly timeout: number;
  readonly emit: Emit;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Rolls a component back.
 *
 * @returns how it ended; what happened on the way is in the events.
 * @throws {ApplyError} `unknown-component`, `namespace-shared`, `permission-missing`, `not-retained` and others, each
 * before anything was lost.
 */
export async function rollback(cluster: Cluster, options: RollbackOptions): Promise<Outcome> {
  const { component, identity, emit } = options;
  emit({ type: "stage", stage: "observe" });
  const [stored, before] = await Promise.all([
    findInventory(cluster, component),
    readRetained(cluster, component),
  ]);
  if (stored === undefined && before === undefined) {
    throw await unknownComponent(cluster, component);
  }
  const source = stored?.inventory.source ?? { url: "", revision: "" };
  const account = new Account(emit);
  const keep = (result: "rolled-back" | "failed", message: string) =>
    amend(
      cluster,
      account,
      { component: { name: component }, source, identity, emit },
      { command: "rollback", result, message },
    );
  try {
    const told = { ...options, emit: account.emit };
    const { outcome, message } = await run(cluster, told, { stored, before });
    if (account.hasActed) await keep(outcome === "applied" ? "rolled-back" : "failed", message);
    return outcome;
  } catch (error) {
    if (account.hasActed) await keep("failed", messageOf(error));
    throw error;
  }
}

/** What is recorded of a component; one of the two is there. */
interface Records {
  readonly stored: StoredInventory | undefined;
  readonly before: StoredRetained | undefined;
}

async function run(
  cluster: Cluster,
  options: RollbackOptions,
  { stored, before }: Records,
): Promise<Conclusion> {
  const started = performance.now();
  const { component, emit } = options;
  const found = stored === undefined
    ? undefined
    : await survey(cluster, stored, { before, keepNamespace: options.keepNamespace });
  const retained = found?.retained ?? before?.retained;
  if (retained === undefined) throw await unknownComponent(cluster, component);
  const deletions = await tellPlan(cluster, retained, { found, ...options });
  const conclude: Conclude = (outcome, message, failed = 0) => {
    const seconds = (performance.now() - started) / 1000;
    const counts = { ...noCounts(), delete: deletions };
    emit({ type: "result", outcome, counts, failed, seconds, message });
    return { outcome, message };
  };
  if (found === undefined && !options.deleteData) {
    return conclude("in-sync", "It is rolled back already; its data is kept");
  }
  if (found !== undefined) assertOnlyOurs(found);
  await assertAllowed(cluster, found, retained);
  if (!await options.confirm(deletions)) throw unconfirmed();
  emit({ type: "stage", stage: "lease" });
  const lease = await Lease.acquire(cluster, component, options);
  if (!(lease instanceof Lease)) {
    return conclude("busy", `Another run is at work: ${lease.holder}`);
  }
  await using _ = lease;
  await assertUnmoved(cluster, stored, component);
  const writer = cluster.uninterrupted({ before: () => lease.assertHeld() });
  const writing = { ...options, writer, lease };
  emit({ type: "stage", stage: "prune" });
  const left = found === undefined ? 0 : await remove(found, before, writing);
  const stuck = left === 0 && options.deleteData ? await purge(writer, retained, writing) : 0;
  return left + stuck > 0
    ? conclude("failed", `${left + stuck} of the objects are still there; run again`, left + stuck)
    : conclude("applied", endOf(retained, options));
}

/** How a run ended, and in words. */
interface Conclusion {
  readonly outcome: Outcome;
  readonly message: string;
}
type Conclude = (outcome: Outcome, message: string, failed?: number) => Conclusion;

/** A rollback that may write. */
interface Writing extends RollbackOptions {
  readonly writer: Cluster;
  readonly lease: Lease;
}

function endOf(retained: Retained, { component, deleteData }: RollbackOptions): string {
  if (deleteData) return `${component} is rolled back, and its data is deleted`;
  return isEmpty(retained)
    ? `${component} is rolled back`
    : `${component} is rolled back; its data is kept for the next deploy`;
}

/** Tells what goes and what stays. @returns how many objects go. */
async function tellPlan(
  cluster: Cluster,
  retained: Retained,
  { found, emit, deleteData }: RollbackOptions & { readonly found: Survey | undefined },
): Promise<number> {
  const waves = found === undefined ? [] : wavesOf(found);
  const changes = waves.flat().map((change) => {
    const { reason, ...report } = reportOf(change);
    return reason === undefined || reason === "" ? report : { ...report, reason };
  });
  const counts = { ...noCounts(), delete: changes.length };
  emit({ type: "plan", counts, changes, waves: waves.length });
  for (const { reference, reason } of found?.removal.kept ?? []) {
    emit({ type: "warning", message: `${describe(reference)} stays: ${reason}` });
  }
  if (!deleteData) {
    for (const event of keptEvents(retained)) emit(event);
    return changes.length;
  }
  const { lost, staying } = await lossOf(cluster, retained);
  for (const event of [...lostEvents(lost), ...outsideEvents(retained)]) emit(event);
  for (const volume of staying) {
    const message = "its class says Retain. Delete it by hand";
    emit({ type: "data", state: "kept", what: volumeInWords(volume), message });
  }
  return changes.length;
}

/** Keeps what must be kept, and then deletes. @returns how many objects are still there. */
async function remove(
  found: Survey,
  before: StoredRetained | undefined,
  run: Writing,
): Promise<number> {
  const { writer, component } = run;
  const { removal, members, targets, retained } = found;
  const { inventory } = found.stored;
  const stored = await writeInventory(writer, {
    ...found.stored,
    inventory: { ...inventory, members, state: "removing", renderKey: undefined },
  });
  if (!isEmpty(retained)) await writeRetained(writer, retained, before?.resourceVersion);
  await retainVolumes(writer, retained.volumes);
  const outside = new Set<string>();
  const pruning = { ...run, wait: true, targets, component };
  for (const wave of deletionWaves(removal.delete)) {
    run.signal?.throwIfAborted();
    for (const key of await removeOutside(writer, wave, run)) outside.add(key);
    const inside = wave.filter(({ handle }) => handle === undefined);
    const left = await prune(writer, [inside], pruning);
    if (left.size > 0) return left.size + outside.size;
  }
  const left = await removeNamespaces(writer, removal.namespaces, {
    ...pruning,
    uids: found.uids,
    retained,
  });
  if (left.size > 0) return left.size + outside.size;
  if (outside.size === 0) {
    await writer.delete(SECRETS, recordOf(component));
  } else {
    const rest = members.filter(({ reference }) => outside.has(keyOf(reference)));
    await writeInventory(writer, {
      ...stored,
      inventory: { ...stored.inventory, members: rest },
    });
  }
  return outside.size;
}

function recordOf(component: string): { namespace: string; name: string } {
  return { namespace: SYSTEM_NAMESPACE, name: inventoryName(component) };
}

function unconfirmed(): ApplyError {
  return new ApplyError("rollback-unconfirmed", "The rollback was not confirmed", {
    hint: "Nothing was changed.",
  });
}
