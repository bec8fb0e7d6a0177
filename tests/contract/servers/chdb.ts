/** ClickHouse's present engine, out of the package chdb; the server around it is only as much as checks ask for. */
import { fileURLToPath } from "node:url";
import type { ClickHouse } from "./clickhouse.ts";
import { freePort, until } from "./ports.ts";
import { end } from "./process.ts";
import { pythonWith } from "./python.ts";

/** Starts it on a free port of loopback. */
export async function startChdb(): Promise<ClickHouse> {
  const python = await pythonWith("chdb==4.4.0");
  const folder = await Deno.makeTempDir({ prefix: "plumb-chdb-" });
  const port = freePort();
  const password = "clickhouse-password";
  const script = fileURLToPath(new URL("clickhouse_engine.py", import.meta.url));
  const child = new Deno.Command(python, {
    args: [script, String(port), folder],
    stdin: "piped",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(`${password}\n`));
  await writer.close();
  const address = `http://127.0.0.1:${port}`;
  await until("chdb", async () => {
    const answer = await fetch(`${address}/ping`).catch(() => undefined);
    await answer?.body?.cancel();
    return answer?.ok ?? false;
  }, 30);
  return {
    port,
    password,
    async query(sql) {
      const headers = { "X-ClickHouse-Key": password };
      const answer = await fetch(address, { method: "POST", body: sql, headers });
      const text = await answer.text();
      if (!answer.ok) throw new Error(text);
      return text.trim();
    },
    [Symbol.asyncDispose]: () => end(child, folder),
  };
}
