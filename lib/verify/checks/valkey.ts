/** The check `valkey`: a store that keeps what it must keep. @module */
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { type CheckContext, CheckFailure, defineCheck } from "../check.ts";
import { credential, service, versionAtLeast } from "../settings_schema.ts";
import { ValkeyClient } from "../valkey_client.ts";
import { checkQueues } from "./queues.ts";

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
    using client = await ValkeyClient.open(given, context);
    await checkVersion(client, given, context);
    await checkWrite(client, given, context);
    if (given.keeps === "queues") await checkEviction(client, context);
    if (given.keeps !== "nothing") await checkPersistence(client, context);
    await checkQueues(client, given, context);
  },
});

async function checkVersion(
  client: ValkeyClient,
  given: Settings,
  context: CheckContext,
): Promise<void> {
  const server = await client.info("server");
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
async function checkWrite(
  client: ValkeyClient,
  given: Settings,
  context: CheckContext,
): Promise<void> {
  const key = `${context.marker}:${given.service}`;
  const started = performance.now();
  // Long enough to be read over the slowest way; if this run is killed, it goes by itself.
  await client.ask((redis) => redis.set(key, "word", "PX", 30_000));
  const read = await client.ask((redis) => redis.get(key));
  context.evidence("write and read", `${(performance.now() - started).toFixed(1)} ms`);
  if (read !== "word") {
    throw new CheckFailure("What was written can't be read", {
      probably: "It was evicted at once: the memory is full. Or another server answers.",
      hint: "INFO memory, CONFIG GET maxmemory",
    });
  }
  await client.ask((redis) => redis.pexpire(key, 300));
  for (const end = Date.now() + 3_000;;) {
    if (await client.ask((redis) => redis.exists(key)) === 0) return;
    if (Date.now() > end) {
      throw new CheckFailure("A key outlives its time", {
        probably: "Expiry is switched off on this server.",
        hint: "DEBUG SET-ACTIVE-EXPIRE 1",
      });
    }
    await delay(100);
  }
}

async function checkEviction(client: ValkeyClient, context: CheckContext): Promise<void> {
  const memory = await client.info("memory");
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
  client: ValkeyClient,
  context: CheckContext,
): Promise<void> {
  if ((await client.info("server")).has("kvrocks_version")) {
    context.evidence("persistence", "on disk");
    return;
  }
  const persistence = await client.info("persistence");
  const appends = persistence.get("aof_enabled") === "1";
  const [saves] = (await client.ask((redis) => redis.config("GET", "save")) as string[]).slice(1);
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
