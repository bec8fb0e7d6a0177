/**
 * Brings back what a rollback has kept: claims are bound to the volumes that they had, and the record goes when all
 * of it is in use again.
 * @module
 */
import { setTimeout as delay } from "node:timers/promises";
import { CLAIMS, type Cluster, SECRETS, VOLUMES } from "../cluster/mod.ts";
import type { Emit } from "../event.ts";
import { isMap } from "../field_path.ts";
import { ANNOTATION, APPLYSET, RESTORE_MANAGER } from "../names.ts";
import { describe, type KubernetesObject } from "../object.ts";
import { ApplyError } from "./errors.ts";
import { applySetId, type Inventory } from "./inventory.ts";
import { memberTargets } from "./plan_run.ts";
import type { PreparedObject } from "./prepare.ts";
import {
  isEmpty,
  removeRetained,
  type Retained,
  type RetainedSecret,
  type RetainedVolume,
  type StoredRetained,
  writeRetained,
} from "./retained.ts";
import { changePolicy, readVolume, volumeOf } from "./volumes.ts";
import { waitForDeletion } from "./wait_deletion.ts";

/** How to bring back. */
export interface RestoreOptions {
  /** In milliseconds. */
  readonly timeout: number;
  readonly emit: Emit;
  readonly signal?: AbortSignal | undefined;
}

const POLL_MILLISECONDS = 200;

/** A rollback that was interrupted may have left namespaces that are about to go: nothing can be made in them. */
export async function awaitRemoval(
  cluster: Cluster,
  inventory: Inventory,
  { timeout, emit, signal }: RestoreOptions,
): Promise<void> {
  if (inventory.state !== "removing") return;
  const namespaces = [...memberTargets(inventory).values()].filter(({ resource }) =>
    resource.group === "" && resource.kind === "Namespace"
  );
  const going = await Promise.all(namespaces.map(async ({ resource, reference }) => {
    const live = await cluster.get(resource, reference);
    return live?.metadata.deletionTimestamp === undefined
      ? []
      : [{ resource, reference, uid: live.metadata.uid ?? "" }];
  }));
  const onChange: Parameters<typeof waitForDeletion>[2]["onChange"] = (report) =>
    emit({ type: "health", ...report });
  await waitForDeletion(cluster, going.flat(), { timeout, onChange, signal });
}

/**
 * Makes the claims anew that an object is or brings, each for the volume that it had, and waits until they are bound.
 *
 * @throws {ApplyError} `volume-lost` when the volume is gone or somebody else's by now: rather no deploy than one
 * with an empty volume.
 */
export async function restoreVolumes(
  cluster: Cluster,
  retained: Retained | undefined,
  item: Pick<PreparedObject, "object" | "reference">,
  options: RestoreOptions,
): Promise<void> {
  if (retained === undefined) return;
  for (const volume of retained.volumes) {
    if (brings(item, volume)) await restoreVolume(cluster, retained.component, volume, options);
  }
}

/** Whether an object is the claim of a volume, or a StatefulSet whose controller would make it. */
function brings(
  { object, reference: { kind, namespace, name } }: Pick<PreparedObject, "object" | "reference">,
  { claim }: RetainedVolume,
): boolean {
  if (namespace !== claim.namespace) return false;
  if (kind === "PersistentVolumeClaim") return name === claim.name;
  const spec = object["spec"];
  if (kind !== "StatefulSet" || !isMap(spec) || !Array.isArray(spec["volumeClaimTemplates"])) {
    return false;
  }
  return spec["volumeClaimTemplates"].some((template) => {
    if (!isMap(template) || !isMap(template["metadata"])) return false;
    const prefix = `${template["metadata"]["name"]}-${name}-`;
    return claim.name.startsWith(prefix) && /^\d+$/.test(claim.name.slice(prefix.length));
  });
}

async function restoreVolume(
  cluster: Cluster,
  component: string,
  kept: RetainedVolume,
  options: RestoreOptions,
): Promise<void> {
  const { claim: { namespace, name, labels, spec } } = kept;
  const live = await cluster.get(CLAIMS, { namespace, name });
  if (live !== undefined && volumeOf(live).volumeName !== kept.name) return;
  // Under a manager of its own: Git does not name the volume, and would take the name back with its next apply.
  const apply = (annotations?: Record<string, string>) =>
    cluster.apply(CLAIMS, {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: {
        namespace,
        name,
        labels: { ...labels, [APPLYSET.partOf]: applySetId(component) },
        ...(annotations === undefined ? {} : { annotations }),
      },
      spec: { ...spec, volumeName: kept.name },
    }, { manager: RESTORE_MANAGER });
  if (live === undefined) {
    await freeVolume(cluster, kept);
    // The controller of volumes tries nothing again for a quarter of a minute, but looks at what changes: so it is
    // waited for at each step, and a mark on the claim has it look once more.
    await until(
      kept,
      options,
      async () => (await readVolume(cluster, kept.name))?.phase !== "Released",
    );
    const { metadata: { uid } } = await apply();
    await until(
      kept,
      options,
      async () => (await readVolume(cluster, kept.name))?.claim.uid === uid,
    );
    await apply({ [ANNOTATION.restored]: kept.name });
  }
  await until(kept, options, async () => {
    const claim = await cluster.get(CLAIMS, { namespace, name });
    return claim !== undefined && volumeOf(claim).isBound;
  });
}

async function until(
  { name, claim }: RetainedVolume,
  { timeout, signal }: RestoreOptions,
  isSo: () => Promise<boolean>,
): Promise<void> {
  const end = performance.now() + timeout;
  while (!await isSo()) {
    signal?.throwIfAborted();
    if (performance.now() > end) {
      throw new ApplyError("volume-lost", `Its volume ${name} does not bind again in time`, {
        place: { object: `PersistentVolumeClaim ${claim.namespace}/${claim.name}` },
        hint: `kubectl describe persistentvolume ${name} says why. Then run again.`,
      });
    }
    await delay(POLL_MILLISECONDS);
  }
}

/** Lets go of the old claim's UID, so that the volume waits for a claim of the same name, and for no other. */
async function freeVolume(
  cluster: Cluster,
  { name, uid, claim }: RetainedVolume,
): Promise<void> {
  const volume = await readVolume(cluster, name);
  const isNamed = volume?.claim.namespace === claim.namespace && volume?.claim.name === claim.name;
  if (volume !== undefined && isNamed && volume.claim.uid === undefined) return;
  if (volume?.uid !== uid || !isNamed || volume.claim.uid !== claim.uid) {
    throw new ApplyError(
      "volume-lost",
      volume === undefined
        ? `PersistentVolume ${name}, which a rollback kept, is gone`
        : `PersistentVolume ${name}, which a rollback kept, is another claim's now`,
      {
        place: { object: `PersistentVolumeClaim ${claim.namespace}/${claim.name}` },
        hint:
          `Bring it back from a backup, with spec.claimRef naming this claim without a uid. To begin with an empty one, ` +
          "give up all that is kept: `plumb rollback NAME --delete-data NAME`.",
      },
    );
  }
  await cluster.patch(VOLUMES, { name }, [
    { op: "test", path: "/metadata/uid", value: uid },
    { op: "test", path: "/spec/claimRef/uid", value: claim.uid },
    { op: "remove", path: "/spec/claimRef/uid" },
    ...(volume.claim.resourceVersion === undefined
      ? []
      : [{ op: "remove", path: "/spec/claimRef/resourceVersion" }]),
  ], "json");
}

/**
 * After a deploy: what is in use again leaves the record, and volumes get their reclaim policy back where the
 * component says so. What Git does not want now stays in the record.
 */
export async function settleRetained(
  cluster: Cluster,
  { retained, resourceVersion }: StoredRetained,
  { reclaimPolicy, emit }: Pick<RestoreOptions, "emit"> & {
    readonly reclaimPolicy: "Retain" | "former";
  },
): Promise<void> {
  const volumes: RetainedVolume[] = [];
  for (const kept of retained.volumes) {
    const { claim: { namespace, name } } = kept;
    const what = `PersistentVolume ${kept.name} (${kept.capacity})`;
    const claim = await cluster.get(CLAIMS, { namespace, name });
    const volume = await readVolume(cluster, kept.name);
    const isBack = claim !== undefined && volume !== undefined &&
      volumeOf(claim).volumeName === kept.name && volumeOf(claim).isBound &&
      volume.claim.uid === claim.metadata.uid;
    if (!isBack) {
      volumes.push(kept);
      emit({ type: "warning", message: `${what} is still kept: ${whyNot(claim, kept)}` });
      continue;
    }
    const policy = reclaimPolicy === "former" ? volume.formerPolicy : volume.policy;
    await changePolicy(cluster, { name: kept.name, uid: volume.uid, policy });
    const message = `bound to claim ${namespace}/${name} again, reclaim policy ${policy}`;
    emit({ type: "data", state: "back", what, message });
  }
  const secrets = await secretsNotBack(cluster, retained.secrets, emit);
  const rest = { ...retained, volumes, secrets };
  if (isEmpty(rest)) await removeRetained(cluster, retained.component);
  else await writeRetained(cluster, rest, resourceVersion);
}

function whyNot(claim: KubernetesObject | undefined, kept: RetainedVolume): string {
  const { namespace, name } = kept.claim;
  return claim === undefined
    ? `there is no claim ${namespace}/${name}`
    : `claim ${namespace}/${name} has another volume, ${volumeOf(claim).volumeName ?? "or none"}`;
}

async function secretsNotBack(
  cluster: Cluster,
  secrets: readonly RetainedSecret[],
  emit: Emit,
): Promise<RetainedSecret[]> {
  const found = await Promise.all(secrets.map(async (kept): Promise<RetainedSecret[]> => {
    const { namespace, name, data, annotations } = kept;
    const live = await cluster.get(SECRETS, { namespace, name });
    const what = describe({ group: "", kind: "Secret", namespace, name });
    if (live === undefined) return [kept];
    const values = isMap(live["data"]) ? live["data"] : {};
    const rotated = live.metadata.annotations?.[ANNOTATION.rotation] !==
      annotations[ANNOTATION.rotation];
    if (!rotated && Object.entries(data).some(([key, value]) => values[key] !== value)) {
      emit({ type: "warning", message: `${what} has other values than a rollback has kept of it` });
      return [kept];
    }
    const message = `${Object.keys(data).join(", ")} as before`;
    emit({ type: "data", state: "back", what, message });
    return [];
  }));
  return found.flat();
}
