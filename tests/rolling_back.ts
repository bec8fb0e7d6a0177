/** A component with data, and what of it a rollback keeps. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { Event } from "../lib/event.ts";
import { Cluster } from "../lib/cluster/mod.ts";
import { isMap } from "../lib/field_path.ts";
import type { KubernetesObject } from "../lib/object.ts";
import {
  CLAIMS,
  configMap,
  deployment,
  documents,
  NAMESPACE,
  plumb,
  type Run,
  type RunSettings,
  SECRETS,
  VOLUMES,
  type Workspace,
  workspace,
} from "./plumb.ts";
import { isWrite, type RecordedRequest } from "./recorder.ts";

export const CLAIM = `apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: data }
spec:
  accessModes: [ReadWriteOnce]
  resources: { requests: { storage: 2Gi } }
`;

export const KEYS = `apiVersion: plumb.thinkube.io/v1alpha1
kind: GeneratedSecret
metadata: { name: keys }
spec:
  generate: { SECRET_KEY: { length: 40 }, TOKEN: { length: 20, rotation: first } }
  data: { given: from-git }
`;

const SERVICE = `apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ port: 80 }] }
`;

const STORE = `apiVersion: apps/v1
kind: StatefulSet
metadata: { name: store }
spec:
  serviceName: store
  selector: { matchLabels: { app: store } }
  template:
    metadata: { labels: { app: store } }
    spec: { containers: [{ name: app, image: "registry.example.com/app:1" }] }
  volumeClaimTemplates:
    - metadata: { name: disk }
      spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
`;

export const APPLICATION = documents(
  NAMESPACE,
  CLAIM,
  KEYS,
  SERVICE,
  configMap("settings"),
  deployment("web"),
  STORE,
);

export const rollback = (
  space: Workspace,
  args: readonly string[] = [],
  settings: RunSettings = {},
): Promise<Run> =>
  plumb(["rollback", space.name, "--timeout", "60s", ...args], {
    kubeconfig: space.kubeconfig,
    ...settings,
  });

/** Deploys the application, and writes something to its volumes. */
export async function deployed(): Promise<Workspace> {
  const space = await workspace();
  await space.write({ "app.yaml": APPLICATION });
  const run = await space.reconcile();
  assert.equal(run.code, 0, run.output.slice(-2_000));
  for (const { path } of Object.values(await volumesOf(space))) {
    await Deno.writeTextFile(join(path, "precious"), space.name);
  }
  return {
    ...space,
    async [Symbol.asyncDispose]() {
      const { name } = space;
      const volumes = Object.values(await volumesOf(space));
      await space[Symbol.asyncDispose]();
      using own = await Cluster.connect({ kubeconfig: space.kubeconfig, environment: {} });
      for (const kind of ["retained", "journal"]) {
        await own.delete(SECRETS, { namespace: "plumb-system", name: `${kind}-${name}` });
      }
      for (const { name, path } of volumes) {
        await own.delete(VOLUMES, { name });
        await Deno.remove(path, { recursive: true }).catch(() => {});
      }
    },
  };
}

interface BoundVolume {
  readonly name: string;
  readonly uid: string | undefined;
  readonly policy: string;
  readonly path: string;
}

/** The bound volumes of a workspace by claim. */
export async function volumesOf(
  { cluster, name }: Workspace,
): Promise<Record<string, BoundVolume>> {
  const volumes = await cluster.list(VOLUMES);
  return Object.fromEntries(volumes.flatMap((volume): [string, BoundVolume][] => {
    const { claimRef, hostPath, persistentVolumeReclaimPolicy: policy } = volume["spec"] as {
      claimRef?: { namespace: string; name: string };
      hostPath: { path: string };
      persistentVolumeReclaimPolicy: string;
    };
    if (claimRef?.namespace !== name) return [];
    const { name: volumeName, uid } = volume.metadata;
    return [[claimRef.name, { name: volumeName, uid, policy, path: hostPath.path }]];
  }));
}

export async function secretOf(space: Workspace): Promise<Record<string, unknown>> {
  const data = (await space.get(SECRETS, "keys"))?.["data"];
  return isMap(data) ? data : {};
}

/** Asserts that the workspace has the volumes and secrets that it had, with what was written to them. */
export async function assertSame(
  space: Workspace,
  { volumes, secret }: {
    readonly volumes: Record<string, BoundVolume>;
    readonly secret: Record<string, unknown>;
  },
): Promise<void> {
  const now = await volumesOf(space);
  const short = (all: Record<string, BoundVolume>) =>
    Object.entries(all).map(([claim, { name, uid }]) => [claim, name, uid]).sort();
  assert.deepEqual(short(now), short(volumes));
  for (const [claim, { path, name }] of Object.entries(now)) {
    assert.equal(await Deno.readTextFile(join(path, "precious")), space.name);
    const live = await space.get(CLAIMS, claim) as
      | KubernetesObject & { spec: { volumeName: string }; status: { phase: string } }
      | undefined;
    assert.deepEqual([live?.spec.volumeName, live?.status.phase], [name, "Bound"]);
  }
  assert.deepEqual(await secretOf(space), secret);
}

export const retainedOf = ({ cluster, name }: Workspace): Promise<KubernetesObject | undefined> =>
  cluster.get(SECRETS, { namespace: "plumb-system", name: `retained-${name}` });

/** What a run tells of data in a state. */
export const dataIn = ({ events }: Run, state: string): string[] =>
  events.flatMap((event: Event) =>
    event.type === "data" && event.state === state ? [event.what] : []
  );

/** Recognises a write. */
export const writes =
  (method: string, path: RegExp): (request: RecordedRequest) => boolean => (request) =>
    isWrite(request) && request.method === method && path.test(request.path);

/** Waits for all, and fails with the first that has. */
export async function all(rounds: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(rounds)) {
    if (result.status === "rejected") throw result.reason;
  }
}

export async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!await isSo()) await new Promise((resolve) => setTimeout(resolve, 200));
}
