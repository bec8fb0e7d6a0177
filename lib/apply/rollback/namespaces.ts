/** Deletes namespaces: only ours, only when all that matters in them is kept, and with words about what holds them. @module */
import { setTimeout as delay } from "node:timers/promises";
import { type Cluster, SECRETS } from "../../cluster/mod.ts";
import { isMap } from "../../field_path.ts";
import { apiVersionOf, describe, type ObjectReference } from "../../object.ts";
import type { Deletion } from "../../plan/mod.ts";
import { ApplyError } from "../errors.ts";
import {} from "../inventory.ts";
import { prune, type PruneOptions } from "../prune.ts";
import { remainsOf } from "../remains.ts";
import { isEmpty, readRetained, type Retained } from "../retained.ts";
import { boundVolumes, retainVolumes } from "../volumes.ts";
import { contentsOf } from "./contents.ts";
import { assertOnlyOurs, strangersIn } from "./survey.ts";

/** The garbage collector and the controllers of Services clean up within seconds. */
const PATIENCE_MILLISECONDS = 30_000;
const POLL_MILLISECONDS = 500;
const MAX_LINES = 20;

/**
 * Deletes namespaces and waits until they are gone.
 *
 * @returns keys of those that are still there.
 * @throws {ApplyError} `namespace-shared` when somebody made something in one meanwhile, `not-retained` when something
 * in one is not kept.
 */
export async function removeNamespaces(
  cluster: Cluster,
  deletions: readonly Deletion[],
  { uids, retained, ...options }: Omit<PruneOptions, "explain"> & {
    /** Of what the component made. */
    readonly uids: ReadonlySet<string>;
    readonly retained: Retained;
  },
): Promise<ReadonlySet<string>> {
  for (const { reference: { name } } of deletions) {
    await untilOnlyOurs(cluster, name, { uids, signal: options.signal });
    await assertKept(cluster, name, retained);
  }
  return await prune(cluster, [deletions], {
    ...options,
    explain: (reference) => whatHolds(cluster, reference),
  });
}

async function untilOnlyOurs(
  cluster: Cluster,
  namespace: string,
  { uids, signal }: {
    readonly uids: ReadonlySet<string>;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<void> {
  const end = performance.now() + PATIENCE_MILLISECONDS;
  for (;;) {
    signal?.throwIfAborted();
    const found = await strangersIn(cluster, namespace, uids);
    if (found.foreign.length === 0 || performance.now() > end) return assertOnlyOurs(found);
    await delay(POLL_MILLISECONDS);
  }
}

/** Looks once more, in the cluster itself, whether all that the namespace takes along is kept. */
async function assertKept(cluster: Cluster, namespace: string, wanted: Retained): Promise<void> {
  const stored = await readRetained(cluster, wanted.component);
  const kept = stored?.retained ?? { ...wanted, volumes: [], secrets: [] };
  const volumes = await boundVolumes(cluster, namespace);
  const missing = volumes.filter(({ uid }) => !kept.volumes.some((other) => other.uid === uid))
    .map(({ claim }) => `PersistentVolumeClaim ${claim.namespace}/${claim.name}`);
  const secrets = wanted.secrets.filter((secret) => secret.namespace === namespace);
  for (const { name, data } of secrets) {
    const live = (await cluster.get(SECRETS, { namespace, name }))?.["data"];
    const same = kept.secrets.some((other) =>
      other.namespace === namespace && other.name === name &&
      Object.entries(data).every(([key, value]) =>
        other.data[key] === value && (!isMap(live) || live[key] === value)
      )
    );
    if (!same) missing.push(`Secret ${namespace}/${name}`);
  }
  if (missing.length > 0 || (stored === undefined && !isEmpty(wanted))) {
    throw new ApplyError(
      "not-retained",
      `The namespace stays, since not all of it is kept: ${missing.join(", ")}`,
      { hint: "Something changed meanwhile. Run again: what is there now is kept then." },
    );
  }
  await retainVolumes(cluster, volumes);
}

/** Which objects a namespace waits for, by which finalizers, and what to do about it. */
async function whatHolds(cluster: Cluster, { name }: ObjectReference): Promise<readonly string[]> {
  const { objects, unseen } = await contentsOf(cluster, name);
  const held = objects.filter(({ metadata }) => (metadata.finalizers ?? []).length > 0);
  const lines = held.slice(0, MAX_LINES).flatMap(({ reference, metadata, resource }) => {
    const { group, kind } = resource;
    const apiVersion = apiVersionOf(resource);
    return [
      `${describe(reference)} ${remainsOf({ apiVersion, kind, metadata })}`,
      `  → start what must remove it; if that is gone for good: kubectl patch ${resource.plural}${
        group === "" ? "" : `.${group}`
      } ${reference.name} --namespace ${name} --type merge --patch '{"metadata":{"finalizers":null}}'`,
    ];
  });
  return [
    ...lines,
    ...(held.length > MAX_LINES ? [`and ${held.length - MAX_LINES} more`] : []),
    ...(unseen.length === 0 ? [] : [`These credentials can't look at: ${unseen.join(", ")}`]),
  ];
}
