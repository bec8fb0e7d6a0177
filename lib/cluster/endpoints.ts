/** Which pod answers for a Service. @module */
import { z } from "zod";
import type { Cluster } from "./cluster.ts";
import { shaped } from "./errors.ts";
import { ENDPOINT_SLICES, SERVICES } from "./resources.ts";

const serviceSpec = z.object({
  ports: z.array(z.object({ name: z.string().optional(), port: z.number() })).optional(),
});
const slice = z.object({
  endpoints: z.array(z.object({
    conditions: z.object({ ready: z.boolean().optional() }).optional(),
    targetRef: z.object({ kind: z.string().optional(), name: z.string().optional() }).optional(),
  })).nullish(),
  ports: z.array(z.object({ name: z.string().nullish(), port: z.number().nullish() })).nullish(),
});

/** A port of a Service. */
export interface ServicePort {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
}

/** A ready pod behind a Service and the container's port, or why there is none. */
export type Endpoint =
  | { readonly pod: string; readonly port: number }
  | { readonly missing: "service" | "endpoint" }
  | { readonly missing: "port"; readonly offered: readonly number[] };

/** Finds a pod that answers for a port of a Service. */
export async function endpointOf(
  cluster: Cluster,
  { namespace, name, port }: ServicePort,
): Promise<Endpoint> {
  const found = await cluster.get(SERVICES, { namespace, name });
  if (found === undefined) return { missing: "service" };
  const ports = shaped(`get services ${namespace}/${name}`, serviceSpec, found["spec"]).ports ?? [];
  const wanted = ports.find((candidate) => candidate.port === port);
  if (wanted === undefined) return { missing: "port", offered: ports.map(({ port }) => port) };
  const labelSelector = `kubernetes.io/service-name=${name}`;
  const slices = await cluster.list(ENDPOINT_SLICES, { namespace, labelSelector });
  for (
    const { endpoints, ports: targets } of slices.map((item) =>
      shaped("list endpointslices", slice, item)
    )
  ) {
    const target = targets?.find((candidate) => (candidate.name ?? "") === (wanted.name ?? ""))
      ?.port;
    const ready = endpoints?.find(({ conditions, targetRef }) =>
      conditions?.ready !== false && targetRef?.kind === "Pod" && targetRef.name !== undefined
    );
    if (target && ready?.targetRef?.name !== undefined) {
      return { pod: ready.targetRef.name, port: target };
    }
  }
  return { missing: "endpoint" };
}
