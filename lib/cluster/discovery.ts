/** Which kinds the cluster serves, and under which paths. @module */
import { z } from "zod";
import type { GroupVersionKind } from "../object.ts";
import type { Transport } from "./transport.ts";

/** A kind, with what its paths are made of. */
export interface Resource extends GroupVersionKind {
  readonly plural: string;
  readonly namespaced: boolean;
}

const aggregated = z.object({
  items: z.array(z.object({
    metadata: z.object({ name: z.string().optional() }).optional(),
    versions: z.array(z.object({
      version: z.string(),
      resources: z.array(z.object({
        resource: z.string(),
        scope: z.string().optional(),
        responseKind: z.object({
          group: z.string().optional(),
          version: z.string().optional(),
          kind: z.string().optional(),
        }).optional(),
      })).optional(),
    })),
  })),
});

/** Both API groups with all their resources in two requests, for API servers from 1.26 on. */
const AGGREGATED =
  "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList";

/** What the cluster serves. */
export class Discovery {
  readonly #exact = new Map<string, Resource>();
  /** The preferred version comes first in the answer. */
  readonly #preferred = new Map<string, Resource>();

  constructor(resources: Iterable<Resource>) {
    for (const resource of resources) {
      const { group, version, kind } = resource;
      this.#exact.set(`${group}/${version}/${kind}`, resource);
      if (!this.#preferred.has(`${group}/${kind}`)) {
        this.#preferred.set(`${group}/${kind}`, resource);
      }
    }
  }

  /** The resource of a kind; without a version, in the version that the cluster prefers. */
  find(kind: { group: string; version?: string; kind: string }): Resource | undefined {
    return kind.version === undefined
      ? this.#preferred.get(`${kind.group}/${kind.kind}`)
      : this.#exact.get(`${kind.group}/${kind.version}/${kind.kind}`);
  }

  /** Everything that is served, each kind in its preferred version. */
  kinds(): Iterable<Resource> {
    return this.#preferred.values();
  }
}

/** Asks the cluster for all that it serves. */
export async function discover(transport: Transport, signal?: AbortSignal): Promise<Discovery> {
  const answers = await Promise.all(
    ["/api", "/apis"].map((path) =>
      transport.send({ method: "GET", path, accept: AGGREGATED, what: "discover the API", signal })
    ),
  );
  return new Discovery(answers.flatMap((answer) => [...resourcesOf(aggregated.parse(answer))]));
}

function* resourcesOf({ items }: z.output<typeof aggregated>): Generator<Resource> {
  for (const { metadata, versions } of items) {
    const group = metadata?.name ?? "";
    for (const { version, resources = [] } of versions) {
      for (const { resource, scope, responseKind } of resources) {
        // A subresource or an aggregated API that does not answer has no kind.
        if (!responseKind?.kind) continue;
        yield {
          group,
          version,
          kind: responseKind.kind,
          plural: resource,
          namespaced: scope === "Namespaced",
        };
      }
    }
  }
}
