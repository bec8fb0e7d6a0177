/** A real ClickHouse server: Debian's, which is old, but speaks the HTTP protocol and knows logins. */
import { join } from "node:path";
import { freePort, until } from "./ports.ts";
import { end } from "./process.ts";

/** A running server. */
export interface ClickHouse extends AsyncDisposable {
  readonly port: number;
  readonly password: string;
  /** Runs a query as the user default. */
  query(sql: string): Promise<string>;
}

const PROGRAM = "/usr/sbin/clickhouse-server";

/** Starts a server on a free port of loopback. */
export async function startClickHouse(): Promise<ClickHouse> {
  const folder = await Deno.makeTempDir({ prefix: "plumb-clickhouse-" });
  const [port, native] = [freePort(), freePort()];
  const password = "clickhouse-password";
  const files: Readonly<Record<string, string>> = {
    "config.xml": `<yandex><logger><level>error</level><log>${folder}/log</log></logger>
      <http_port>${port}</http_port><tcp_port>${native}</tcp_port><listen_host>127.0.0.1</listen_host>
      <path>${folder}/data/</path><tmp_path>${folder}/tmp/</tmp_path>
      <mark_cache_size>5368709120</mark_cache_size><users_config>${folder}/users.xml</users_config>
      <default_profile>default</default_profile><default_database>default</default_database></yandex>`,
    "users.xml":
      `<yandex><profiles><default></default></profiles><quotas><default></default></quotas>
      <users><default><password>${password}</password><networks><ip>::/0</ip></networks>
      <profile>default</profile><quota>default</quota></default></users></yandex>`,
  };
  for (const [name, text] of Object.entries(files)) {
    await Deno.writeTextFile(join(folder, name), text);
  }
  const child = new Deno.Command(PROGRAM, {
    args: [`--config-file=${join(folder, "config.xml")}`],
    stdin: "null",
    stdout: "null",
    stderr: "null",
    cwd: folder,
  }).spawn();
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(`http://127.0.0.1:${port}${path}`, init);
  try {
    await until("ClickHouse", async () => {
      const answer = await ask("/ping").catch(() => undefined);
      await answer?.body?.cancel();
      return answer?.ok ?? false;
    }, 30);
  } catch (error) {
    await end(child, folder);
    throw error;
  }
  return {
    port,
    password,
    async query(sql) {
      const headers = { "X-ClickHouse-User": "default", "X-ClickHouse-Key": password };
      const answer = await ask("/", { method: "POST", body: sql, headers });
      const text = await answer.text();
      if (!answer.ok) throw new Error(text);
      return text.trim();
    },
    [Symbol.asyncDispose]: () => end(child, folder),
  };
}
