/** Queues of RQ: how long they are, for how long the oldest job waits, and whether a worker serves them. @module */
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { DEPLOYMENTS, PODS } from "../../cluster/mod.ts";
import { type CheckContext, CheckFailure, type ClusterView } from "../check.ts";
import type { ValkeyClient } from "../valkey_client.ts";

/** For how long a waiting job is watched, and how often: milliseconds. */
const WATCH = 2_000;
const LOOK_AGAIN = 200;

interface Queues {
  readonly queues: readonly string[];
  /** Seconds that a job may wait. */
  readonly patience: number;
}

/**
 * Looks at each queue. A worker that was killed stays registered for up to 480 seconds: of those, what is known to be
 * gone is not counted, and what counts proves little. Only a job that leaves its queue is proof, so one that waits is
 * watched; the checks of CVAT send jobs through the queues that they need.
 */
export async function checkQueues(
  client: ValkeyClient,
  { queues, patience }: Queues,
  context: CheckContext,
): Promise<void> {
  if (queues.length === 0) return;
  const pods = await podsOf(context.cluster);
  await Promise.all(queues.map((queue) => checkQueue(client, { queue, patience, pods }, context)));
}

async function checkQueue(
  client: ValkeyClient,
  { queue, patience, pods }: {
    readonly queue: string;
    readonly patience: number;
    readonly pods: Pods | undefined;
  },
  context: CheckContext,
): Promise<void> {
  const key = `rq:queue:${queue}`;
  const [length, oldest, { live, stale }] = await Promise.all([
    client.ask((redis) => redis.llen(key)),
    client.ask((redis) => redis.lindex(key, 0)),
    workersOf(client, queue, pods),
  ]);
  const notCounted = stale === 0 ? "" : `, ${stale} more registered that are gone`;
  if (live === 0) {
    throw new CheckFailure(
      `No worker serves the queue ${queue}, in which ${length} jobs wait${notCounted}`,
      {
        probably: "The worker's Deployment is scaled to zero, crashes, or can't log in to Valkey.",
        hint: `kubectl get deployments,pods --namespace ${
          context.cluster?.namespace ?? "NAMESPACE"
        }`,
      },
    );
  }
  const age = oldest === null ? 0 : await ageOf(client, oldest);
  const left = oldest !== null && await leaves(client, key, oldest, context.signal);
  const waiting = oldest === null
    ? ""
    : `, the oldest for ${Math.round(age)} s${left ? " until it was taken" : ""}`;
  context.evidence(
    `queue ${queue}`,
    `${length} waiting${waiting}; ${live} workers registered${notCounted}`,
  );
  if (oldest === null || left || age < patience) return;
  throw new CheckFailure(
    `The oldest job of the queue ${queue} waits for ${Math.round(age)} s, and ${length} in all`,
    {
      probably: "Its worker is dead though it is still registered, or hangs in another job.",
      hint: `kubectl rollout restart deployment of the worker for ${queue}`,
    },
  );
}

/** Whether a job is taken from the head of its queue while one looks. */
async function leaves(
  client: ValkeyClient,
  key: string,
  job: string,
  signal: AbortSignal,
): Promise<boolean> {
  for (const end = Date.now() + WATCH; Date.now() < end && !signal.aborted;) {
    await delay(LOOK_AGAIN);
    if (await client.ask((redis) => redis.lindex(key, 0)) !== job) return true;
  }
  return false;
}

/** Seconds since a job was queued. */
async function ageOf(client: ValkeyClient, job: string): Promise<number> {
  const [queued, created] = await client.ask((redis) =>
    redis.hmget(`rq:job:${job}`, "enqueued_at", "created_at")
  );
  const time = Date.parse(queued ?? created ?? "");
  return Number.isNaN(time) ? 0 : Math.max(0, (Date.now() - time) / 1000);
}

/** Who is registered for a queue: those who may live, and those who are known to be gone. */
async function workersOf(
  client: ValkeyClient,
  queue: string,
  pods: Pods | undefined,
): Promise<{ readonly live: number; readonly stale: number }> {
  const keys = await client.ask((redis) => redis.smembers(`rq:workers:${queue}`));
  const gone = await Promise.all(keys.map(async (key) => {
    const [host, born] = await client.ask((redis) => redis.hmget(key, "hostname", "birth"));
    // Its record runs out when it sends no sign of life; its name stays in the list until somebody cleans up.
    if (!host && !born) return true;
    return pods !== undefined && host ? isGone(host, pods) : false;
  }));
  const stale = gone.filter(Boolean).length;
  return { live: keys.length - stale, stale };
}

interface Pods {
  /** Whether each is ready, by name. */
  readonly ready: ReadonlyMap<string, boolean>;
  readonly deployments: readonly string[];
}

const named = z.object({ metadata: z.object({ name: z.string() }) });
const pod = named.extend({
  status: z.object({
    conditions: z.array(z.object({ type: z.string(), status: z.string() })).nullish(),
  }).default({}),
});

/** Undefined where nobody may look: then every registration counts. */
async function podsOf(cluster: ClusterView | undefined): Promise<Pods | undefined> {
  try {
    const [pods, deployments] = await Promise.all([
      cluster?.list(PODS),
      cluster?.list(DEPLOYMENTS),
    ]);
    if (pods === undefined || deployments === undefined) return undefined;
    return {
      ready: new Map(
        pods.map((item) => pod.parse(item)).map(({ metadata, status }) => [
          metadata.name,
          status.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ??
            false,
        ]),
      ),
      deployments: deployments.map((item) => named.parse(item).metadata.name),
    };
  } catch {
    return undefined;
  }
}

/** A worker's host is its pod. One that is named as no pod of these Deployments is may run elsewhere, and counts. */
function isGone(host: string, { ready, deployments }: Pods): boolean {
  const isReady = ready.get(host);
  if (isReady !== undefined) return !isReady;
  return deployments.some((name) =>
    host.startsWith(`${name}-`) && /^[a-z0-9]+-[a-z0-9]{5}$/.test(host.slice(name.length + 1))
  );
}
