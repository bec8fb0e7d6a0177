/** `plumb sandbox`: a throw-away cluster until Ctrl-C. @module */
import { startSandbox } from "../sandbox/mod.ts";
import type { CommandContext } from "./command.ts";
import { EXIT } from "./outcome.ts";

/** Keeps a cluster up until the context's signal is aborted. */
export async function runSandbox(context: CommandContext): Promise<number> {
  const started = performance.now();
  await using sandbox = await startSandbox({
    progress: (line) => context.writeError(`${line}\n`),
    signal: context.signal,
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  context.write(
    `A cluster is up after ${seconds} s at ${sandbox.server}. In another terminal:\n\n` +
      `  export KUBECONFIG=${sandbox.kubeconfig}\n\nCtrl-C ends it and removes everything.\n`,
  );
  await new Promise<void>((resolve) => {
    if (context.signal.aborted) resolve();
    context.signal.addEventListener("abort", () => resolve(), { once: true });
  });
  return EXIT.ok;
}
