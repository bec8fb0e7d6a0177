/** One cluster: the verbs of its API that Plumb uses. @module */
import { z } from "zod";
import { isMap } from "../field_path.ts";
import { FIELD_MANAGER } from "../names.ts";
import { apiVersionOf, type KubernetesObject, type ObjectMeta } from "../object.ts";
import type { LiveMetadata } from "../plan/types.ts";
import { type ConnectOptions, type Credentials, readCredentials } from "./credentials.ts";
import { discover, type Discovery, type Resource } from "./discovery.ts";
import { ClusterError, shaped } from "./errors.ts";
import { collectionPath, type Name, objectPath, query } from "./paths.ts";
import { type Request, Transport } from "./transport.ts";

/** How to apply an object. */
export interface ApplyOptions {
  /** Ask what would be, and change nothing. */
  readonly dryRun?: boolean;
  /** Take fields that other managers hold. @default {true} */
  readonly force?: boolean;
  /** @default {FIELD_MANAGER} */
  readonly manager?: string;
}

/** How to delete an object. */
export interface DeleteOptions {
  /** Delete only the object that has this UID. */
  readonly uid?: string;
  readonly dryRun?: boolean;
  /** @default {"Background"} */
  readonly propagation?: "Background" | "Foreground" | "Orphan";
}

/** Which objects of a kind to list. */
export interface ListOptions {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/** What all requests of a connection have in common. */
type Manner = Pick<Request, "signal" | "before" | "urgent">;

const object = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
});
const listed = z.object({
  metadata: z.object({ continue: z.string().optional(), resourceVersion: z.string().optional() }),
  items: z.array(z.looseObject({ metadata: z.looseObject({ name: z.string() }) })).nullable(),
});

/** Of thousands of items, only what all else rests on is looked at. */
const metadataList = z.object({
  items: z.array(
    z.custom<{ metadata: ObjectMeta }>((item) =>
      isMap(item) && isMap(item["metadata"]) && typeof item["metadata"]["name"] === "string"
    ),
  ).nullable(),
});

const METADATA_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
const PAGE = 500;

/**
 * A connection to one cluster. Every method throws {@link ClusterError}.
 *
 * Answers are checked for the shape of an object; what is beneath stays unknown.
 */
export class Cluster implements Disposable {
  readonly server: string;
  readonly context: string;
  /** Default namespace of the context. */
  readonly namespace: string;
  readonly credentials: Credentials;
  readonly transport: Transport;
  readonly #manner: Manner;
  #discovery: Promise<Discovery> | undefined;

  private constructor(
    credentials: Credentials,
    transport: Transport,
    manner: Manner,
  ) {
    this.credentials = credentials;
    this.server = credentials.server;
    this.context = credentials.context;
    this.namespace = credentials.namespace;
    this.transport = transport;
    this.#manner = manner;
  }

  /**
   * Reads the kubeconfig; nothing is sent yet.
   *
   * @throws {ClusterError} `kubeconfig`
   */
  static async connect(options: ConnectOptions): Promise<Cluster> {
    const credentials = await readCredentials(options);
    return new Cluster(credentials, new Transport(credentials, options), {
      signal: options.signal,
    });
  }

  /** The same cluster, for requests that must be finished once they are begun, whatever the signal says. */
  uninterrupted(manner: Omit<Manner, "signal"> = {}): Cluster {
    return new Cluster(this.credentials, this.transport, manner);
  }

  [Symbol.dispose](): void {
    this.transport[Symbol.dispose]();
  }

  /**
   * Now by the clock of the API server, in milliseconds since 1970, as of its last answer. Whatever several runs must
   * agree on is measured by it, since the clocks of their machines may be an hour apart.
   */
  now(): number {
    return this.transport.now();
  }

  /** How many requests were sent so far. */
  get requests(): number {
    return this.transport.requests;
  }

  /** What the cluster serves; asked once. */
  discover(): Promise<Discovery> {
    this.#discovery ??= discover(this.transport, this.#manner.signal);
    return this.#discovery;
  }

  /** One object, or undefined. */
  async get(resource: Resource, name: Name): Promise<KubernetesObject | undefined> {
    return await absentIfNotFound(this.#object({
      method: "GET",
      path: objectPath(resource, name),
      what: words("get", resource, name),
    }));
  }

  /** Objects of a kind, read in pages. */
  async list(resource: Resource, options: ListOptions = {}): Promise<KubernetesObject[]> {
    return (await this.listWithVersion(resource, options)).items;
  }

  /** Like {@link list}, with the version from which a watch may go on. */
  async listWithVersion(
    resource: Resource,
    options: ListOptions = {},
  ): Promise<{ items: KubernetesObject[]; resourceVersion: string }> {
    const items: KubernetesObject[] = [];
    const apiVersion = apiVersionOf(resource);
    let next: string | undefined;
    for (;;) {
      const { namespace, ...selectors } = options;
      const what = words("list", resource, { namespace, name: "" });
      const path = collectionPath(resource, namespace) +
        query({ ...selectors, limit: PAGE, continue: next });
      const page = shaped(what, listed, await this.#send({ method: "GET", path, what }));
      for (const item of page.items ?? []) {
        items.push({
          ...item,
          apiVersion,
          kind: resource.kind,
          metadata: item.metadata as ObjectMeta,
        });
      }
      next = page.metadata.continue;
      if (!next) return { items, resourceVersion: page.metadata.resourceVersion ?? "" };
    }
  }

  /**
   * The metadata of all objects of a kind, in one request. A kind or namespace that does not exist has none.
   */
  async listMetadata(resource: Resource, namespace?: string): Promise<LiveMetadata[]> {
    const what = words("list", resource, { namespace, name: "" });
    const answer = await absentIfNotFound(this.#send({
      method: "GET",
      path: collectionPath(resource, namespace),
      accept: METADATA_ONLY,
      what,
    }));
    if (answer === undefined) return [];
    const { group, kind } = resource;
    const { items } = shaped(what, metadataList, answer);
    return (items ?? []).map(({ metadata }) => {
      const { namespace, name } = metadata;
      return {
        reference: namespace === undefined
          ? { group, kind, name }
          : { group, kind, namespace, name },
        metadata,
      };
    });
  }

  /** Server-side apply. @returns the object as it is now, or would be. */
  async apply(
    resource: Resource,
    wanted: KubernetesObject,
    { dryRun, force = true, manager = FIELD_MANAGER }: ApplyOptions = {},
  ): Promise<KubernetesObject> {
    const parameters = query({ fieldManager: manager, force, dryRun: dryRun ? "All" : undefined });
    return await this.#object({
      method: "PATCH",
      path: objectPath(resource, wanted.metadata) + parameters,
      contentType: "application/apply-patch+yaml",
      body: wanted,
      what: words(dryRun ? "dry-run" : "apply", resource, wanted.metadata),
    });
  }

  /** Creates an object that must not exist. */
  async create(resource: Resource, wanted: KubernetesObject): Promise<KubernetesObject> {
    return await this.#object({
      method: "POST",
      path: collectionPath(resource, wanted.metadata.namespace) +
        query({ fieldManager: FIELD_MANAGER }),
      body: wanted,
      what: words("create", resource, wanted.metadata),
    });
  }

  /** Replaces an object as a whole; with a `resourceVersion`, only if nobody changed it since. */
  async update(resource: Resource, wanted: KubernetesObject): Promise<KubernetesObject> {
    return await this.#object({
      method: "PUT",
      path: objectPath(resource, wanted.metadata) + query({ fieldManager: FIELD_MANAGER }),
      body: wanted,
      what: words("update", resource, wanted.metadata),
    });
  }

  /** Patches an object, by a list of JSON patch operations or by a merge patch. */
  async patch(
    resource: Resource,
    name: Name,
    body: unknown,
    type: "json" | "merge",
    manager: string = FIELD_MANAGER,
  ): Promise<KubernetesObject> {
    return await this.#object({
      method: "PATCH",
      path: objectPath(resource, name) + query({ fieldManager: manager }),
      contentType: `application/${type === "json" ? "json-patch" : "merge-patch"}+json`,
      body,
      what: words("patch", resource, name),
    });
  }

  /** Deletes an object. @returns false when there was none. */
  async delete(resource: Resource, name: Name, options: DeleteOptions = {}): Promise<boolean> {
    const { uid, dryRun, propagation = "Background" } = options;
    const answer = await absentIfNotFound(this.#send({
      method: "DELETE",
      path: objectPath(resource, name) + query({ dryRun: dryRun ? "All" : undefined }),
      body: {
        apiVersion: "v1",
        kind: "DeleteOptions",
        propagationPolicy: propagation,
        ...(uid === undefined ? {} : { preconditions: { uid } }),
      },
      what: words("delete", resource, name),
    }));
    return answer !== undefined;
  }

  /** Any path of the API, for what has no method of its own. */
  async raw(
    request: Omit<Request, "what" | "signal"> & { readonly what?: string },
  ): Promise<unknown> {
    return await this.#send({ what: `${request.method} ${request.path}`, ...request });
  }

  async #send(request: Request): Promise<unknown> {
    return await this.transport.send({ ...this.#manner, ...request });
  }

  async #object(request: Request): Promise<KubernetesObject> {
    return shaped(request.what, object, await this.#send(request)) as KubernetesObject;
  }
}

/** A request in words. */
function words(verb: string, { group, plural }: Resource, { namespace, name }: Name): string {
  const target = [namespace, name].filter((part) => part !== undefined && part !== "").join("/");
  return `${verb} ${group === "" ? plural : `${plural}.${group}`} ${target}`.trimEnd();
}

async function absentIfNotFound<Answer>(answer: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ClusterError && error.status === 404) return undefined;
    throw error;
  }
}
