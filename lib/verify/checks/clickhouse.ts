/** The check `clickhouse`: a login, and a table that takes what is sent. @module */
import { z } from "zod";
import { type CheckContext, CheckFailure, defineCheck } from "../check.ts";
import type { Answer, Http } from "../http.ts";
import { reached } from "../reached.ts";
import { credential, service, valueOf, versionAtLeast } from "../settings_schema.ts";

const identifier = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "must be a plain name");

const settings = z.strictObject({
  service: service.describe("Where ClickHouse listens for HTTP."),
  user: credential.default("default"),
  password: credential,
  version: z.int().default(24).describe("Oldest major version."),
  database: identifier,
  table: identifier.default("events"),
  columns: z.array(z.string()).default([]).describe("Columns that the table must have."),
});
type Settings = z.output<typeof settings>;

/** `/ping`, login, version, database, table and columns. Yields a function that runs a query. */
export const clickhouseCheck = defineCheck({
  id: "clickhouse",
  title: "ClickHouse",
  proves: "The login works, and the events' table is there with every column.",
  needs: [],
  deadline: 30,
  settings,
  async run(given, context) {
    const http = await context.serviceHttp(given.service);
    const ping = await reached(() => http.ask("/ping"), UNREACHED);
    if (ping.status !== 200 || !ping.text.startsWith("Ok")) {
      throw new CheckFailure(`/ping answers ${ping.status}`, {
        probably: "Something else listens there, or ClickHouse is starting.",
        hint: "Look at its pods and its log.",
      });
    }
    context.evidence("ping", `${Math.round(ping.milliseconds)} ms`);
    const query = await loginTo(http, given, context);
    const version = await query("SELECT version()");
    context.evidence("version", version);
    if (!versionAtLeast(version, given.version)) {
      throw new CheckFailure(`ClickHouse is ${version}, not ${given.version} or newer`, {
        probably: "The platform's ClickHouse was not upgraded.",
      });
    }
    await checkTable(query, given, context);
    return query;
  },
});

/** Runs a query, and gives its answer as text. */
export type Query = (sql: string) => Promise<string>;

const UNREACHED = {
  server: "ClickHouse",
  away: "The server is down, or its Service has no ready pod.",
  timeout: "It is overloaded, or a network policy drops the packets.",
  hint: "Look at its pods and its log.",
};

async function loginTo(http: Http, given: Settings, context: CheckContext): Promise<Query> {
  const [user, password] = await Promise.all([
    valueOf(given.user, context),
    valueOf(given.password, context),
  ]);
  return async (sql) => {
    const answer = await reached(() =>
      http.ask("/", {
        method: "POST",
        body: sql,
        headers: { "X-ClickHouse-User": user, "X-ClickHouse-Key": password },
      }), UNREACHED);
    if (answer.status === 200) return answer.text.trimEnd();
    throw refusalOf(answer);
  };
}

/** ClickHouse numbers its errors: `Code: 516. DB::Exception: …`. */
function refusalOf({ status, text }: Answer): CheckFailure {
  const code = Number(/Code: (\d+)/.exec(text)?.[1] ?? 0);
  const said = text.split("\n")[0]?.slice(0, 200) ?? "";
  // 192 unknown user, 193 wrong password (up to 19), 194 password required, 516 authentication failed.
  if ([192, 193, 194, 516].includes(code) || status === 401 || status === 403) {
    return new CheckFailure("ClickHouse refuses the login", {
      probably:
        "The password in the Secret is not that of the user: one of them was changed alone.",
      hint: "Compare the component's Secret with the server's, and reconcile.",
    });
  }
  return new CheckFailure(`ClickHouse answers ${status}: ${said}`);
}

async function checkTable(query: Query, given: Settings, context: CheckContext): Promise<void> {
  const { database, table, columns } = given;
  const list = async (sql: string) => (await query(sql)).split("\n").filter((line) => line !== "");
  const databases = await list("SELECT name FROM system.databases");
  if (!databases.includes(database)) {
    throw new CheckFailure(`There is no database ${database}`, {
      probably: databases.includes("None")
        ? "It was made under the name None, since CLICKHOUSE_DB was not set."
        : "The Job that makes it has not run, or it was dropped.",
      hint: "Delete the Job that makes the schema, and reconcile: it runs again.",
    });
  }
  const found = await list(
    `SELECT name FROM system.columns WHERE database = '${database}' AND table = '${table}'`,
  );
  if (found.length === 0) {
    throw new CheckFailure(`The database ${database} has no table ${table}`, {
      probably: "The Job that makes it was interrupted.",
      hint: "Delete the Job that makes the schema, and reconcile: it runs again.",
    });
  }
  const missing = columns.filter((column) => !found.includes(column));
  if (missing.length > 0) {
    throw new CheckFailure(`The table ${database}.${table} lacks ${missing.join(", ")}`, {
      probably: "The schema is that of an older release: what is sent is refused.",
      hint: "Delete the Job that makes the schema, and reconcile: it runs again.",
    });
  }
  context.evidence("rows", await query(`SELECT count() FROM ${database}.${table}`));
}
