/** The command `undo`, as data. @module */
import type { Command, CommandContext, Given } from "./command.ts";
import { parseDuration } from "./duration.ts";
import { afterOptions, placeOptions, runOptions, wayOptions } from "./options.ts";
import { exitCode } from "./outcome.ts";
import { printed } from "./printed.ts";

/** `plumb undo` as a command. */
export const undo: Command = {
  name: "undo",
  summary: "go back to the revision that was good before the one that is deployed",
  usage: "plumb undo [COMPONENT] [OPTIONS]",
  description:
    "What is deployed is not deployed again until Git moves, or with `reconcile --retry`. A revision that fails by itself is undone by " +
    "`reconcile`. Exit codes: 0 undone, 1 error, 3 a check failed (--verify), 4 refused by policy, 5 another run is at work.",
  positionals: 1,
  options: {
    ...Object.fromEntries(
      Object.entries(runOptions).filter(([name]) => name !== "adopt" && name !== "refresh"),
    ),
    because: { type: "string", value: "TEXT", description: "Why; it is kept with the history" },
    yes: { type: "boolean", description: "Don't ask" },
    ...afterOptions,
    repository: {
      type: "string",
      value: "OWNER/NAME",
      description:
        "At GitHub, to propose the revert to; of --source when absent. The token comes from GITHUB_TOKEN",
    },
    ...wayOptions,
  },
  examples: [
    {
      what: "Look at what would change, and decide",
      line:
        "plumb undo cvat --source https://git.example.com/team/platform.git --parameters cvat.yaml",
    },
    {
      what: "From a script, with the reason",
      line: 'plumb undo cvat --source . --parameters cvat.yaml --yes --because "nobody can log in"',
    },
  ],
  run: runUndoCommand,
};

async function runUndoCommand(given: Given, context: CommandContext): Promise<number> {
  const timeout = parseDuration(given.text("timeout") ?? "5m");
  return await printed(given, context, async (emit) => {
    const { runUndo } = await import("./reconcile.ts");
    const outcome = await runUndo({
      ...placeOptions(given),
      command: "undo",
      mode: "apply",
      because: given.text("because"),
      repository: given.text("repository"),
      refresh: false,
      yes: given.flag("yes"),
      wait: given.flag("wait"),
      timeout,
      verify: given.flag("verify"),
      resolve: given.texts("resolve"),
      certificateAuthority: given.text("certificate-authority"),
    }, { ...context, emit });
    return exitCode(outcome);
  });
}
