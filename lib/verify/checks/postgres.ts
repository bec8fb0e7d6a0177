/** The check `postgres`: a database that can be used, not only reached. @module */
import postgres, { type Sql } from "postgres";
import { z } from "zod";
import { type CheckContext, CheckFailure, defineCheck } from "../check.ts";
import { credential, service, valueOf, versionAtLeast } from "../settings_schema.ts";

const settings = z.strictObject({
  service: service.describe("Where PostgreSQL listens."),
  user: credential,
  password: credential,
  database: credential,
  version: z.int().default(18).describe("Oldest major version."),
  connectionsLeft: z.int().default(5).describe("How many more connections must be possible."),
  migrations: z.strictObject({
    table: z.string().default("django_migrations"),
    latest: z.record(z.string(), z.string()).describe("The last migration of each application."),
  }).optional(),
});

/** Login, version, rights, a write that is taken back, migrations, and connections to spare. */
export const postgresCheck = defineCheck({
  id: "postgres",
  title: "PostgreSQL",
  proves: "The component's own login can write and read its database, whose schema is complete.",
  needs: [],
  deadline: 30,
  settings,
  async run(given, context) {
    const started = performance.now();
    const sql = await login(given, context);
    try {
      const [first] = await ask(() => sql`SHOW server_version`.values());
      context.evidence("login", `${Math.round(performance.now() - started)} ms`);
      const version = String(first?.[0] ?? "");
      context.evidence("version", version);
      if (!versionAtLeast(version, given.version)) {
        throw new CheckFailure(`PostgreSQL is ${version}, not ${given.version} or newer`, {
          probably: "Another server answers, or the platform was not upgraded.",
        });
      }
      await checkRights(sql);
      await checkWrite(sql, context);
      if (given.migrations !== undefined) await checkMigrations(sql, given.migrations, context);
      await checkConnections(sql, given.connectionsLeft, context);
    } finally {
      await sql.end({ timeout: 1 });
    }
  },
});

async function login(given: z.output<typeof settings>, context: CheckContext): Promise<Sql> {
  const [{ hostname, port }, user, password, database] = await Promise.all([
    context.connect(given.service),
    valueOf(given.user, context),
    valueOf(given.password, context),
    valueOf(given.database, context),
  ]);
  return postgres({
    host: hostname,
    port,
    user,
    password,
    database,
    max: 1,
    connect_timeout: 10,
    idle_timeout: 5,
    onnotice: () => {},
    connection: { application_name: context.marker, statement_timeout: 10_000 },
  });
}

const MAKE_AGAIN =
  "Delete the Job that makes the role and the database, and reconcile: it runs again.";
const LOOK_AT_JOBS =
  "Look at the log of the Job that migrates: kubectl get jobs, kubectl logs job/NAME.";

/** What PostgreSQL's error codes mean here: Appendix A of its manual. */
const CAUSES: Readonly<Record<string, readonly [what: string, probably: string, next: string]>> = {
  "28P01": [
    "PostgreSQL refuses the password",
    "The password in the Secret is not that of the role: one of them was changed alone.",
    MAKE_AGAIN,
  ],
  "28000": [
    "PostgreSQL refuses the login",
    "The role may not log in from here (pg_hba.conf), or does not exist.",
    MAKE_AGAIN,
  ],
  "3D000": [
    "The database does not exist",
    "The Job that makes it has not run, or the database was dropped.",
    MAKE_AGAIN,
  ],
  "53300": [
    "PostgreSQL takes no more connections",
    "Others use them all up.",
    "SELECT usename, count(*) FROM pg_stat_activity GROUP BY 1 ORDER BY 2 DESC",
  ],
  "42501": [
    "The role may not do what the component must do",
    "The database belongs to somebody else.",
    MAKE_AGAIN,
  ],
  "42P01": [
    "There is no table of migrations",
    "The schema was never made.",
    LOOK_AT_JOBS,
  ],
  "57P03": ["PostgreSQL is starting or stopping", "It was restarted.", "Try again in a minute."],
  "25006": [
    "The database is read-only",
    "A replica answers, or the disk was full and writes were switched off.",
    "SELECT pg_is_in_recovery(), current_setting('default_transaction_read_only')",
  ],
};

const ANSWER_SECONDS = 10;

/** A server that takes connections and says nothing is given up, too. */
async function ask<Result>(question: () => PromiseLike<Result>): Promise<Result> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(
      new CheckFailure(`PostgreSQL has not answered within ${ANSWER_SECONDS} s`, {
        probably: "It hangs, waits for a lock or its disk, or something else listens there.",
        hint: "Look at its log, and at SELECT * FROM pg_stat_activity WHERE wait_event IS NOT NULL",
      }),
    );
  }, ANSWER_SECONDS * 1000);
  try {
    return await Promise.race([question(), late.promise]);
  } catch (error) {
    if (error instanceof CheckFailure) throw error;
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    const known = CAUSES[code];
    if (known !== undefined) {
      throw new CheckFailure(known[0], { probably: known[1], hint: known[2], cause: error });
    }
    const message = error instanceof Error ? error.message : String(error);
    if (/CONNECT|CLOSED|ECONN|TIMEOUT/i.test(`${code} ${message}`)) {
      throw new CheckFailure(`PostgreSQL can't be reached: ${message}`, {
        probably: "The server is down, or its Service has no ready pod.",
        hint: "Look at its pods and its log.",
        cause: error,
        transient: true,
      });
    }
    throw new CheckFailure(`PostgreSQL answers with an error: ${message}`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

async function checkRights(sql: Sql): Promise<void> {
  const [rights] = await ask(() =>
    sql<{ create: boolean; schema: boolean }[]>`
      SELECT has_database_privilege(current_database(), 'CREATE') AS create,
             has_schema_privilege('public', 'CREATE, USAGE') AS schema`
  );
  if (rights?.create && rights.schema) return;
  throw new CheckFailure("The role may not make tables in its database", {
    probably: "The database belongs to somebody else.",
    hint: MAKE_AGAIN,
  });
}

/** Ends a transaction that was only a trial. */
class TakenBack extends Error {}

/** Writes and reads in a transaction that is taken back. */
async function checkWrite(sql: Sql, { marker }: CheckContext): Promise<void> {
  const table = sql(marker.replaceAll("-", "_"));
  await ask(() =>
    sql.begin(async (transaction) => {
      await transaction`CREATE TABLE ${table} (word text)`;
      await transaction`INSERT INTO ${table} VALUES (${marker})`;
      const [row] = await transaction<{ word: string }[]>`SELECT word FROM ${table}`;
      if (row?.word === marker) throw new TakenBack();
      throw new CheckFailure("What was written is not what is read", {
        probably: "Something between here and PostgreSQL changes queries.",
      });
    }).catch((error: unknown) => {
      if (!(error instanceof TakenBack)) throw error;
    })
  );
}

async function checkMigrations(
  sql: Sql,
  { table, latest }: { readonly table: string; readonly latest: Readonly<Record<string, string>> },
  context: CheckContext,
): Promise<void> {
  const rows = await ask(() =>
    sql<{ app: string; name: string }[]>`SELECT app, name FROM ${sql(table)}`
  );
  context.evidence("migrations applied", rows.length);
  const applied = new Set(rows.map(({ app, name }) => `${app} ${name}`));
  const pending = Object.entries(latest).filter(([app, name]) => !applied.has(`${app} ${name}`));
  if (pending.length === 0) return;
  throw new CheckFailure(
    `Migrations are pending: ${pending.map(([app, name]) => `${app} ${name}`).join(", ")}`,
    {
      probably: "The Job that migrates has not run for this release, or has failed.",
      hint: LOOK_AT_JOBS,
    },
  );
}

async function checkConnections(sql: Sql, least: number, context: CheckContext): Promise<void> {
  const [row] = await ask(() =>
    sql<{ free: number }[]>`
      SELECT current_setting('max_connections')::int
             - current_setting('superuser_reserved_connections')::int
             - (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')::int
             AS free`
  );
  const free = row?.free ?? 0;
  context.evidence("connections left", free);
  if (free >= least) return;
  throw new CheckFailure(`PostgreSQL has ${free} connections left`, {
    probably: "Others use them up, and the component is next to be refused.",
    hint: "SELECT usename, count(*) FROM pg_stat_activity GROUP BY 1 ORDER BY 2 DESC",
  });
}
