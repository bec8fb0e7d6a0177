/** Logs of a component's pods: over a WebSocket as they are written, or as a file. @module */
import type { Cluster } from "../cluster/mod.ts";
import { streamLog } from "../cluster/mod.ts";
import {
  type LogCommand,
  logCommand,
  type LogMessage,
  type LogQuery,
  type Pods,
} from "./contract.ts";
import { problemOf, ServeError } from "./errors.ts";
import { followLog } from "./log_follow.ts";
import { LogSender } from "./log_sender.ts";
import type { Look } from "./look.ts";
import { podsOf } from "./pods.ts";

const MAX_SOCKETS = 32;
/** A command is far shorter. */
const MAX_COMMAND = 1_000;

/** Reads logs. */
export class Logs {
  readonly #cluster: Cluster;
  readonly #sockets = new Map<WebSocket, AbortController>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** The pods of a component. */
  async pods(look: Look): Promise<Pods> {
    return await podsOf(this.#cluster, look);
  }

  /**
   * Opens a WebSocket to the log of a container.
   *
   * @throws {ServeError} `not-found` when the component has no such pod, `too-many`
   */
  async follow(look: Look, query: LogQuery, request: Request): Promise<Response> {
    if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
      throw new ServeError("bad-request", "This address is for a WebSocket");
    }
    if (this.#sockets.size >= MAX_SOCKETS) {
      throw new ServeError("too-many", "Too many logs are followed at once", {
        hint: "Close some of them.",
      });
    }
    await this.#assertOwn(look, query);
    const { socket, response } = Deno.upgradeWebSocket(request);
    const abort = new AbortController();
    this.#sockets.set(socket, abort);
    const close = () => {
      this.#sockets.delete(socket);
      abort.abort();
    };
    socket.addEventListener("close", close);
    socket.addEventListener("error", close);
    socket.addEventListener("open", () => void this.#serve(socket, query, abort.signal));
    return response;
  }

  /** The whole log of a container. It is read only as fast as it is taken. */
  async download(
    look: Look,
    query: Pick<LogQuery, "namespace" | "pod" | "container" | "previous">,
  ): Promise<Response> {
    await this.#assertOwn(look, query);
    const { namespace, pod, container, previous } = query;
    const abort = new AbortController();
    const { signal } = abort;
    const options = {
      namespace,
      pod,
      container,
      previous,
      timestamps: true,
      follow: false,
      signal,
    };
    const batches = streamLog(this.#cluster, options);
    const encoder = new TextEncoder();
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      async pull(controller) {
        const { done, value } = await batches.next();
        if (done) return controller.close();
        controller.enqueue(encoder.encode(`${value.join("\n")}\n`));
      },
      cancel: () => abort.abort(),
    });
    return new Response(body, {
      headers: {
        "content-type": "text/plain; charset=utf-8",
        // Names of pods and containers are letters, digits, dots and dashes.
        "content-disposition": `attachment; filename="${pod}-${container}.log"`,
      },
    });
  }

  /** Ends all that is followed. */
  close(): void {
    for (const [socket, abort] of this.#sockets) {
      abort.abort();
      socket.close(1001, "The server is being stopped");
    }
  }

  /** Only what belongs to the component can be read, whatever this server's credentials allow. */
  async #assertOwn(
    look: Look,
    { namespace, pod, container }: Pick<LogQuery, "namespace" | "pod" | "container">,
  ): Promise<void> {
    const { pods } = await this.pods(look);
    const found = pods.find((item) => item.namespace === namespace && item.name === pod);
    if (found?.containers.some(({ name }) => name === container)) return;
    throw new ServeError("not-found", `${look.name} has no container ${pod}/${container}`, {
      hint: "It may have been replaced: look at the pods as they are now.",
    });
  }

  async #serve(socket: WebSocket, query: LogQuery, signal: AbortSignal): Promise<void> {
    const send = (message: LogMessage) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
    };
    const sender = new LogSender({ behind: query.behind, send, signal });
    socket.addEventListener("message", ({ data }) => {
      const command = readCommand(data);
      if (command === undefined) return socket.close(1008, "This is no command");
      sender.command(command);
    });
    try {
      await sender.run(followLog(this.#cluster, query, signal));
    } catch (error) {
      send({ type: "error", error: problemOf(error) });
    }
    if (socket.readyState === WebSocket.OPEN) socket.close(1000);
  }
}

/** What a viewer of a log sends, or undefined if it is anything else. */
export function readCommand(data: unknown): LogCommand | undefined {
  if (typeof data !== "string" || data.length > MAX_COMMAND) return undefined;
  try {
    return logCommand.parse(JSON.parse(data));
  } catch {
    return undefined;
  }
}
