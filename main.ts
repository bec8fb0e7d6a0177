/**
 * Plumb: makes a cluster be as Git says, and proves it.
 * @module
 */
import { join } from "node:path";
import process from "node:process";
import type { CommandContext } from "./lib/cli/command.ts";
import { runCli } from "./lib/cli/main.ts";
import { EXIT } from "./lib/cli/outcome.ts";

/** The world outside: the only place that knows the console, the environment and signals. */
function createContext(): CommandContext {
  const environment = Deno.env.toObject();
  const interactive = Deno.stdout.isTerminal() && environment["TERM"] !== "dumb" &&
    !environment["CI"];
  const encoder = new TextEncoder();
  const abort = new AbortController();
  const interrupt = () => {
    if (abort.signal.aborted) Deno.exit(EXIT.interrupted);
    Deno.stderr.writeSync(
      encoder.encode("\nStopping after what is under way. Once more stops at once.\n"),
    );
    abort.abort(new DOMException("interrupted", "AbortError"));
  };
  Deno.addSignalListener("SIGINT", interrupt);
  Deno.addSignalListener("SIGTERM", interrupt);
  return {
    write: (text) => writeAll(Deno.stdout, encoder.encode(text)),
    writeError: (text) => writeAll(Deno.stderr, encoder.encode(text)),
    interactive,
    color: interactive && !environment["NO_COLOR"],
    columns: interactive ? Deno.consoleSize().columns : 100,
    environment,
    signal: abort.signal,
    cache: join(
      environment["XDG_CACHE_HOME"] ?? join(environment["HOME"] ?? ".", ".cache"),
      "plumb",
    ),
    confirm: (question) => Promise.resolve(Deno.stdin.isTerminal() && confirm(question)),
    ask: (question) =>
      Promise.resolve(Deno.stdin.isTerminal() ? prompt(question) ?? undefined : undefined),
  };
}

/** Writes everything, also where a pipe takes less at a time. A reader that has gone does not stop a run halfway. */
function writeAll(target: { writeSync(bytes: Uint8Array): number }, bytes: Uint8Array): void {
  try {
    for (let written = 0; written < bytes.length;) {
      written += target.writeSync(bytes.subarray(written));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

if (import.meta.main) {
  process.exitCode = await runCli(Deno.args, createContext());
  Deno.exit();
}
