/** Which kinds the cluster serves, and under which paths. @module */
import { z } from "zod";
import type { GroupVersionKind } from "../object.ts";
import { shaped } from "./errors.ts";
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
        verbs: z.array(z.string()).optional(),
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
  readonly #verbs = new Map<string, readonly string[]>();

  /** @param resources with the verbs that they know, where those matter. */
  constructor(resources: Iterable<Resource & { readonly verbs?: readonly string[] }>) {
    for (const { verbs, ...resource } of resources) {
      const { group, version, kind } = resource;
      if (verbs !== undefined) this.#verbs.set(`${group}/${version}/${kind}`, verbs);
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

  /** The kinds of which objects are kept in a namespace, as opposed to those that only answer questions. */
  keptInNamespaces(): Resource[] {
    return [...this.kinds()].filter(({ namespaced, group, version, kind }) => {
      const verbs = this.#verbs.get(`${group}/${version}/${kind}`) ?? [];
      return namespaced && verbs.includes("list") && verbs.includes("delete");
    });
  }
}

const WHAT = "discover the API";

/** Asks the cluster for all that it serves. */
export async function discover(transport: Transport, signal?: AbortSignal): Promise<Discovery> {
  const answers = await Promise.all(
    ["/api", "/apis"].map((path) =>
      transport.send({ method: "GET", path, accept: AGGREGATED, what: WHAT, signal })
    ),
  );
  return new Discovery(
    answers.flatMap((answer) => [...resourcesOf(shaped(WHAT, aggregated, answer))]),
  );
}

function* resourcesOf(
  { items }: z.output<typeof aggregated>,
): Generator<Resource & { readonly verbs: readonly string[] }> {
  for (const { metadata, versions } of items) {
    const group = metadata?.name ?? "";
    for (const { version, resources = [] } of versions) {
      for (const { resource, scope, responseKind, verbs = [] } of resources) {
        // A subresource or an aggregated API that does not answer has no kind.
        if (!responseKind?.kind) continue;
        yield {
          group,
          version,
          kind: responseKind.kind,
          plural: resource,
          namespaced: scope === "Namespaced",
          verbs,
        };
      }
    }
  }
}
