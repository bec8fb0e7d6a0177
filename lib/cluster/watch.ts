/** Watches: what changes, as it changes. @module */
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import type { KubernetesObject } from "../object.ts";
import type { Cluster } from "./cluster.ts";
import type { Resource } from "./discovery.ts";
import { ClusterError, errorOfAnswer } from "./errors.ts";
import { collectionPath, query } from "./paths.ts";
import { streamText } from "./stream_text.ts";

/** One thing that a watch saw. After `expired`, changes may have been missed: list again. */
export type WatchEvent =
  | { readonly type: "added" | "modified" | "deleted"; readonly object: KubernetesObject }
  | { readonly type: "expired" };

/** What to watch. */
export interface WatchOptions {
  readonly namespace?: string | undefined;
  /** Only the object of this name. */
  readonly name?: string;
  /** From a list; what happened since is told first. */
  readonly resourceVersion: string;
  readonly signal?: AbortSignal | undefined;
  /** After so many milliseconds without a line, the watch is opened anew. @default {100_000} */
  readonly silence?: number;
}

const frame = z.object({
  type: z.enum(["ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR"]),
  object: z.looseObject({
    code: z.number().optional(),
    message: z.string().optional(),
    metadata: z.looseObject({ resourceVersion: z.string().optional() }).optional(),
  }),
});

/** The API server ends a watch itself after this time; the next one goes on from where it ended. */
const WATCH_SECONDS = 290;
const RECONNECT_MILLISECONDS = 500;
/** The API server sends a bookmark about every minute: a watch that is silent for longer has lost its connection. */
const SILENCE_MILLISECONDS = 100_000;
const MAX_LINE = 16 * 1024 * 1024;

/**
 * Watches a kind until the signal is aborted. Broken connections are opened again from where they broke.
 *
 * @throws {ClusterError} when the API server refuses the watch, or stays out of reach.
 */
export async function* watch(
  cluster: Cluster,
  resource: Resource,
  options: WatchOptions,
): AsyncGenerator<WatchEvent, void, void> {
  let { resourceVersion } = options;
  let failures = 0;
  using client = await cluster.transport.streamClient();
  while (!options.signal?.aborted) {
    try {
      for await (
        const line of heard(
          await open(cluster, client, resource, { ...options, resourceVersion }),
          options,
        )
      ) {
        failures = 0;
        const { type, object } = frame.parse(JSON.parse(line));
        if (type === "ERROR") {
          if (object.code === 410) return yield { type: "expired" };
          throw errorOfAnswer("watch", {
            status: object.code ?? 500,
            body: line,
            url: cluster.server,
          });
        }
        resourceVersion = object.metadata?.resourceVersion ?? resourceVersion;
        if (type === "BOOKMARK") continue;
        yield {
          type: type === "ADDED" ? "added" : type === "MODIFIED" ? "modified" : "deleted",
          object: object as unknown as KubernetesObject,
        };
      }
    } catch (error) {
      if (options.signal?.aborted) return;
      if (error instanceof ClusterError && error.status === 410) return yield { type: "expired" };
      if (error instanceof ClusterError && error.status >= 400 && error.status < 500) throw error;
      if (++failures > 60) {
        throw error instanceof ClusterError ? error : new ClusterError(
          "unexpected",
          `watch ${resource.plural}: the stream breaks again and again`,
          { cause: error },
        );
      }
    }
    if (options.signal?.aborted) return;
    await delay(failures > 0 ? RECONNECT_MILLISECONDS : 0);
  }
}

async function open(
  cluster: Cluster,
  client: Deno.HttpClient,
  resource: Resource,
  { namespace, name, resourceVersion, signal }: WatchOptions,
): Promise<ReadableStream<Uint8Array>> {
  const response = await cluster.transport.open({
    method: "GET",
    path: collectionPath(resource, namespace) + query({
      watch: 1,
      allowWatchBookmarks: true,
      timeoutSeconds: WATCH_SECONDS,
      resourceVersion,
      fieldSelector: name === undefined ? undefined : `metadata.name=${name}`,
    }),
    what: `watch ${resource.plural} ${namespace ?? ""}`.trimEnd(),
    signal,
  }, client);
  return response.body ?? new ReadableStream();
}

/** The lines of a stream, which ends when it was silent for too long. */
async function* heard(
  stream: ReadableStream<Uint8Array>,
  { signal, silence = SILENCE_MILLISECONDS }: WatchOptions,
): AsyncGenerator<string, void, void> {
  const silent = new AbortController();
  const until = signal === undefined ? silent.signal : AbortSignal.any([signal, silent.signal]);
  const listen = () => setTimeout(() => silent.abort(), silence);
  let timer = listen();
  try {
    for await (const line of lines(stream, until)) {
      clearTimeout(timer);
      timer = listen();
      yield line;
    }
  } finally {
    clearTimeout(timer);
  }
}

/** The lines of a stream, until its end or the signal's abort. */
export async function* lines(
  stream: ReadableStream<Uint8Array>,
  signal?: AbortSignal,
): AsyncGenerator<string, void, void> {
  let rest = "";
  for await (const text of streamText(stream, signal)) {
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    if (rest.length > MAX_LINE) {
      throw new ClusterError("too-large", "A line of a stream has no end");
    }
    yield* parts.filter((part) => part !== "");
  }
  if (rest !== "" && !signal?.aborted) yield rest;
}
