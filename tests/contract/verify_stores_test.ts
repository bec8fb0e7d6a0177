/** The checks of PostgreSQL and Valkey against real servers, well and with each fault. */
import assert from "node:assert/strict";
import postgres from "postgres";
import { runChecks } from "./reach.ts";
import { startPostgres } from "./servers/postgres.ts";
import { startValkey } from "./servers/valkey.ts";

const MIGRATED = { engine: "0100_alter_task_mode" };

Deno.test("the check of PostgreSQL passes when all is well, and names each fault", async (test) => {
  await using server = await startPostgres();
  const { port, superuser, password } = server;
  const options = { host: "127.0.0.1", port, onnotice: () => {} };
  const admin = postgres({ ...options, user: superuser, password, database: "postgres", max: 1 });
  await admin`CREATE ROLE cvat LOGIN PASSWORD 'cvat-password'`;
  await admin`CREATE DATABASE cvat OWNER cvat`;
  const own = postgres({
    ...options,
    user: "cvat",
    password: "cvat-password",
    database: "cvat",
    max: 1,
  });
  await own`CREATE TABLE django_migrations (app text, name text)`;
  await own`INSERT INTO django_migrations VALUES ('engine', '0100_alter_task_mode')`;
  const run = async (settings: Record<string, unknown> = {}, port = server.port) => {
    const check = {
      check: "postgres",
      service: "postgres/server:5432",
      user: "cvat",
      password: { secret: "s", key: "password" },
      database: "cvat",
      migrations: { latest: MIGRATED },
      ...settings,
    };
    const secrets = { "s/password": "cvat-password", "s/wrong": "some-wrong-password" };
    const { result } = await runChecks([check], {
      services: { "postgres/server:5432": port },
      secrets,
    });
    assert.doesNotMatch(JSON.stringify(result), /cvat-password|some-wrong-password/);
    return result;
  };
  await test.step("well", async () => {
    const result = await run();
    assert.equal(result.status, "passed", JSON.stringify(result));
    assert.match(JSON.stringify(result.evidence), /18\.\d.*connections left/);
    const left = await own`SELECT tablename FROM pg_tables WHERE tablename LIKE 'plumb%'`;
    assert.equal(left.length, 0);
  });
  await test.step("wrong password", async () => {
    const result = await run({ password: { secret: "s", key: "wrong" } });
    assert.deepEqual([result.status, result.message], [
      "failed",
      "PostgreSQL refuses the password",
    ]);
  });
  await test.step("server away", async () => {
    const result = await run({}, 1);
    assert.match(`${result.message} ${result.probably}`, /can't be reached.*is down/);
  });
  await test.step("an older server", async () => {
    assert.match((await run({ version: 99 })).message ?? "", /is 18.*not 99 or newer/);
  });
  await test.step("no such database", async () => {
    assert.equal((await run({ database: "other" })).message, "The database does not exist");
  });
  await test.step("migrations pending", async () => {
    const latest = { engine: "0101_next", iam: "0001_initial" };
    const result = await run({ migrations: { latest } });
    assert.equal(result.message, "Migrations are pending: engine 0101_next, iam 0001_initial");
  });
  await test.step("no schema at all", async () => {
    const result = await run({ migrations: { table: "nothing", latest: MIGRATED } });
    assert.equal(result.message, "There is no table of migrations");
  });
  await test.step("no rights", async () => {
    await admin`ALTER DATABASE cvat OWNER TO admin`;
    const result = await run();
    assert.match(`${result.message} ${result.probably}`, /may not.*belongs to somebody else/);
    await admin`ALTER DATABASE cvat OWNER TO cvat`;
  });
  await test.step("no connections left", async () => {
    assert.match(
      (await run({ connectionsLeft: 10_000 })).message ?? "",
      /has \d+ connections left/,
    );
  });
  await test.step("read-only", async () => {
    await admin`ALTER DATABASE cvat SET default_transaction_read_only = on`;
    assert.equal((await run()).message, "The database is read-only");
  });
  await Promise.all([own.end(), admin.end()]);
});

Deno.test("the check of Valkey passes when all is well, and names each fault", async (test) => {
  const persistent = { appendonly: "yes", "maxmemory-policy": "noeviction" };
  await using server = await startValkey({ password: "valkey-password", settings: persistent });
  const run = async (settings: Record<string, unknown> = {}, port = server.port) => {
    const check = {
      check: "valkey",
      service: "valkey/valkey:6379",
      password: { secret: "s", key: "password" },
      version: 8,
      keeps: "queues",
      ...settings,
    };
    const secrets = { "s/password": "valkey-password", "s/wrong": "some-wrong-password" };
    const { result } = await runChecks([check], {
      services: { "valkey/valkey:6379": port },
      secrets,
    });
    assert.doesNotMatch(JSON.stringify(result), /valkey-password|some-wrong-password/);
    return result;
  };
  await test.step("well, with an idle queue", async () => {
    await server.command("SADD", "rq:workers:import", "rq:worker:1");
    await server.command("HSET", "rq:worker:1", "hostname", "a-machine");
    const result = await run({ queues: ["import"] });
    assert.equal(result.status, "passed", JSON.stringify(result));
    assert.match(JSON.stringify(result.evidence), /valkey 8\..*append-only file.*0 waiting/);
    assert.equal(await server.command("KEYS", "plumb-verify-*"), "");
  });
  await test.step("wrong password, and none", async () => {
    assert.match(
      (await run({ password: { secret: "s", key: "wrong" } })).message ?? "",
      /refuses the login/,
    );
    const none = await run({ password: undefined });
    assert.match(`${none.message} ${none.probably}`, /refuses the login.*none is given/);
  });
  await test.step("server away", async () => {
    assert.match((await run({}, 1)).message ?? "", /can't be reached/);
  });
  await test.step("an older server", async () => {
    assert.match((await run({ version: 99 })).message ?? "", /valkey 8\.\d.*not 99/);
  });
  await test.step("eviction", async () => {
    await server.command("CONFIG", "SET", "maxmemory-policy", "allkeys-lru");
    assert.match((await run()).message ?? "", /evicts \(allkeys-lru\) where queues live/);
    assert.equal((await run({ keeps: "cache" })).status, "passed");
    await server.command("CONFIG", "SET", "maxmemory-policy", "noeviction");
  });
  await test.step("no persistence", async () => {
    await server.command("CONFIG", "SET", "appendonly", "no");
    assert.match((await run()).message ?? "", /keeps nothing on disk/);
    assert.equal((await run({ keeps: "nothing" })).status, "passed");
    await server.command("CONFIG", "SET", "appendonly", "yes");
  });
  await test.step("out of memory", async () => {
    await server.command("CONFIG", "SET", "maxmemory", "1");
    const result = await run();
    assert.match(`${result.message} ${result.probably}`, /no memory left.*evicts nothing/);
    await server.command("CONFIG", "SET", "maxmemory", "0");
  });
  await test.step("no worker", async () => {
    await server.command("RPUSH", "rq:queue:export", "job-1");
    const result = await run({ queues: ["export"] });
    assert.match(result.message ?? "", /No worker serves the queue export, in which 1 jobs wait/);
  });
  await test.step("a dead worker that is still registered", async () => {
    await server.command("SADD", "rq:workers:export", "rq:worker:2");
    assert.match(
      (await run({ queues: ["export"] })).message ?? "",
      /No worker serves the queue export.*1 more registered that are gone/,
    );
    await server.command("HSET", "rq:worker:2", "hostname", "a-machine");
    await server.command(
      "HSET",
      "rq:job:job-1",
      "enqueued_at",
      new Date(Date.now() - 600_000).toISOString(),
    );
    const result = await run({ queues: ["export"] });
    assert.match(
      `${result.message} ${result.probably}`,
      /waits for 60\d s, and 1 in all.*worker is dead/,
    );
    assert.equal((await run({ queues: ["export"], patience: 3_600 })).status, "passed");
    const running = run({ queues: ["export"] });
    await new Promise((resolve) => setTimeout(resolve, 800));
    await server.command("LPOP", "rq:queue:export");
    const served = await running;
    assert.equal(served.status, "passed", JSON.stringify(served));
    assert.match(JSON.stringify(served.evidence), /until it was taken/);
  });
});
