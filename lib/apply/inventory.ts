/**
 * The inventory: what a component has in the cluster and what its last run recorded of each object.
 *
 * It is one Secret in the system namespace and at the same time the ApplySet parent of KEP-3659. A Secret,
 * because it also holds the salt of the hashes: without it, nobody can test guesses at secret values against them.
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash, randomBytes } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import { z } from "zod";
import { type Cluster, ClusterError, NAMESPACES, type Resource, SECRETS } from "../cluster/mod.ts";
import { APPLYSET, SYSTEM_NAMESPACE } from "../names.ts";
import type { OutsideData } from "../component/mod.ts";
import type { KubernetesObject } from "../object.ts";
import type { Fight, Member } from "../plan/mod.ts";
import { ApplyError } from "./errors.ts";

/** How the last run ended. `applying` means that it never did, `removing` that a rollback has not. */
export type InventoryState = "applying" | "complete" | "failed" | "removing";

/** The record of one component. */
export interface Inventory {
  readonly component: string;
  /** Namespace of the component. */
  readonly namespace: string;
  readonly state: InventoryState;
  /** Where the last run took its objects from. */
  readonly source: { readonly url: string; readonly revision: string };
  /** Identity of everything that rendering depends on, if the last run was complete. */
  readonly renderKey?: string | undefined;
  /** Key of all hashes in this record; random, kept for ever. */
  readonly salt: string;
  /** When every object was last dry-run, RFC 3339. */
  readonly refreshed?: string | undefined;
  /** The API resources of the members, so that a run without changes needs no discovery. */
  readonly resources: readonly Resource[];
  readonly members: readonly Member[];
  /** Fields that were corrected lately. */
  readonly fights?: readonly Fight[] | undefined;
  /** Data that is not the component's own, as the component says: a rollback tells that it stays. */
  readonly outside?: OutsideData[] | undefined;
}

/** An inventory together with the version that was read, which guards its next write. */
export interface StoredInventory {
  readonly inventory: Inventory;
  /** Absent when nothing is stored yet. */
  readonly resourceVersion?: string | undefined;
}

/** The API server refuses a Secret of more than 1 MiB; this leaves room for its metadata. */
const MAX_BYTES = 1_000_000;
const MAX_UNPACKED_BYTES = 64 * 1024 * 1024;
/** KEP-3659 limits the id to a label's length; the group-kinds annotation is cut to stay below etcd's. */
const DATA_KEY = "inventory";

const reference = z.object({
  group: z.string(),
  kind: z.string(),
  namespace: z.string().optional(),
  name: z.string(),
});
const stored = z.object({
  format: z.literal(1),
  component: z.string(),
  namespace: z.string(),
  state: z.enum(["applying", "complete", "failed", "removing"]),
  source: z.object({ url: z.string(), revision: z.string() }),
  renderKey: z.string().optional(),
  salt: z.string(),
  refreshed: z.string().optional(),
  resources: z.array(z.object({
    group: z.string(),
    version: z.string(),
    kind: z.string(),
    plural: z.string(),
    namespaced: z.boolean(),
  })),
  members: z.array(z.object({
    reference,
    version: z.string(),
    provenance: z.object({ file: z.string(), line: z.number() }),
    uid: z.string().optional(),
    hash: z.string(),
    fields: z.string().optional(),
    time: z.string().optional(),
    sources: z.array(z.object({ reference, resourceVersion: z.string() })).optional(),
    retain: z.boolean().optional(),
    generated: z.array(z.string()).optional(),
    created: z.boolean().optional(),
    expires: z.boolean().optional(),
    wave: z.int().optional(),
    handle: z.record(z.string(), z.unknown()).optional(),
  })),
  outside: z.array(z.object({ what: z.string(), where: z.string(), back: z.string() })).optional(),
  fights: z.array(z.object({
    object: z.string(),
    path: z.string(),
    manager: z.string(),
    corrections: z.int(),
    rate: z.number(),
    at: z.string(),
  })).optional(),
});

/** Name of the inventory's Secret. */
export function inventoryName(component: string): string {
  return `inventory-${component}`;
}

/**
 * The ApplySet id of a component, by the formula of KEP-3659 for a Secret as the parent.
 *
 * @example
 * ```ts
 * import { applySetId } from "./inventory.ts";
 * import assert from "node:assert/strict";
 *
 * assert.match(applySetId("cvat"), /^applyset-[A-Za-z0-9_-]{43}-v1$/);
 * ```
 */
export function applySetId(component: string): string {
  const parent = `${inventoryName(component)}.${SYSTEM_NAMESPACE}.Secret.`;
  return `applyset-${createHash("sha256").update(parent).digest("base64url")}-v1`;
}

/** An inventory with nothing in it, for a first run. */
export function emptyInventory(component: string, namespace: string): Inventory {
  return {
    component,
    namespace,
    state: "complete",
    source: { url: "", revision: "" },
    salt: randomBytes(16).toString("base64url"),
    resources: [],
    members: [],
  };
}

/**
 * Reads the inventory of a component; a component that was never applied has an empty one.
 *
 * @throws {ApplyError} `inventory-unreadable` when the record is damaged, `inventory-foreign` when the name is
 * taken by a component of another namespace.
 */
export async function readInventory(
  cluster: Cluster,
  component: string,
  namespace: string,
): Promise<StoredInventory> {
  const found = await findInventory(cluster, component);
  if (found === undefined) return { inventory: emptyInventory(component, namespace) };
  const { inventory } = found;
  if (inventory.namespace !== namespace) {
    throw new ApplyError(
      "inventory-foreign",
      `A component named ${component} is already deployed to namespace ${inventory.namespace}`,
      {
        place: { object: `Secret ${SYSTEM_NAMESPACE}/${inventoryName(component)}` },
        hint: "Give this one a name of its own with --name, or deploy it to that namespace.",
      },
    );
  }
  return found;
}

/**
 * The inventory of a component, wherever it is deployed to; undefined when it is not.
 *
 * @throws {ApplyError} `inventory-unreadable`
 */
export async function findInventory(
  cluster: Cluster,
  component: string,
): Promise<StoredInventory | undefined> {
  const secret = await cluster.get(SECRETS, {
    namespace: SYSTEM_NAMESPACE,
    name: inventoryName(component),
  });
  return secret === undefined ? undefined : {
    inventory: decodeInventory(secret),
    resourceVersion: secret.metadata.resourceVersion,
  };
}

/**
 * Writes the inventory, only over the version that was read.
 *
 * @returns what is stored now.
 * @throws {ApplyError} `moved` when another run has written it meanwhile, `inventory-too-large` for about 14,000
 * objects and more.
 */
export async function writeInventory(
  cluster: Cluster,
  { inventory, resourceVersion }: StoredInventory,
): Promise<StoredInventory> {
  const secret = encodeInventory(inventory);
  try {
    if (resourceVersion === undefined) {
      await ensureSystemNamespace(cluster);
      const created = await cluster.create(SECRETS, secret);
      return { inventory, resourceVersion: created.metadata.resourceVersion };
    }
    secret.metadata.resourceVersion = resourceVersion;
    const updated = await cluster.update(SECRETS, secret);
    return { inventory, resourceVersion: updated.metadata.resourceVersion };
  } catch (error) {
    if (error instanceof ClusterError && error.status === 409) {
      throw new ApplyError("moved", "Another run has written the inventory meanwhile", {
        place: { object: `Secret ${SYSTEM_NAMESPACE}/${inventoryName(inventory.component)}` },
        hint: "Run again: the next run starts from what the other one left.",
        cause: error,
      });
    }
    throw error;
  }
}

/** Makes sure that the namespace of inventories and leases exists. */
export async function ensureSystemNamespace(cluster: Cluster): Promise<void> {
  const namespace: KubernetesObject = {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: SYSTEM_NAMESPACE },
  };
  if (await cluster.get(NAMESPACES, { name: SYSTEM_NAMESPACE }) !== undefined) return;
  try {
    await cluster.create(NAMESPACES, namespace);
  } catch (error) {
    if (!(error instanceof ClusterError && error.status === 409)) throw error;
  }
}

/** The Secret that holds an inventory. */
export function encodeInventory(inventory: Inventory): KubernetesObject {
  const packed = gzipSync(JSON.stringify({ format: 1, ...inventory }), { level: 5 });
  if (packed.byteLength > MAX_BYTES) {
    throw new ApplyError(
      "inventory-too-large",
      `The record of ${inventory.members.length} objects takes ${packed.byteLength} bytes; a Secret holds 1 MiB`,
      { hint: "Split the component into several: there is room for about 14,000 objects." },
    );
  }
  const kinds = new Set(
    inventory.resources.map(({ kind, group }) => group ? `${kind}.${group}` : kind),
  );
  const namespaces = new Set(inventory.members.map((member) => member.reference.namespace ?? ""));
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      name: inventoryName(inventory.component),
      namespace: SYSTEM_NAMESPACE,
      labels: { [APPLYSET.id]: applySetId(inventory.component) },
      annotations: {
        [APPLYSET.tooling]: "plumb/v1",
        [APPLYSET.containsGroupKinds]: [...kinds].sort().join(","),
        [APPLYSET.additionalNamespaces]: [...namespaces].filter((name) => name !== "").sort().join(
          ",",
        ),
      },
    },
    type: "plumb.thinkube.io/inventory",
    data: { [DATA_KEY]: packed.toString("base64") },
  };
}

/**
 * The inventory that a Secret holds.
 *
 * @throws {ApplyError} `inventory-unreadable`
 */
export function decodeInventory(secret: KubernetesObject): Inventory {
  try {
    const data = z.object({ [DATA_KEY]: z.string() }).parse(secret["data"])[DATA_KEY] ?? "";
    const text = gunzipSync(Buffer.from(data, "base64"), { maxOutputLength: MAX_UNPACKED_BYTES });
    const { format: _, ...inventory } = stored.parse(JSON.parse(text.toString()));
    return inventory as Inventory;
  } catch (cause) {
    throw new ApplyError("inventory-unreadable", "The inventory can't be read", {
      place: { object: `Secret ${SYSTEM_NAMESPACE}/${secret.metadata.name}` },
      hint:
        "It was changed by hand, or written by a newer Plumb. Restore it, or delete it: the next run then " +
        "recognises its objects by their ApplySet label, but prunes nothing that Git dropped before.",
      cause,
    });
  }
}
