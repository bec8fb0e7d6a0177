/** The Job that makes CVAT's database, run as it stands in the manifest against a real PostgreSQL 18. */
import assert from "node:assert/strict";
import { load, loadAll } from "js-yaml";
import { z } from "zod";
import { type Postgres, startPostgres } from "./servers/postgres.ts";

const FILE = new URL("../../manifests/cvat/04-database.yaml", import.meta.url);

const job = z.object({
  spec: z.object({
    template: z.object({
      spec: z.object({ containers: z.tuple([z.object({ command: z.array(z.string()) })]) }),
    }),
  }),
});

async function script(): Promise<string> {
  const [first] = z.array(z.unknown()).parse(loadAll(await Deno.readTextFile(FILE)));
  const { spec } = job.parse(first);
  const [shell, flags, text, ...rest] = spec.template.spec.containers[0].command;
  assert.deepEqual([shell, flags, rest], ["sh", "-ec", []]);
  // As the API server gives it to the container.
  return String(load(JSON.stringify(text)));
}

interface Login {
  readonly user: string;
  readonly password: string;
}

async function run(
  server: Postgres,
  program: string,
  args: readonly string[],
  { user, password }: Login,
  more: Readonly<Record<string, string>> = {},
): Promise<{ code: number; output: string }> {
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    clearEnv: true,
    env: {
      PATH: Deno.env.get("PATH") ?? "",
      PGHOST: "127.0.0.1",
      PGPORT: String(server.port),
      PGUSER: user,
      PGPASSWORD: password,
      ...more,
    },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, output: (text(stdout) + text(stderr)).trim() };
}

/** Runs a statement, and returns its rows. */
async function query(server: Postgres, login: Login, sql: string, database = "cvat") {
  const args = ["-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", sql];
  return await run(server, "psql", args, login);
}

async function initialize(server: Postgres, admin: Login, password: string, database = "cvat") {
  return await run(server, "sh", ["-ec", await script()], admin, {
    ROLE: "cvat",
    ROLE_PASSWORD: password,
    DATABASE: database,
  });
}

Deno.test("the Job makes a role and a database that it owns, and can be run again", async () => {
  await using server = await startPostgres();
  const admin = { user: server.superuser, password: server.password };
  const hostile = `a'b"c$(touch x)\\;${crypto.randomUUID()}`;
  for (const password of ["first-password", hostile, hostile]) {
    assert.deepEqual(await initialize(server, admin, password), { code: 0, output: "" });
    const cvat = { user: "cvat", password };
    assert.equal((await query(server, cvat, "CREATE TABLE IF NOT EXISTS t (i int)")).code, 0);
  }
  const role = "SELECT rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = 'cvat'";
  assert.equal((await query(server, admin, role)).output, "f|f|f");
  const owner = "SELECT datdba::regrole FROM pg_database WHERE datname = 'cvat'";
  assert.equal((await query(server, admin, owner)).output, "cvat");

  await query(server, admin, "CREATE ROLE stranger LOGIN PASSWORD 'stranger'");
  const stranger = { user: "stranger", password: "stranger" };
  assert.match(
    (await query(server, stranger, "SELECT 1")).output,
    /permission denied for database/,
  );
  assert.notEqual(
    (await query(server, { user: "cvat", password: "first-password" }, "SELECT 1")).code,
    0,
  );
});

Deno.test("what an older installation left to the administrator changes hands, and nothing else does", async () => {
  await using server = await startPostgres();
  const admin = { user: server.superuser, password: server.password };
  await query(server, admin, "CREATE DATABASE cvat", "postgres");
  await query(server, admin, "CREATE DATABASE other", "postgres");
  await query(
    server,
    admin,
    `CREATE TABLE "Odd name" (id serial PRIMARY KEY, n int GENERATED ALWAYS AS IDENTITY);
     INSERT INTO "Odd name" DEFAULT VALUES;
     CREATE SEQUENCE alone; CREATE VIEW v AS SELECT id FROM "Odd name";
     CREATE MATERIALIZED VIEW m AS SELECT 1 AS one`,
  );
  assert.deepEqual(await initialize(server, admin, "password"), { code: 0, output: "" });
  const cvat = { user: "cvat", password: "password" };
  const foreign = `SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace
    AND relowner <> 'cvat'::regrole`;
  assert.equal((await query(server, cvat, foreign)).output, "0");
  const work = `INSERT INTO "Odd name" DEFAULT VALUES; ALTER TABLE "Odd name" ADD COLUMN c int;
    REFRESH MATERIALIZED VIEW m; SELECT count(*) FROM v`;
  assert.match((await query(server, cvat, work)).output, /\n2$/);
  const others = "SELECT datdba::regrole FROM pg_database WHERE datname = 'other'";
  assert.equal((await query(server, admin, others)).output, "admin");
});

Deno.test("an administrator that is no superuser can run it", async () => {
  await using server = await startPostgres();
  const superuser = { user: server.superuser, password: server.password };
  const create = "CREATE ROLE limited LOGIN CREATEROLE CREATEDB PASSWORD 'limited'";
  await query(server, superuser, create, "postgres");
  const limited = { user: "limited", password: "limited" };
  for (const _ of ["first", "again"]) {
    assert.deepEqual(await initialize(server, limited, "password"), { code: 0, output: "" });
  }
  const cvat = { user: "cvat", password: "password" };
  assert.equal((await query(server, cvat, "CREATE TABLE t (i int)")).code, 0);
});

Deno.test("the Job fails with a wrong password, and shows none", async () => {
  await using server = await startPostgres();
  const wrong = await initialize(server, { user: "admin", password: "wrong-one" }, "role-secret");
  assert.notEqual(wrong.code, 0);
  assert.match(wrong.output, /password authentication failed/);
  const create = "CREATE ROLE weak LOGIN PASSWORD 'weak-secret'";
  const admin = { user: server.superuser, password: server.password };
  await query(server, admin, create, "postgres");
  const refused = await initialize(
    server,
    { user: "weak", password: "weak-secret" },
    "role-secret",
  );
  assert.notEqual(refused.code, 0);
  assert.match(refused.output, /permission denied/);
  assert.doesNotMatch(wrong.output + refused.output, /role-secret|weak-secret|wrong-one/);
});
