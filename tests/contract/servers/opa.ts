/** A real OPA 0.63 that fetches its bundle over HTTP, with the arguments of the manifest. */
import { OPA, requireTool } from "../../../lib/tools/mod.ts";
import { freePort, until } from "./ports.ts";

/** A running server. */
export interface Opa extends AsyncDisposable {
  readonly port: number;
}

/**
 * Starts it on a port of loopback.
 *
 * @param bundle where its rules are: an address without a path; none when absent.
 */
export async function startOpa(
  { bundle, port = freePort() }: { readonly bundle?: string; readonly port?: number } = {},
): Promise<Opa> {
  const path = await requireTool(OPA);
  const polling = "bundles.cvat.polling";
  const args = bundle === undefined ? [] : [
    `--set=services.cvat.url=${bundle}`,
    "--set=bundles.cvat.service=cvat",
    "--set=bundles.cvat.resource=/api/auth/rules",
    `--set=${polling}.min_delay_seconds=1`,
    `--set=${polling}.max_delay_seconds=1`,
  ];
  const child = new Deno.Command(path, {
    args: ["run", "--server", `--addr=127.0.0.1:${port}`, "--log-level=error", ...args],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  await until("OPA", async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/health`).catch(() => undefined);
    await answer?.body?.cancel();
    return answer?.ok ?? false;
  }, 20);
  return {
    port,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.status;
    },
  };
}
