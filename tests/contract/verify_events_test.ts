/** The checks of ClickHouse and of the way that events take to it. */
import assert from "node:assert/strict";
import { startCvatWithOpa } from "./cvat/verified.ts";
import { runChecks } from "./reach.ts";
import { startChdb } from "./servers/chdb.ts";
import { type ClickHouse, startClickHouse } from "./servers/clickhouse.ts";

const SERVICE = "clickhouse/clickhouse-clickhouse:8123";
const secrets = { "s/clickhouse": "clickhouse-password", "s/wrong": "some-wrong-password" };
const CHECK = {
  check: "clickhouse",
  service: SERVICE,
  password: { secret: "s", key: "clickhouse" },
  database: "cvat",
  columns: ["scope", "obj_name", "access_token_id"],
};

const TABLE = `CREATE TABLE cvat.events (scope String, obj_name Nullable(String),
  timestamp DateTime, user_id Nullable(UInt64), access_token_id Nullable(UInt64))
  ENGINE = MergeTree() PARTITION BY toYYYYMM(timestamp) ORDER BY timestamp`;

Deno.test("the check of ClickHouse passes when all is well, and names each fault", async (test) => {
  await using server = await startClickHouse();
  const run = async (settings: Record<string, unknown> = {}, port = server.port) => {
    const check = { ...CHECK, version: 18, ...settings };
    const { result } = await runChecks([check], { services: { [SERVICE]: port }, secrets });
    assert.doesNotMatch(JSON.stringify(result), /clickhouse-password|some-wrong-password/);
    return `${result.status}: ${result.message ?? ""} ${result.probably ?? ""}`;
  };
  await test.step("no database", async () => {
    assert.match(await run(), /no database cvat.*Job that makes it has not run/);
  });
  await test.step("made under the name None", async () => {
    await server.query("CREATE DATABASE None");
    assert.match(await run(), /no database cvat.*CLICKHOUSE_DB was not set/);
  });
  await test.step("no table", async () => {
    await server.query("CREATE DATABASE cvat");
    assert.match(await run(), /has no table events/);
  });
  await test.step("well", async () => {
    await server.query(TABLE);
    assert.match(await run(), /^passed/);
  });
  await test.step("a schema of an older release", async () => {
    await server.query("ALTER TABLE cvat.events DROP COLUMN access_token_id");
    assert.match(await run(), /lacks access_token_id.*older release/);
  });
  await test.step("an older server", async () => {
    assert.match(await run({ version: 24 }), /ClickHouse is 18.*not 24 or newer/);
  });
  await test.step("wrong password", async () => {
    const password = { secret: "s", key: "wrong" };
    assert.match(await run({ password }), /refuses the login.*password in the Secret/);
  });
  await test.step("server away", async () => {
    assert.match(await run({}, 1), /can't be reached.*server is down/);
  });
  await test.step("another server in its place", async () => {
    await using other = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      () => new Response("hello"),
    );
    assert.match(await run({}, other.addr.port), /ping answers 200.*Something else listens/);
  });
});

/** What Vector does. */
function into(server: ClickHouse) {
  return async (events: readonly Readonly<Record<string, unknown>>[]) => {
    for (const { scope, obj_name } of events) {
      const row = JSON.stringify({ scope, obj_name, timestamp: "2026-01-01 00:00:00" });
      await server.query(`INSERT INTO cvat.events FORMAT JSONEachRow ${row}`);
    }
  };
}

Deno.test("an event is seen to arrive in ClickHouse, or not", async (test) => {
  await using server = await startChdb();
  await server.query("CREATE DATABASE cvat");
  await server.query(TABLE);
  await using stack = await startCvatWithOpa({ sink: into(server) });
  const names = ["clickhouse", "cvat-health", "cvat-events"];
  const run = async (
    settings: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {},
  ) => {
    const { results } = await stack.check(names, {
      ...settings,
      clickhouse: { ...CHECK, ...settings["clickhouse"] },
      "cvat-events": { patience: 2, ...settings["cvat-events"] },
    }, { services: { [SERVICE]: server.port }, secrets });
    return results;
  };
  await test.step("it arrives", async () => {
    const results = await run();
    for (const result of results) assert.equal(result.status, "passed", JSON.stringify(result));
    assert.match(JSON.stringify(results), /arrived after/);
  });
  await test.step("Vector is away", async () => {
    stack.cvat.faults.dropsEvents = true;
    const event = (await run())[2];
    assert.match(
      `${event?.message} ${event?.probably}`,
      /is not in cvat\.events after 2 s.*Vector is away/,
    );
    stack.cvat.faults.dropsEvents = false;
  });
  await test.step("502 on the way", async () => {
    stack.cvat.faults.breaksEvents = true;
    const event = (await run())[2];
    assert.match(
      `${event?.message} ${event?.probably}`,
      /events answers 502, not 201: 502 Bad Gateway.*finds no server behind it/,
    );
    stack.cvat.faults.breaksEvents = false;
  });
  await test.step("another table than that which is looked at", async () => {
    await server.query("CREATE TABLE cvat.other AS cvat.events");
    const event = (await run({ "cvat-events": { table: "cvat.other" } }))[2];
    assert.match(`${event?.message} ${event?.probably}`, /is not in cvat\.other.*Vector is away/);
  });
  await test.step("ClickHouse refuses the login: the way to it is not judged", async () => {
    const results = await run({ clickhouse: { password: { secret: "s", key: "wrong" } } });
    assert.deepEqual(results.map(({ status }) => status), ["failed", "passed", "not-judged"]);
    assert.match(results[2]?.message ?? "", /presupposes clickhouse/);
  });
  await test.step("the account can't log in", async () => {
    const account = { username: "checker", password: "wrong" };
    const event = (await run({ "cvat-events": { account } }))[2];
    assert.match(`${event?.message}`, /POST \/api\/events answers 401/);
    assert.match(`${event?.probably}`, /password in the Secret is not that of the account/);
  });
  assert.deepEqual(stack.cvat.violations, []);
});
