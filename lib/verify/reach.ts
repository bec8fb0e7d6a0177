/** Ways to what checks ask: in the cluster directly, from outside through the API server. @module */
import { Buffer } from "node:buffer";
import {
  type Cluster,
  endpointOf,
  execIn,
  type ForwardedPort,
  forwardPort,
  SECRETS,
} from "../cluster/mod.ts";
import { isMap } from "../field_path.ts";
import type { Address, CheckContext } from "./check.ts";
import { CheckFailure } from "./check.ts";
import { Http } from "./http.ts";
import { servedCertificate } from "./served.ts";
import { openTunnel, type Tunnel } from "./tunnel.ts";

/** The ways, for one check. */
export type Reached = Pick<
  CheckContext,
  "connect" | "publicHttp" | "publicCertificate" | "serviceHttp" | "secret" | "cluster"
>;

/** The ways, for a run. */
export interface Reach extends AsyncDisposable {
  /** @param signal ends what goes on under it. */
  for(signal: AbortSignal): Reached;
}

/** How to reach things. */
export interface ReachOptions {
  readonly cluster: Cluster;
  /** Of the component. */
  readonly namespace: string;
  /** Whether this process runs in the cluster, where names of Services resolve. */
  readonly inside: boolean;
  /** Addresses of public hosts that names don't resolve to, by host. */
  readonly resolve?: ReadonlyMap<string, Address>;
  /** PEM of an authority that public certificates may be signed by, besides those that the system trusts. */
  readonly authority?: string | undefined;
}

/** Makes the ways to a component's servers. */
export async function openReach(options: ReachOptions): Promise<Reach> {
  const { resolve = new Map<string, Address>(), authority } = options;
  const tunnels = new Map<string, Tunnel>();
  for (const [host, address] of resolve) tunnels.set(host, await openTunnel(address, authority));
  return new ClusterReach(options, tunnels);
}

class ClusterReach implements Reach {
  readonly #options: ReachOptions;
  readonly #tunnels: ReadonlyMap<string, Tunnel>;
  readonly #forwarded = new Map<string, Promise<ForwardedPort>>();
  readonly #clients: Deno.HttpClient[] = [];

  constructor(options: ReachOptions, tunnels: ReadonlyMap<string, Tunnel>) {
    this.#options = options;
    this.#tunnels = tunnels;
  }

  for(signal: AbortSignal): Reached {
    const { cluster, namespace } = this.#options;
    return {
      connect: (service) => this.#connect(service),
      publicHttp: (base) => new Http(base, { signal, ...this.#clientFor(new URL(base)) }),
      publicCertificate: (base) => this.#certificateAt(new URL(base), signal),
      serviceHttp: async (service) => {
        const { hostname, port } = await this.#connect(service);
        // A forwarded port is on loopback, and servers know that name of themselves.
        const host = hostname === "127.0.0.1" ? "localhost" : hostname;
        return new Http(`http://${host}:${port}`, { signal });
      },
      secret: (key) => this.#secret(key),
      cluster: {
        namespace,
        list: ({ group, version, plural }, { namespace: other = namespace, labelSelector } = {}) =>
          cluster.list({ group, version, plural, kind: plural, namespaced: true }, {
            namespace: other,
            ...(labelSelector === undefined ? {} : { labelSelector }),
          }),
        exec: async (container, command) => {
          const { code, output, errors } = await execIn(cluster, { ...container, command });
          return { code, errors, text: new TextDecoder().decode(output) };
        },
      },
    };
  }

  #certificateAt({ hostname, port }: URL, signal: AbortSignal): Promise<string> {
    const address = this.#options.resolve?.get(hostname) ??
      { hostname, port: Number(port === "" ? 443 : port) };
    return servedCertificate(address, hostname, signal);
  }

  async #connect(service: string): Promise<Address> {
    const { namespace, name, port } = this.#parse(service);
    if (this.#options.inside) return { hostname: `${name}.${namespace}.svc`, port };
    const key = `${namespace}/${name}:${port}`;
    const forwarded = this.#forwarded.get(key) ?? this.#forward({ namespace, name, port });
    this.#forwarded.set(key, forwarded);
    const { host, port: local } = await forwarded;
    return { hostname: host, port: local };
  }

  #parse(service: string): { namespace: string; name: string; port: number } {
    const [path = "", port = ""] = service.split(":");
    const [first = "", second] = path.split("/");
    return second === undefined
      ? { namespace: this.#options.namespace, name: first, port: Number(port) }
      : { namespace: first, name: second, port: Number(port) };
  }

  async #forward(
    target: { readonly namespace: string; readonly name: string; readonly port: number },
  ): Promise<ForwardedPort> {
    const { namespace, name, port } = target;
    const endpoint = await endpointOf(this.#options.cluster, target);
    if ("pod" in endpoint) {
      return await forwardPort(this.#options.cluster, { namespace, ...endpoint });
    }
    const missing = endpoint.missing === "service"
      ? "does not exist"
      : endpoint.missing === "port"
      ? `has no port ${port}`
      : "has no ready pod";
    throw new CheckFailure(`Service ${namespace}/${name} ${missing}`, {
      probably: endpoint.missing === "endpoint"
        ? "Its pods are not there or not ready."
        : "The component is not deployed, or not as this verification expects.",
      hint: `kubectl get service,endpointslices,pods --namespace ${namespace}`,
    });
  }

  async #secret(
    { namespace = this.#options.namespace, secret, key }: {
      readonly namespace?: string | undefined;
      readonly secret: string;
      readonly key: string;
    },
  ): Promise<string> {
    const found = await this.#options.cluster.get(SECRETS, { namespace, name: secret });
    const data = isMap(found?.["data"]) ? found["data"] : {};
    const value = data[key];
    if (typeof value === "string") return Buffer.from(value, "base64").toString();
    throw new CheckFailure(
      found === undefined
        ? `Secret ${namespace}/${secret} does not exist`
        : `Secret ${namespace}/${secret} has no key ${key}`,
      { hint: `kubectl describe secret ${secret} --namespace ${namespace}` },
    );
  }

  /** A host without a tunnel is looked up as usual. */
  #clientFor({ hostname }: URL): { client?: Deno.HttpClient } {
    const tunnel = this.#tunnels.get(hostname);
    if (tunnel !== undefined) return { client: tunnel.client };
    const { authority } = this.#options;
    if (authority === undefined) return {};
    if (this.#clients.length === 0) {
      this.#clients.push(Deno.createHttpClient({ caCerts: [authority] }));
    }
    const [client] = this.#clients;
    return client === undefined ? {} : { client };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.close();
    for (const tunnel of this.#tunnels.values()) await tunnel[Symbol.asyncDispose]();
    const ports = await Promise.allSettled(this.#forwarded.values());
    await Promise.all(
      ports.flatMap((port) =>
        port.status === "fulfilled" ? [port.value[Symbol.asyncDispose]()] : []
      ),
    );
  }
}
