/** Pods: their logs, their events, and connections into them. @module */
import { createServer, type Socket } from "node:net";
import { Writable } from "node:stream";
import { z } from "zod";
import type { Cluster } from "./cluster.ts";
import { ClusterError, shaped } from "./errors.ts";
import { officialClient } from "./official.ts";
import { query } from "./paths.ts";
import { lineBatches } from "./line_batches.ts";
import { lines } from "./watch.ts";

/** Which container's log to read. */
export interface LogOptions {
  readonly namespace: string;
  readonly pod: string;
  readonly container?: string;
  readonly tailLines?: number;
  /** The container that ran before the last restart. */
  readonly previous?: boolean;
  /** Each line begins with the time at which it was written, RFC 3339 with nanoseconds, and a space. */
  readonly timestamps?: boolean;
  /** RFC 3339. Only what was written since the beginning of that second. */
  readonly sinceTime?: string;
}

const MAX_LOG_BYTES = 256 * 1024;

function logPath(
  { namespace, pod, container, tailLines, previous, timestamps, sinceTime }: LogOptions,
  follow?: boolean,
): string {
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/log` +
    query({
      container,
      tailLines,
      previous,
      timestamps,
      sinceTime,
      follow,
      limitBytes: follow ? undefined : MAX_LOG_BYTES,
    });
}

/** The last lines of a container's log. */
export async function readLog(cluster: Cluster, options: LogOptions): Promise<string> {
  return await cluster.transport.sendText({
    method: "GET",
    path: logPath(options),
    accept: "*/*",
    what: `read the log of pod ${options.namespace}/${options.pod}`,
  });
}

/** A container's log, line by line as it is written, until the signal is aborted or the container ends. */
export async function* followLog(
  cluster: Cluster,
  options: LogOptions & { readonly signal?: AbortSignal },
): AsyncGenerator<string, void, void> {
  using client = await cluster.transport.streamClient();
  const response = await cluster.transport.open({
    method: "GET",
    path: logPath(options, true),
    accept: "*/*",
    what: `follow the log of pod ${options.namespace}/${options.pod}`,
    signal: options.signal,
  }, client);
  if (response.body !== null) yield* lines(response.body, options.signal);
}

/** A line of a log that is longer is cut. */
const MAX_LOG_LINE = 64 * 1024;

/**
 * A container's log as it is written, in batches of lines, for who has to keep up with much. It is read only as fast as
 * batches are taken. Ends with the container; with `follow: false`, with what there is.
 */
export async function* streamLog(
  cluster: Cluster,
  { follow, ...options }: LogOptions & { readonly follow: boolean; readonly signal?: AbortSignal },
): AsyncGenerator<string[], void, void> {
  using client = await cluster.transport.streamClient();
  const response = await cluster.transport.open({
    method: "GET",
    path: logPath(options, true).replace("follow=true", `follow=${follow}`),
    accept: "*/*",
    what: `read the log of pod ${options.namespace}/${options.pod}`,
    signal: options.signal,
  }, client);
  if (response.body !== null) yield* lineBatches(response.body, MAX_LOG_LINE, options.signal);
}

/** One Kubernetes Event. */
export interface ObjectEvent {
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  readonly count: number;
  /** RFC 3339; empty when unknown. */
  readonly time: string;
}

const text = z.string().nullish();
const eventList = z.object({
  items: z.array(z.object({
    type: text,
    reason: text,
    message: text,
    count: z.number().nullish(),
    lastTimestamp: text,
    eventTime: text,
    metadata: z.object({ creationTimestamp: text }),
  })),
});

/** The newest events about one object, the newest first. */
export async function eventsOf(
  cluster: Cluster,
  { namespace, uid, limit = 20 }: {
    readonly namespace: string;
    readonly uid: string;
    readonly limit?: number;
  },
): Promise<ObjectEvent[]> {
  const what = `list events ${namespace}`;
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/events` +
    query({ fieldSelector: `involvedObject.uid=${uid}`, limit: 200 });
  const { items } = shaped(what, eventList, await cluster.raw({ method: "GET", path, what }));
  return items
    .map((item) => ({
      type: item.type ?? "",
      reason: item.reason ?? "",
      message: item.message ?? "",
      count: item.count ?? 1,
      time: item.lastTimestamp ?? item.eventTime ?? item.metadata.creationTimestamp ?? "",
    }))
    .sort((left, right) => right.time.localeCompare(left.time))
    .slice(0, limit);
}

/** A port of a pod, reachable on this machine's loopback. */
export interface ForwardedPort extends AsyncDisposable {
  readonly host: "127.0.0.1";
  readonly port: number;
}

/**
 * Makes a port of a pod reachable on a free port of the loopback interface, through the API server.
 *
 * @throws {ClusterError} never at once: a pod that can't be reached closes each connection.
 */
export async function forwardPort(
  cluster: Cluster,
  { namespace, pod, port }: {
    readonly namespace: string;
    readonly pod: string;
    readonly port: number;
  },
): Promise<ForwardedPort> {
  const { client, config } = await officialClient(cluster);
  const forward = new client.PortForward(config);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    // What comes on the error channel means that nobody in the pod took the connection.
    const refused = new Writable({
      write(chunk: Uint8Array, _encoding, done) {
        if (chunk.length > 0) socket.destroy();
        done();
      },
    });
    forward.portForward(namespace, pod, [port], socket, refused, socket).then((connection) => {
      const close = () => (typeof connection === "function" ? connection() : connection)?.close();
      if (socket.destroyed) close();
      else socket.on("close", close);
    }, () => socket.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") {
    throw new ClusterError("unexpected", "No local port");
  }
  return {
    host: "127.0.0.1",
    port: address.port,
    [Symbol.asyncDispose]: () => {
      // A client that keeps a connection for later would keep this waiting.
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
