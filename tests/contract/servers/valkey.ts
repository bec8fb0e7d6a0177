/** A real Valkey 8 without a disk of its own, from Debian's backports. */
import { join } from "node:path";
import { onPath } from "../../../lib/tools/lookup.ts";
import { freePort, until } from "./ports.ts";
import { end } from "./process.ts";

/** A running server. */
export interface Valkey extends AsyncDisposable {
  readonly port: number;
  readonly password: string | undefined;
  /** Runs a command as an administrator, and returns what it prints. */
  command(...words: string[]): Promise<string>;
}

/** Starts a server on a free port of loopback. */
export async function startValkey(
  { password, settings = {} }: {
    readonly password?: string;
    readonly settings?: Readonly<Record<string, string>>;
  } = {},
): Promise<Valkey> {
  const [server, client] = await Promise.all(
    ["valkey-server", "valkey-cli"].map((name) => onPath(name, Deno.env.get)),
  );
  if (server === undefined || client === undefined) {
    throw new Error(
      "valkey-server is missing: install the package valkey-server (Debian: backports)",
    );
  }
  const folder = await Deno.makeTempDir({ prefix: "plumb-valkey-" });
  const port = freePort();
  const all = {
    bind: "127.0.0.1",
    port: String(port),
    dir: folder,
    save: '""',
    ...settings,
    ...(password === undefined ? {} : { requirepass: password }),
  };
  const configuration = join(folder, "valkey.conf");
  await Deno.writeTextFile(
    configuration,
    Object.entries(all).map(([name, value]) => `${name} ${value}\n`).join(""),
  );
  const process = new Deno.Command(server, {
    args: [configuration],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const command = async (...words: string[]) => {
    const { stdout } = await new Deno.Command(client, {
      args: ["-p", String(port), "--no-auth-warning", ...words],
      env: password === undefined ? {} : { VALKEYCLI_AUTH: password, REDISCLI_AUTH: password },
    }).output();
    return new TextDecoder().decode(stdout).trim();
  };
  await until("Valkey", async () => /PONG|NOAUTH/.test(await command("PING")), 20);
  return {
    port,
    password,
    command,
    [Symbol.asyncDispose]: () => end(process, folder),
  };
}
