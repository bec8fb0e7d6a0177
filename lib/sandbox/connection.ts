/**
 * The few requests that a sandbox needs to set itself up.
 * @module
 */

import { setTimeout as delay } from "node:timers/promises";
import { load } from "js-yaml";
import { z } from "zod";
import { messageOf } from "../errors.ts";
import { SandboxError } from "./error.ts";

const FIELD_MANAGER = "plumb-sandbox";

const Kubeconfig = z.object({
  clusters: z.tuple([z.object({
    cluster: z.object({ server: z.url(), "certificate-authority-data": z.base64() }),
  })]),
  users: z.tuple([z.object({
    user: z.object({ "client-certificate-data": z.base64(), "client-key-data": z.base64() }),
  })]),
});

/** An object to apply; anything but its identity is up to the caller. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/** A connection to the API server of a sandbox with the rights of a kubeconfig that the sandbox wrote. */
export class Connection implements Disposable {
  readonly #server: string;
  readonly #client: Deno.HttpClient;

  /** @param kubeconfig Text of a kubeconfig with embedded certificates. */
  constructor(kubeconfig: string) {
    const { clusters: [{ cluster }], users: [{ user }] } = Kubeconfig.parse(load(kubeconfig));
    this.#server = cluster.server;
    this.#client = Deno.createHttpClient({
      caCerts: [atob(cluster["certificate-authority-data"])],
      cert: atob(user["client-certificate-data"]),
      key: atob(user["client-key-data"]),
    });
  }

  /**
   * Sends one request.
   *
   * @param path Begins with a slash.
   * @returns The answer's JSON, or its text where it is not JSON.
   * @throws {SandboxError} `request-failed` when there is no answer, or another status than 2xx.
   */
  async request(method: "GET" | "PATCH", path: string, body?: unknown): Promise<unknown> {
    const sent = `${method} ${path}`;
    try {
      const response = await fetch(`${this.#server}${path}`, {
        method,
        client: this.#client,
        ...body === undefined ? {} : {
          headers: { "content-type": "application/apply-patch+yaml" },
          body: JSON.stringify(body),
        },
      });
      const text = await response.text();
      if (!response.ok) {
        throw new SandboxError("request-failed", `${sent}: ${response.status} ${text.trim()}`);
      }
      return response.headers.get("content-type") === "application/json" ? JSON.parse(text) : text;
    } catch (error) {
      if (error instanceof SandboxError) throw error;
      throw new SandboxError("request-failed", `${sent}: ${messageOf(error)}`, {
        place: { url: this.#server },
        cause: error,
      });
    }
  }

  /**
   * Creates an object or brings it up to date, by server-side apply.
   *
   * @param resource Plural name, as in the API's paths.
   */
  async apply(resource: string, manifest: Manifest): Promise<void> {
    const { apiVersion, metadata: { name, namespace } } = manifest;
    const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const scope = namespace === undefined ? "" : `/namespaces/${encodeURIComponent(namespace)}`;
    const query = `fieldManager=${FIELD_MANAGER}&force=true`;
    await this.request(
      "PATCH",
      `${root}${scope}/${resource}/${encodeURIComponent(name)}?${query}`,
      manifest,
    );
  }

  /** Closes idle connections. */
  [Symbol.dispose](): void {
    this.#client.close();
  }
}

/**
 * Tries until it works.
 *
 * @param attempt Called again as long as it throws a {@link SandboxError} with code `request-failed`.
 * @param seconds How long to try at the most.
 * @param alive Called before each further attempt; throws when there is nothing left to wait for.
 * @throws {SandboxError} `not-ready` after that time, with the last failure.
 */
export async function eventually<T>(
  what: string,
  seconds: number,
  attempt: () => Promise<T>,
  alive: () => Promise<void> = () => Promise.resolve(),
): Promise<T> {
  const end = performance.now() + seconds * 1000;
  while (true) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof SandboxError) || error.code !== "request-failed") throw error;
      if (performance.now() > end) {
        throw new SandboxError("not-ready", `${what}: not ready after ${seconds} s`, {
          hint: "This machine may be too busy: try again, or look at the logs of the components.",
          cause: error,
        });
      }
    }
    await alive();
    await delay(20);
  }
}
