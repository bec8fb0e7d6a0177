/**
 * A cluster that is a real control plane on loopback with pretended nodes.
 * @module
 */

import { join } from "node:path";
import { z } from "zod";
import { messageOf } from "../errors.ts";
import { Authority } from "./certificates.ts";
import { COMPONENTS, FILES, flags, NODE } from "./components.ts";
import type { Component, Layout } from "./components.ts";
import { Connection, eventually } from "./connection.ts";
import {
  defaultAnswers,
  KWOK_RESOURCES,
  KWOK_VERSION,
  node,
  registerKinds,
  STORAGE_CLASS,
} from "./contents.ts";
import { SandboxError } from "./error.ts";
import { writeFiles } from "./files.ts";
import { DataFolder } from "./folder.ts";
import { kubeconfigText } from "./kubeconfig.ts";
import { Process } from "./process.ts";
import { findPrograms } from "./programs.ts";
import type { Programs } from "./programs.ts";

/** How long each step of a start may take. A busy machine needs several times the usual two seconds. */
const START_SECONDS = 60;

/** How often new ports are tried when another process took one in the meantime. */
const PORT_ATTEMPTS = 3;

/** How to start a sandbox. */
export interface SandboxOptions {
  /** Told in words what takes long. */
  readonly progress?: (line: string) => void;
  /** Ends the sandbox, also while it starts. */
  readonly signal?: AbortSignal;
  /** Default: all. `etcd` and `kube-apiserver` always run; without the others pods stay pending. */
  readonly components?: readonly Component[];
  /** How many bytes etcd holds; beyond, the cluster takes no writes. Default: 2 GiB. */
  readonly storage?: number;
}

/** A running cluster; ends when it is disposed of or when this process ends, in whatever way. */
export interface Sandbox extends AsyncDisposable {
  /** Path of a kubeconfig of a cluster administrator. */
  readonly kubeconfig: string;
  /** URL of the API server: https, on loopback. */
  readonly server: string;
  /** Holds the data and the logs, `COMPONENT.log`. Removed in the end. */
  readonly folder: string;
  /** The process ids of the components that run. */
  readonly processes: Readonly<Partial<Record<Component, number>>>;
  /** Kills a component, without notice. */
  stop(component: Component): Promise<void>;
  /** Starts a stopped component with the data and the port that it had; done when the API server is ready. */
  start(component: Component): Promise<void>;
  /** Writes a kubeconfig for a user with groups, by a client certificate, and returns its path. */
  kubeconfigFor(user: string, groups: readonly string[]): Promise<string>;
}

/**
 * Starts a cluster.
 *
 * @throws {SandboxError} When a component does not come up.
 * @throws {ToolError} When its programs are neither there nor can be brought.
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { progress = () => {}, signal } = options;
  const programs = await findPrograms({ progress, ...signal === undefined ? {} : { signal } });
  for (let attempt = 1;; attempt++) {
    try {
      return await Cluster.create(programs, options);
    } catch (error) {
      const again = error instanceof SandboxError && error.code === "port-taken";
      if (!again || attempt === PORT_ATTEMPTS) throw error;
      progress(messageOf(error));
    }
  }
}

class Cluster implements Sandbox {
  readonly #programs: Programs;
  readonly #layout: Layout;
  readonly #authority: Authority;
  readonly #running = new Map<Component, Process>();
  readonly #ending = new AsyncDisposableStack();
  #ended: Promise<void> | undefined;
  readonly server: string;

  private constructor(
    programs: Programs,
    folder: DataFolder,
    authority: Authority,
    storage: number | undefined,
  ) {
    this.#programs = programs;
    this.#layout = { folder: folder.path, port: freePort(), kubeletPort: freePort(), storage };
    this.#authority = authority;
    this.server = `https://127.0.0.1:${this.#layout.port}`;
    this.#ending.use(folder);
    this.#ending.defer(async () => {
      await Promise.all(Array.from(this.#running.keys(), (component) => this.stop(component)));
    });
  }

  static async create(programs: Programs, options: SandboxOptions): Promise<Cluster> {
    const { signal, components = COMPONENTS, storage } = options;
    signal?.throwIfAborted();
    const [folder, authority] = await Promise.all([DataFolder.create(), Authority.create()]);
    const cluster = new Cluster(programs, folder, authority, storage);
    const abort = () => void cluster[Symbol.asyncDispose]();
    signal?.addEventListener("abort", abort, { once: true });
    cluster.#ending.defer(() => signal?.removeEventListener("abort", abort));
    try {
      await cluster.#bringUp(new Set(components));
      return cluster;
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      signal?.throwIfAborted();
      throw error;
    }
  }

  get folder(): string {
    return this.#layout.folder;
  }

  get kubeconfig(): string {
    return join(this.folder, FILES.admin);
  }

  get processes(): Readonly<Partial<Record<Component, number>>> {
    const running = this.#running.entries().filter(([, process]) => process.running);
    return Object.fromEntries(running.map(([component, process]) => [component, process.id]));
  }

  async stop(component: Component): Promise<void> {
    await this.#running.get(component)?.end();
    this.#running.delete(component);
  }

  async start(component: Component): Promise<void> {
    this.#spawn(component);
    if (!this.#running.has("kube-apiserver")) return;
    using connection = await this.#connect();
    await this.#ready(connection);
  }

  async kubeconfigFor(user: string, groups: readonly string[]): Promise<string> {
    const [identity, authority] = await Promise.all([
      this.#authority.client(user, groups),
      this.#authority.identity(),
    ]);
    const path = join(this.folder, `${crypto.randomUUID()}.kubeconfig`);
    const text = kubeconfigText(this.server, authority.certificate, identity);
    await Deno.writeTextFile(path, text, { mode: 0o600 });
    return path;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#ended ??= this.#ending.disposeAsync();
  }

  #spawn(component: Component): void {
    if (this.#ending.disposed) throw new SandboxError("stopped", "The sandbox has been stopped");
    if (this.#running.get(component)?.running) return;
    const search = `${join(this.folder, FILES.programs)}:/usr/local/bin:/usr/bin:/bin`;
    const process = new Process({
      name: component,
      command: [...this.#programs[component], ...flags(component, this.#layout)],
      folder: this.folder,
      environment: { PATH: search, HOME: this.folder },
    });
    this.#running.set(component, process);
  }

  async #bringUp(components: ReadonlySet<Component>): Promise<void> {
    await writeFiles(this.folder, this.server, this.#authority);
    this.#spawn("etcd");
    this.#spawn("kube-apiserver");
    using connection = await this.#connect();
    await this.#ready(connection);
    const managed = components.has("kube-controller-manager");
    if (managed) this.#spawn("kube-controller-manager");
    if (components.has("kube-scheduler")) this.#spawn("kube-scheduler");
    await registerKinds(connection);
    await Promise.all(
      Object.values(KWOK_RESOURCES).map((resource) =>
        this.#exists(connection, `/apis/${KWOK_VERSION}/${resource}`)
      ),
    );
    if (components.has("kwok")) this.#spawn("kwok");
    await Promise.all([
      connection.apply("storageclasses", STORAGE_CLASS),
      connection.apply("nodes", node(this.#layout.kubeletPort)),
      ...defaultAnswers(join(this.folder, FILES.logs)).map(([resource, manifest]) =>
        connection.apply(resource, manifest)
      ),
    ]);
    await this.#settled(connection, components);
  }

  /** Waits until a pod that is created now would be admitted, scheduled and served. */
  async #settled(connection: Connection, components: ReadonlySet<Component>): Promise<void> {
    if (components.has("kwok")) {
      await this.#eventually("the kubelet's port", () => kubeletAnswers(this.#layout.kubeletPort));
    }
    if (!components.has("kube-controller-manager")) return;
    await this.#exists(connection, "/api/v1/namespaces/default/serviceaccounts/default");
    if (!components.has("kwok")) return;
    await this.#eventually("the node", async () => {
      assertSchedulable(await connection.request("GET", `/api/v1/nodes/${NODE}`));
    });
  }

  async #connect(): Promise<Connection> {
    return new Connection(await Deno.readTextFile(this.kubeconfig));
  }

  #ready(connection: Connection): Promise<void> {
    return this.#exists(connection, "/readyz");
  }

  #exists(connection: Connection, path: string): Promise<void> {
    return this.#eventually(path, async () => void await connection.request("GET", path));
  }

  #eventually(what: string, attempt: () => Promise<void>): Promise<void> {
    return eventually(what, START_SECONDS, attempt, async () => {
      if (this.#ending.disposed) throw new SandboxError("stopped", "The sandbox has been stopped");
      await Promise.all(this.#running.values().map((process) => process.assertRunning()));
    });
  }
}

async function kubeletAnswers(port: number): Promise<void> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/healthz`);
    await response.body?.cancel();
  } catch (error) {
    throw new SandboxError("request-failed", messageOf(error));
  }
}

/** A new node is tainted until the controller manager has seen that it is ready. */
function assertSchedulable(answer: unknown): void {
  const { spec } = z.object({ spec: z.object({ taints: z.array(z.unknown()).optional() }) })
    .parse(answer);
  if (spec.taints !== undefined) throw new SandboxError("request-failed", "The node is tainted");
}

/** A port that is free now. Another process may take it before it is used; then the start is repeated. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
