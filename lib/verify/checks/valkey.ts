/** The check `valkey`: a store that keeps what it must keep. @module */
import { Redis } from "iovalkey";
import { z } from "zod";
import { type CheckContext, CheckFailure, defineCheck } from "../check.ts";
import { credential, service, valueOf, versionAtLeast } from "../settings_schema.ts";

const settings = z.strictObject({
  service: service.describe("Where Valkey listens."),
  password: credential.optional(),
  version: z.union([z.int(), z.string()]).optional().describe("Oldest version."),
  keeps: z.enum(["queues", "cache", "nothing"]).describe(
    "queues: nothing may be evicted or lost. cache: it is on disk. nothing: it may all go.",
  ),
  queues: z.array(z.string()).default([]).describe("Queues of RQ that must be served."),
  patience: z.int().default(120).describe("Seconds that a job may wait for a worker."),
});
type Settings = z.output<typeof settings>;

/** Login, version, a write that expires, eviction, persistence, and the queues. */
export const valkeyCheck = defineCheck({
  id: "valkey",
  title: "Valkey",
  proves:
    "The store takes and gives back what is written, keeps what must be kept, and its queues are served.",
  needs: [],
  deadline: 30,
  settings,
  async run(given, context) {
    const client = await open(given, context);
    try {
      await connect(client, given);
      await checkVersion(client, given, context);
      await checkWrite(client, given, context);
      if (given.keeps === "queues") await checkEviction(client, given, context);
      if (given.keeps !== "nothing") await checkPersistence(client, given, context);
      for (const queue of given.queues) await checkQueue(client, queue, given, context);
    } finally {
      client.disconnect();
    }
  },
});

/** The client only says that the connection is closed; why, it tells as an event before. */
async function connect(client: Redis, given: Settings): Promise<void> {
  let reason: unknown;
  client.on("error", (error: unknown) => reason = error);
  try {
    await client.connect();
  } catch (error) {
    const cause = reason ?? error;
    throw failureOf(cause instanceof Error ? cause.message : String(cause), given, cause);
  }
}

async function open(given: Settings, context: CheckContext): Promise<Redis> {
  const { hostname, port } = await context.connect(given.service);
  const password = given.password === undefined
    ? undefined
    : await valueOf(given.password, context);
  const client = new Redis({
    host: hostname,
    port,
    ...(password === undefined ? {} : { password }),
    lazyConnect: true,
    connectTimeout: 10_000,
    commandTimeout: 10_000,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
  });
  context.signal.addEventListener("abort", () => client.disconnect(), { once: true });
  return client;
}

async function ask<Result>(question: () => Promise<Result>, given: Settings): Promise<Result> {
  try {
    return await question();
  } catch (error) {
    if (error instanceof CheckFailure) throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw failureOf(message, given, error);
  }
}

function failureOf(message: string, given: Settings, cause: unknown): CheckFailure {
  if (/NOAUTH|WRONGPASS|invalid password|no password is set/i.test(message)) {
    return new CheckFailure(`Valkey refuses the login: ${message}`, {
      probably: given.password === undefined
        ? "It asks for a password, and none is given."
        : "The password in the Secret is not that of the server.",
      hint: "Compare the component's Secret with the one of the server, and reconcile.",
      cause,
    });
  }
  if (/OOM/.test(message)) {
    return new CheckFailure(`Valkey has no memory left: ${message}`, {
      probably: "It holds more than its maxmemory, and evicts nothing.",
      hint: "See what fills it (INFO memory, --bigkeys), or give it more memory.",
      cause,
    });
  }
  if (/MISCONF|READONLY/.test(message)) {
    return new CheckFailure(`Valkey takes no writes: ${message}`, {
      probably: "It can't write to its disk, or a replica answers.",
      hint: "Look at its log and the free space of its volume.",
      cause,
    });
  }
  return new CheckFailure(`Valkey can't be reached: ${message}`, {
    probably: "The server is down, or its Service has no ready pod.",
    hint: "Look at its pods and its log.",
    cause,
    transient: true,
  });
}

async function info(client: Redis, section: string, given: Settings): Promise<Map<string, string>> {
  const text = await ask(() => client.info(section), given);
  return new Map(
    text.split(/\r?\n/).flatMap((line) => {
      const colon = line.indexOf(":");
      return colon < 0 ? [] : [[line.slice(0, colon), line.slice(colon + 1)] as const];
    }),
  );
}

async function checkVersion(client: Redis, given: Settings, context: CheckContext): Promise<void> {
  const server = await info(client, "server", given);
  const [product, version] = ["kvrocks", "valkey", "redis"].flatMap((name) => {
    const found = server.get(`${name}_version`);
    return found === undefined ? [] : [[name, found] as const];
  })[0] ?? ["unknown", ""];
  context.evidence("version", `${product} ${version}`);
  if (given.version === undefined || versionAtLeast(version, given.version)) return;
  throw new CheckFailure(`The server is ${product} ${version}, not ${given.version} or newer`, {
    probably: "The platform's Valkey was not upgraded.",
    hint: "Upgrade it, or set the version that the component really needs.",
  });
}

/** A key of its own, written, read, and gone when its time is up. */
async function checkWrite(client: Redis, given: Settings, context: CheckContext): Promise<void> {
  const key = `${context.marker}:${given.service}`;
  const started = performance.now();
  await ask(() => client.set(key, "word", "PX", 300), given);
  const read = await ask(() => client.get(key), given);
  context.evidence("write and read", `${(performance.now() - started).toFixed(1)} ms`);
  if (read !== "word") {
    throw new CheckFailure("What was written can't be read", {
      probably: "It was evicted at once: the memory is full. Or another server answers.",
      hint: "INFO memory, CONFIG GET maxmemory",
    });
  }
  for (const end = Date.now() + 3_000;;) {
    if (await ask(() => client.exists(key), given) === 0) return;
    if (Date.now() > end) {
      throw new CheckFailure("A key outlives its time", {
        probably: "Expiry is switched off on this server.",
        hint: "DEBUG SET-ACTIVE-EXPIRE 1",
      });
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function checkEviction(client: Redis, given: Settings, context: CheckContext): Promise<void> {
  const memory = await info(client, "memory", given);
  const policy = memory.get("maxmemory_policy") ?? "unknown";
  const [used, most] = [Number(memory.get("used_memory")), Number(memory.get("maxmemory"))];
  context.evidence("eviction", policy);
  context.evidence("memory", most > 0 ? `${used} of ${most} bytes` : `${used} bytes, no limit`);
  if (policy !== "noeviction") {
    throw new CheckFailure(`The server evicts (${policy}) where queues live`, {
      probably: "maxmemory-policy was changed. Jobs vanish without a word when memory is short.",
      hint: "CONFIG SET maxmemory-policy noeviction, and keep it in the server's configuration.",
    });
  }
  if (most > 0 && used > 0.9 * most) {
    throw new CheckFailure(`The memory is nearly full: ${used} of ${most} bytes`, {
      probably: "Something else fills it: media chunks, if it also serves as the cache.",
      hint: "See what fills it (INFO memory, --bigkeys), or give it more memory.",
    });
  }
}

async function checkPersistence(
  client: Redis,
  given: Settings,
  context: CheckContext,
): Promise<void> {
  if ((await info(client, "server", given)).has("kvrocks_version")) {
    context.evidence("persistence", "on disk");
    return;
  }
  const persistence = await info(client, "persistence", given);
  const appends = persistence.get("aof_enabled") === "1";
  const [saves] = (await ask(() => client.config("GET", "save"), given) as string[]).slice(1);
  const snapshots = (saves ?? "") !== "";
  context.evidence("persistence", appends ? "append-only file" : snapshots ? "snapshots" : "none");
  const broken = ["rdb_last_bgsave_status", "aof_last_write_status", "aof_last_bgrewrite_status"]
    .find((name) => persistence.get(name) === "err");
  if (broken !== undefined) {
    throw new CheckFailure(`The last write to disk failed (${broken})`, {
      probably: "The volume is full, or can't be written.",
      hint: "Look at the server's log and the free space of its volume.",
    });
  }
  if (appends || snapshots) return;
  throw new CheckFailure("The server keeps nothing on disk", {
    probably: "Persistence was switched off. A restart loses every queued job.",
    hint: "CONFIG SET appendonly yes, and keep it in the server's configuration.",
  });
}

/** The pause between two looks at a queue's oldest job. */
const LOOK_AGAIN_MILLISECONDS = 1_000;

/**
 * The list of a queue's workers proves nothing: a killed one stays in it for up to 480 seconds. An empty one proves
 * that there is none; and a job that waits longer than it should, and does not leave while one looks, is not served.
 */
async function checkQueue(
  client: Redis,
  queue: string,
  given: Settings,
  context: CheckContext,
): Promise<void> {
  const key = `rq:queue:${queue}`;
  const [length, workers, oldest] = await ask(
    () =>
      Promise.all([client.llen(key), client.scard(`rq:workers:${queue}`), client.lindex(key, 0)]),
    given,
  );
  if (workers === 0) {
    throw new CheckFailure(`No worker serves the queue ${queue}, in which ${length} jobs wait`, {
      probably: "The worker's Deployment is scaled to zero, crashes, or can't log in to Valkey.",
      hint: `kubectl get deployments,pods --namespace ${context.cluster?.namespace ?? "NAMESPACE"}`,
    });
  }
  const age = oldest === null ? 0 : await ageOf(client, oldest, given);
  const waiting = oldest === null ? "" : `, the oldest for ${Math.round(age)} s`;
  context.evidence(`queue ${queue}`, `${length} waiting${waiting}; ${workers} workers registered`);
  if (oldest === null || age < given.patience) return;
  await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MILLISECONDS));
  if (await ask(() => client.lindex(key, 0), given) !== oldest) return;
  throw new CheckFailure(
    `The oldest job of the queue ${queue} waits for ${Math.round(age)} s, and ${length} in all`,
    {
      probably: "Its worker is dead though it is still registered, or hangs in another job.",
      hint: `kubectl rollout restart deployment of the worker for ${queue}`,
    },
  );
}

/** Seconds since a job was queued. */
async function ageOf(client: Redis, job: string, given: Settings): Promise<number> {
  const [queued, created] = await ask(
    () => client.hmget(`rq:job:${job}`, "enqueued_at", "created_at"),
    given,
  );
  const time = Date.parse(queued ?? created ?? "");
  return Number.isNaN(time) ? 0 : Math.max(0, (Date.now() - time) / 1000);
}
