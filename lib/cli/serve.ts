/** `plumb serve`: the dashboard, until Ctrl-C. @module */
import { Cluster } from "../cluster/mod.ts";
import { messageOf } from "../errors.ts";
import { type AuditEntry, type Dashboard, startDashboard } from "../serve/mod.ts";
import { safeText } from "../report/mod.ts";
import type { CommandContext, RunContext } from "./command.ts";
import { EXIT } from "./outcome.ts";
import { ServeActions } from "./serve_actions.ts";
import { ServeEyes } from "./serve_eyes.ts";
import type { ServeOptions } from "./serve_options.ts";
import { VERSION } from "./version.ts";

/** How long a look at a cluster that is away is tried. */
const LOOK_MILLISECONDS = 2_000;

/** Keeps the dashboard up until the context's signal is aborted. */
export async function runServe(options: ServeOptions, context: CommandContext): Promise<number> {
  await using dashboard = await openDashboard(options, context);
  context.write(greetingOf(dashboard));
  await untilAborted(context.signal);
  return EXIT.ok;
}

/** Settles when the signal is aborted. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** Starts the dashboard. What happens is written to standard error, a line for each action. */
export async function openDashboard(
  options: ServeOptions,
  context: CommandContext,
): Promise<Dashboard> {
  const { environment } = context;
  // Ctrl-C ends the dashboard, which then ends what goes on: nothing is cut off by it.
  const quiet: RunContext = { ...context, signal: new AbortController().signal, emit: () => {} };
  const to = {
    environment,
    ...(options.kubeconfig === undefined ? {} : { kubeconfig: options.kubeconfig }),
    ...(options.context === undefined ? {} : { context: options.context }),
  };
  // Who only looks is told soon that the cluster is away; what is done to it is tried for longer.
  const seen = await Cluster.connect({ ...to, patience: LOOK_MILLISECONDS });
  const cluster = await Cluster.connect(to);
  const close = () => [seen, cluster].forEach((connection) => connection[Symbol.dispose]());
  const eyes = new ServeEyes(options, quiet, seen);
  try {
    const dashboard = await startDashboard({
      ...options,
      version: VERSION,
      cluster: seen,
      owner: environment["USER"] ?? environment["LOGNAME"] ?? "whoever started the server",
      eyes,
      commands: new ServeActions(options, eyes, quiet, cluster),
      texts: (component, key) => eyes.texts(component, key),
      audit: (entry) => context.writeError(lineOf(entry)),
      defect: (error) => context.writeError(defectOf(error, options.debug)),
    });
    return {
      ...dashboard,
      async [Symbol.asyncDispose]() {
        await dashboard[Symbol.asyncDispose]();
        close();
      },
    };
  } catch (error) {
    close();
    throw error;
  }
}

/** What a person reads: the address with which he acts, and that without which others look. */
export function greetingOf({ address, token }: Dashboard): string {
  if (token === undefined) return `The dashboard is at ${address}\n`;
  return `The dashboard is at\n\n  ${address}#token=${token}\n\n` +
    `Who opens it like that may act; without the token, ${address} only shows. Ctrl-C ends it.\n`;
}

/** One line of JSON, so that who collects them needs no parser of his own. */
function lineOf(entry: AuditEntry): string {
  const text = JSON.stringify({ audit: entry });
  return `${safeText(text)}\n`;
}

function defectOf(error: unknown, debug: boolean): string {
  const stack = debug && error instanceof Error ? `\n${error.stack ?? ""}` : "";
  return `A request failed in a way that is a defect of Plumb: ${
    safeText(messageOf(error))
  }${stack}\n`;
}
