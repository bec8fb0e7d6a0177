/** The pods of a component. @module */
import { z } from "zod";
import {
  type Cluster,
  ClusterError,
  JOBS,
  PODS,
  REPLICA_SETS,
  type Resource,
} from "../cluster/mod.ts";
import { keyOf, type KubernetesObject, type ObjectReference, referenceOf } from "../object.ts";
import type { Pods } from "./contract.ts";
import type { Look } from "./look.ts";

/** What stands between a pod and the object that somebody declared. */
const BETWEEN: readonly Resource[] = [REPLICA_SETS, JOBS];

const state = z.object({
  running: z.object({}).optional(),
  waiting: z.object({ reason: z.string().optional(), message: z.string().optional() }).optional(),
  terminated: z.object({
    reason: z.string().optional(),
    message: z.string().optional(),
    exitCode: z.int().default(0),
  }).optional(),
});
const containers = z.array(z.object({ name: z.string(), image: z.string().default("") }))
  .default([]);
const statuses = z.array(z.object({
  name: z.string(),
  ready: z.boolean().default(false),
  restartCount: z.int().default(0),
  state: state.default({}),
})).default([]);
const podObject = z.object({
  spec: z.object({ containers, initContainers: containers }),
  status: z.object({
    phase: z.string().default("Unknown"),
    startTime: z.string().optional(),
    containerStatuses: statuses,
    initContainerStatuses: statuses,
  }),
});

type Pod = Pods["pods"][number];

/** All pods of a component's namespace, and those of its workloads in other namespaces. */
export async function podsOf(cluster: Cluster, { declared, view }: Look): Promise<Pods> {
  const members = new Map(
    (view?.objects ?? []).map(({ reference }) => [keyOf(reference), reference]),
  );
  const own = declared?.namespace ?? view?.inventory?.namespace ?? "";
  const namespaces = new Set([
    own,
    ...[...members.values()].map(({ namespace = "" }) => namespace),
  ]);
  namespaces.delete("");
  const found = await Promise.all([...namespaces].map(async (namespace) => {
    const [pods, ...between] = await Promise.all(
      [PODS, ...BETWEEN].map((resource) => listIn(cluster, resource, namespace)),
    );
    const owners = new Map(
      between.flat().map((object) => [object.metadata.uid ?? "", object]),
    );
    return (pods ?? []).flatMap((pod): Pod[] => {
      const owner = ownerOf(pod, owners, members);
      return owner === undefined && namespace !== own ? [] : [describePod(pod, owner)];
    });
  }));
  const pods = found.flat().sort((left, right) => left.name.localeCompare(right.name));
  return { pods };
}

/** What may not be read is not shown. */
async function listIn(
  cluster: Cluster,
  resource: Resource,
  namespace: string,
): Promise<readonly KubernetesObject[]> {
  try {
    return await cluster.list(resource, { namespace });
  } catch (error) {
    if (error instanceof ClusterError && error.isRefusal) return [];
    throw error;
  }
}

/** The member of the component that a pod belongs to, however many controllers are between. */
function ownerOf(
  object: KubernetesObject,
  between: ReadonlyMap<string, KubernetesObject>,
  members: ReadonlyMap<string, ObjectReference>,
): ObjectReference | undefined {
  const { namespace, ownerReferences = [] } = object.metadata;
  const member = members.get(keyOf(referenceOf(object)));
  if (member !== undefined) return member;
  const controller = ownerReferences.find((owner) => owner.controller === true);
  if (controller === undefined) return undefined;
  const { apiVersion, kind, uid } = controller;
  const next = between.get(uid) ?? {
    apiVersion,
    kind,
    metadata: { name: controller.name, ...(namespace === undefined ? {} : { namespace }) },
  };
  return ownerOf(next, between, members);
}

function describePod(object: KubernetesObject, owner: ObjectReference | undefined): Pod {
  const { namespace = "", name } = object.metadata;
  const { spec, status } = podObject.parse({ status: {}, ...object });
  const all = [...status.initContainerStatuses, ...status.containerStatuses];
  const describe = (init: boolean) => (container: { name: string; image: string }) => {
    const found = all.find((status) => status.name === container.name);
    return { ...container, init, ...stateOf(found) };
  };
  return {
    namespace,
    name,
    ...(owner === undefined ? {} : { owner }),
    phase: status.phase,
    ...(status.startTime === undefined ? {} : { started: status.startTime }),
    containers: [
      ...spec.initContainers.map(describe(true)),
      ...spec.containers.map(describe(false)),
    ],
  };
}

function stateOf(
  status: z.output<typeof statuses>[number] | undefined,
): Pick<Pod["containers"][number], "ready" | "restarts" | "state" | "message"> {
  const { running, waiting, terminated } = status?.state ?? {};
  const message = waiting?.message ?? terminated?.message;
  const why = waiting?.reason ??
    (terminated && (terminated.reason ?? `ended with code ${terminated.exitCode}`));
  return {
    ready: status?.ready ?? false,
    restarts: status?.restartCount ?? 0,
    state: running !== undefined ? "running" : why ?? "waiting",
    ...(message === undefined ? {} : { message: message.slice(0, 2_000) }),
  };
}
