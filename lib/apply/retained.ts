/**
 * What a rollback keeps of a component, so that the next deploy finds it again: which volume each claim had, and the
 * values of generated secrets.
 *
 * It is one Secret in the system namespace, as the inventory is: whoever may read it may read the component's Secrets
 * while it is deployed. Nothing in it is ever told; a Secret is kept without the keys that parameters give anew.
 * @module
 */
import { Buffer } from "node:buffer";
import { z } from "zod";
import { type Cluster, SECRETS } from "../cluster/mod.ts";
import type { SecretReader } from "../kinds/mod.ts";
import { SYSTEM_NAMESPACE } from "../names.ts";
import type { KubernetesObject } from "../object.ts";
import { ApplyError } from "./errors.ts";
import { ensureSystemNamespace } from "./inventory.ts";

const DATA_KEY = "retained";
/** The API server refuses a Secret of more than 1 MiB; this leaves room for its metadata. */
const MAX_BYTES = 1_000_000;

const place = { namespace: z.string(), name: z.string(), uid: z.string() };
const volume = z.object({
  claim: z.object({
    ...place,
    labels: z.record(z.string(), z.string()),
    /** Without the name of the volume. */
    spec: z.record(z.string(), z.unknown()),
  }),
  name: z.string(),
  uid: z.string(),
  /** As the API writes quantities: `20Gi`. */
  capacity: z.string(),
});
const secret = z.object({
  ...place,
  annotations: z.record(z.string(), z.string()),
  /** In base64. */
  data: z.record(z.string(), z.string()),
});
const retained = z.object({
  format: z.literal(1),
  component: z.string(),
  /** Namespace of the component. */
  namespace: z.string(),
  volumes: z.array(volume),
  secrets: z.array(secret),
  outside: z.array(z.object({ what: z.string(), where: z.string(), back: z.string() })),
});

/** A volume, and the claim that it is bound to or was. */
export type RetainedVolume = Readonly<z.output<typeof volume>>;
/** The generated values of a Secret. */
export type RetainedSecret = Readonly<z.output<typeof secret>>;
/** What is kept of a component. */
export type Retained = Readonly<Omit<z.output<typeof retained>, "format">>;

/** A record together with the version that was read, which guards its next write. */
export interface StoredRetained {
  readonly retained: Retained;
  readonly resourceVersion: string;
}

/** Name of the record's Secret. */
export function retainedName(component: string): string {
  return `retained-${component}`;
}

/**
 * Adds what lives now to what was kept before. A volume is known by its UID, a secret by its name.
 *
 * @example
 * ```ts
 * import { mergeRetained } from "./retained.ts";
 * import assert from "node:assert/strict";
 *
 * const secret = { namespace: "web", name: "keys", uid: "1", annotations: {}, data: { key: "YQ==" } };
 * const kept = { component: "web", namespace: "web", volumes: [], secrets: [secret], outside: [] };
 * const now = { ...kept, secrets: [{ ...secret, data: { key: "Yg==" } }] };
 * assert.deepEqual(mergeRetained(kept, now), now);
 * ```
 */
export function mergeRetained(before: Retained | undefined, now: Retained): Retained {
  if (before === undefined) return now;
  const volumes = new Map([...before.volumes, ...now.volumes].map((item) => [item.uid, item]));
  const secrets = new Map(
    [...before.secrets, ...now.secrets].map((item) => [`${item.namespace}/${item.name}`, item]),
  );
  return { ...now, volumes: [...volumes.values()], secrets: [...secrets.values()] };
}

/** Whether nothing is kept. */
export function isEmpty({ volumes, secrets }: Retained): boolean {
  return volumes.length === 0 && secrets.length === 0;
}

/**
 * Reads what is kept of a component, or undefined.
 *
 * @throws {ApplyError} `retained-unreadable`
 */
export async function readRetained(
  cluster: Cluster,
  component: string,
): Promise<StoredRetained | undefined> {
  const object = await cluster.get(SECRETS, nameOf(component));
  if (object === undefined) return undefined;
  return {
    retained: decodeRetained(object),
    resourceVersion: object.metadata.resourceVersion ?? "",
  };
}

/**
 * Writes the record, only over the version that was read, and reads it back.
 *
 * @throws {ApplyError} `retained-too-large`, or `not-retained` when something else was read than was written.
 */
export async function writeRetained(
  cluster: Cluster,
  kept: Retained,
  resourceVersion: string | undefined,
): Promise<StoredRetained> {
  const object = encodeRetained(kept);
  if (resourceVersion === undefined) {
    await ensureSystemNamespace(cluster);
    await cluster.create(SECRETS, object);
  } else {
    object.metadata.resourceVersion = resourceVersion;
    await cluster.update(SECRETS, object);
  }
  const stored = await readRetained(cluster, kept.component);
  if (stored !== undefined && JSON.stringify(stored.retained) === textOf(kept)) return stored;
  throw new ApplyError("not-retained", "The record of what is kept can't be read back", {
    place: { object: `Secret ${SYSTEM_NAMESPACE}/${retainedName(kept.component)}` },
    hint: "Nothing was deleted. Look who else writes to it, and run again.",
  });
}

/** Removes the record. What it led to must be in use again, or gone. */
export async function removeRetained(cluster: Cluster, component: string): Promise<void> {
  await cluster.delete(SECRETS, nameOf(component));
}

/** A reader that knows the kept values of Secrets that don't live. */
export function readerWith(reader: SecretReader, kept: Retained | undefined): SecretReader {
  return {
    async readSecret(namespace, name) {
      const live = await reader.readSecret(namespace, name);
      if (live !== undefined) return live;
      const found = kept?.secrets.find((item) =>
        item.namespace === namespace && item.name === name
      );
      if (found === undefined) return undefined;
      const { annotations, data } = found;
      return { apiVersion: "v1", kind: "Secret", metadata: { namespace, name, annotations }, data };
    },
  };
}

/** The Secret that holds a record. */
export function encodeRetained(kept: Retained): KubernetesObject {
  const text = JSON.stringify(retained.parse({ format: 1, ...kept }));
  if (text.length > MAX_BYTES) {
    throw new ApplyError(
      "retained-too-large",
      `What is to be kept takes ${text.length} bytes; a Secret holds 1 MiB`,
      { hint: "Nothing was deleted. Split the component into several." },
    );
  }
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { ...nameOf(kept.component) },
    type: "plumb.thinkube.io/retained",
    data: { [DATA_KEY]: Buffer.from(text).toString("base64") },
  };
}

/**
 * The record that a Secret holds.
 *
 * @throws {ApplyError} `retained-unreadable`
 */
export function decodeRetained(object: KubernetesObject): Retained {
  try {
    const data = z.object({ [DATA_KEY]: z.string() }).parse(object["data"])[DATA_KEY] ?? "";
    const { format: _, ...kept } = retained.parse(
      JSON.parse(Buffer.from(data, "base64").toString()),
    );
    return kept;
  } catch (cause) {
    throw new ApplyError(
      "retained-unreadable",
      "The record of what a rollback kept can't be read",
      {
        place: { object: `Secret ${SYSTEM_NAMESPACE}/${object.metadata.name}` },
        hint:
          "It was changed by hand, or written by a newer Plumb. Restore it: without it the component gets new volumes and new secrets.",
        cause,
      },
    );
  }
}

function textOf(kept: Retained): string {
  const { format: _, ...clean } = retained.parse({ format: 1, ...kept });
  return JSON.stringify(clean);
}

function nameOf(component: string): { namespace: string; name: string } {
  return { namespace: SYSTEM_NAMESPACE, name: retainedName(component) };
}
