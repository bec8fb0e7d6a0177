/** Follows the log of a container across broken connections and restarts, without losing or doubling lines. @module */
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { type Cluster, ClusterError, PODS, streamLog } from "../cluster/mod.ts";
import type { LogQuery } from "./contract.ts";
import { ServeError } from "./errors.ts";
import { LogCursor, type LogLine, parsePosition, type Position } from "./log_position.ts";

/** What comes of a log. */
export type LogPart =
  | { readonly type: "open"; readonly resumed: boolean }
  | { readonly type: "lines"; readonly lines: readonly LogLine[]; readonly position: Position }
  | { readonly type: "skipped"; readonly lines?: number; readonly reason: string }
  | { readonly type: "end"; readonly reason: string };

const RETRY_MILLISECONDS = 500;
/** A log that ends at once each time is looked at less and less often. */
const MAX_RETRY_MILLISECONDS = 5_000;
const MAX_BATCH = 1_000;

const containerStatus = z.object({
  name: z.string(),
  restartCount: z.int().default(0),
  state: z.object({ terminated: z.looseObject({ exitCode: z.int() }).optional() }).default({}),
});
const podObject = z.object({
  metadata: z.object({ deletionTimestamp: z.string().optional() }),
  spec: z.object({ restartPolicy: z.string().default("Always") }),
  status: z.object({
    phase: z.string().default("Pending"),
    containerStatuses: z.array(containerStatus).default([]),
    initContainerStatuses: z.array(containerStatus).default([]),
  }).default({ phase: "Pending", containerStatuses: [], initContainerStatuses: [] }),
});

/** How the container is. */
interface ContainerState {
  readonly restarts: number;
  /** Why nothing comes any more; undefined while something may. */
  readonly end: string | undefined;
}

/**
 * Follows a log until its container ends for good, or the signal's abort. It is read only as fast as parts are taken.
 *
 * @throws {ServeError} `bad-request` for a position that is none.
 * @throws {ClusterError} when the log can't be read and that will not pass.
 */
export async function* followLog(
  cluster: Cluster,
  query: LogQuery,
  signal: AbortSignal,
): AsyncGenerator<LogPart, void, void> {
  const { namespace, pod, container, previous, tail, after } = query;
  const start = after === undefined ? undefined : parsePosition(after);
  if (after !== undefined && start === undefined) {
    throw new ServeError("bad-request", "after is no position of a log");
  }
  const cursor = new LogCursor(start);
  let opened = false;
  let pause = RETRY_MILLISECONDS;
  let { restarts } = await stateOf(cluster, query);
  while (!signal.aborted) {
    const before = await stateOf(cluster, query);
    if (before.restarts !== restarts && !previous) {
      restarts = before.restarts;
      cursor.restart();
      if (opened) yield { type: "skipped", lines: 0, reason: "The container was started again" };
    }
    cursor.reopen();
    const started = cursor.position;
    const from = cursor.position === undefined
      ? (opened ? {} : { tailLines: tail })
      : { sinceTime: new Date(cursor.position.time).toISOString() };
    try {
      const stream = streamLog(cluster, {
        namespace,
        pod,
        container,
        previous,
        ...from,
        timestamps: true,
        // What has ended is read to its end: not every node ends what is followed.
        follow: !previous && before.end === undefined,
        signal,
      });
      if (!opened) yield { type: "open", resumed: start !== undefined };
      opened = true;
      for await (const batch of stream) yield* partsOf(batch, cursor);
    } catch (error) {
      if (signal.aborted) return;
      if (isGone(error)) return yield { type: "end", reason: "The pod is gone" };
      if (!mayPass(error)) throw error;
    }
    if (signal.aborted) return;
    const now = await stateOf(cluster, query);
    const end = previous ? "That was all of it" : now.end;
    // What was written while the connection ended is read by one more connection.
    if (end !== undefined && (previous || before.end !== undefined)) {
      return yield { type: "end", reason: end };
    }
    const moved = cursor.position !== started;
    pause = moved ? RETRY_MILLISECONDS : Math.min(pause * 2, MAX_RETRY_MILLISECONDS);
    await delay(pause, undefined, { signal }).catch(() => {});
  }
}

/** At the most so many lines at a time, each time with the position after them. */
function* partsOf(batch: readonly string[], cursor: LogCursor): Generator<LogPart> {
  for (let start = 0; start < batch.length; start += MAX_BATCH) {
    const { lines, missing } = cursor.take(batch.slice(start, start + MAX_BATCH));
    if (missing) {
      yield { type: "skipped", reason: "The log was cut off meanwhile: lines may be missing" };
    }
    const { position } = cursor;
    if (lines.length > 0 && position !== undefined) yield { type: "lines", lines, position };
  }
}

function isGone(error: unknown): boolean {
  return error instanceof ClusterError && error.status === 404;
}

/** A container that has not started has no log yet; a connection can break. */
function mayPass(error: unknown): boolean {
  if (!(error instanceof ClusterError)) return error instanceof TypeError;
  return error.status === 0 || error.status >= 500 || error.status === 429 ||
    (error.status === 400 &&
      /waiting to start|ContainerCreating|PodInitializing/.test(error.message));
}

async function stateOf(
  cluster: Cluster,
  { namespace, pod, container }: LogQuery,
): Promise<ContainerState> {
  const found = podObject.safeParse(await cluster.get(PODS, { namespace, name: pod }));
  if (!found.success) return { restarts: 0, end: "The pod is gone" };
  const { spec, status, metadata } = found.data;
  const isInit = status.initContainerStatuses.some(({ name }) => name === container);
  const state = [...status.containerStatuses, ...status.initContainerStatuses]
    .find(({ name }) => name === container);
  const terminated = state?.state.terminated;
  const over = terminated !== undefined && (status.phase === "Succeeded" ||
    status.phase === "Failed" || spec.restartPolicy === "Never" ||
    metadata.deletionTimestamp !== undefined ||
    (terminated.exitCode === 0 && (isInit || spec.restartPolicy === "OnFailure")));
  return {
    restarts: state?.restartCount ?? 0,
    end: over ? `The container has ended with code ${terminated.exitCode}` : undefined,
  };
}
