/**
 * The components that a cluster knows, by the records of them.
 * @module
 */
import { type Cluster, SECRETS } from "../cluster/mod.ts";
import { API_GROUP, SYSTEM_NAMESPACE } from "../names.ts";
import type { KubernetesObject } from "../object.ts";
import { nearestName } from "../suggest.ts";
import { ApplyError } from "./errors.ts";
import { decodeInventory, type Inventory, inventoryName } from "./inventory.ts";
import { readJournal, type Run } from "./journal.ts";
import { retainedName } from "./retained.ts";

const MAX_NAMES = 20;

/** All records of a sort, in one request for 500 of them. */
export async function listRecords(
  cluster: Cluster,
  sort: "inventory" | "journal",
): Promise<KubernetesObject[]> {
  return await cluster.list(SECRETS, {
    namespace: SYSTEM_NAMESPACE,
    fieldSelector: `type=${API_GROUP}/${sort}`,
  });
}

/** The components of which a rollback keeps data. What it keeps is not read. */
export async function listRetained(cluster: Cluster): Promise<string[]> {
  const secrets = await cluster.listMetadata(SECRETS, SYSTEM_NAMESPACE);
  const prefix = retainedName("");
  return secrets.map(({ reference: { name } }) => name)
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length));
}

/** The inventories of all components. One that can't be read is left out: a run for it says why. */
export async function listInventories(cluster: Cluster): Promise<Inventory[]> {
  return (await listRecords(cluster, "inventory")).flatMap((secret) => {
    try {
      return [decodeInventory(secret)];
    } catch (error) {
      if (error instanceof ApplyError) return [];
      throw error;
    }
  });
}

/** A component, as its records have it. */
export interface KnownComponent {
  /** Where it came from last. */
  readonly source: Run["source"];
  /** Absent once it was taken out of the cluster. */
  readonly namespace?: string;
}

/**
 * Finds a component that the cluster knows.
 *
 * @throws {ApplyError} `unknown-component`: a name that the cluster does not know is a slip.
 */
export async function findComponent(
  cluster: Cluster,
  component: string,
): Promise<KnownComponent> {
  const name = inventoryName(component);
  const [secret, journal] = await Promise.all([
    cluster.get(SECRETS, { namespace: SYSTEM_NAMESPACE, name }),
    readJournal(cluster, component),
  ]);
  if (secret !== undefined) {
    const { source, namespace } = decodeInventory(secret);
    return { source, namespace };
  }
  // After a rollback the journal is what remains.
  const last = journal.runs[0];
  if (last !== undefined) return { source: last.source };
  throw await unknownComponent(cluster, component);
}

/** The error about a name that the cluster does not know, with those that it does. */
export async function unknownComponent(cluster: Cluster, component: string): Promise<ApplyError> {
  const inventories = await listRecords(cluster, "inventory");
  const names = inventories.map((secret) => decodeInventory(secret).component).sort();
  const nearest = nearestName(component, names);
  const known = names.length === 0
    ? "It has none yet"
    : `It has ${names.slice(0, MAX_NAMES).join(", ")}`;
  return new ApplyError("unknown-component", `The cluster knows no component ${component}`, {
    hint: nearest === undefined
      ? `${known}. A component is known once it was reconciled.`
      : `Did you mean ${nearest}?`,
  });
}
