/** A real OAuth2 Proxy 7, built by Go, with the arguments that the manifest has. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { goProgram } from "./go.ts";
import { freePort, until } from "./ports.ts";
import { end } from "./process.ts";

const MODULE = fileURLToPath(new URL("oauth2-proxy", import.meta.url));
const PACKAGE = "github.com/oauth2-proxy/oauth2-proxy/v7";

const MOUNTED = "/etc/oauth2-proxy";

/** A running proxy. */
export interface OAuth2Proxy extends AsyncDisposable {
  readonly port: number;
  /** What it has logged so far. */
  log(): Promise<string>;
}

/** Starts a proxy on a free port of loopback. */
export async function startOAuth2Proxy(
  { args, files, environment }: {
    readonly args: readonly string[];
    /** What its container has in /etc/oauth2-proxy. */
    readonly files: Readonly<Record<string, string>>;
    readonly environment: Readonly<Record<string, string>>;
  },
): Promise<OAuth2Proxy> {
  const binary = await goProgram(MODULE, PACKAGE);
  const folder = await Deno.makeTempDir({ prefix: "plumb-oauth2-proxy-" });
  const port = freePort();
  for (const [name, text] of Object.entries(files)) {
    await Deno.writeTextFile(join(folder, name), text.replaceAll(MOUNTED, folder));
  }
  const log = join(folder, "log");
  const child = new Deno.Command("sh", {
    args: [
      "-c",
      'log=$1; shift; exec "$@" >"$log" 2>&1',
      "sh",
      log,
      binary,
      ...args.map((argument) => argument.replace(MOUNTED, folder)),
      `--http-address=127.0.0.1:${port}`,
    ],
    clearEnv: true,
    env: { PATH: Deno.env.get("PATH") ?? "", ...environment },
    stdin: "null",
  }).spawn();
  const readLog = () => Deno.readTextFile(log).catch(() => "");
  try {
    await until("OAuth2 Proxy", async () => {
      const answer = await fetch(`http://127.0.0.1:${port}/ping`).catch(() => undefined);
      await answer?.body?.cancel();
      return answer?.ok ?? false;
    }, 30);
  } catch (error) {
    const said = await readLog();
    await end(child, folder);
    throw new Error(`OAuth2 Proxy does not come up:\n${said.slice(-2_000)}`, { cause: error });
  }
  return { port, log: readLog, [Symbol.asyncDispose]: () => end(child, folder) };
}
