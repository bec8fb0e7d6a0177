/** The command `rollback`, as data. @module */
import { usage } from "./arguments.ts";
import type { Command, CommandContext, Given } from "./command.ts";
import { clusterOptions, connect } from "./connect.ts";
import { parseDuration } from "./duration.ts";
import { timeout } from "./options.ts";
import { exitCode } from "./outcome.ts";
import { printed } from "./printed.ts";

/** `plumb rollback` as a command. */
export const rollback: Command = {
  name: "rollback",
  summary: "take a component out of the cluster, and keep its data for the next deploy",
  usage: "plumb rollback COMPONENT [OPTIONS]",
  description:
    "Needs neither Git nor parameters: the cluster's record says what there is. Volumes, generated secrets and the data of other " +
    "services stay, and `reconcile` brings the component back to them. Interrupted, either of the two goes on. " +
    "Exit codes: 0 rolled back, 1 error, 5 another run is at work.",
  positionals: 1,
  options: {
    yes: { type: "boolean", description: "Don't ask" },
    "keep-namespace": {
      type: "boolean",
      description: "Leave the namespace, and all in it that the component did not make",
    },
    "delete-data": {
      type: "string",
      value: "COMPONENT",
      description: "Delete the component's volumes and secrets for good; its name once more",
    },
    timeout,
    ...clusterOptions,
  },
  examples: [
    { what: "Look at what would go and what would stay, and decide", line: "plumb rollback cvat" },
    { what: "From a script", line: "plumb rollback cvat --yes" },
    { what: "Back again, with the same data", line: "plumb reconcile cvat --parameters cvat.yaml" },
    { what: "For good, with all its data", line: "plumb rollback cvat --delete-data cvat" },
  ],
  run: runRollbackCommand,
};

async function runRollbackCommand(given: Given, context: CommandContext): Promise<number> {
  const component = given.positionals[0];
  if (component === undefined) {
    throw usage("Which component?", "Name it, such as `plumb rollback cvat`.");
  }
  const deleteData = given.text("delete-data");
  if (deleteData !== undefined && deleteData !== component) {
    throw usage(
      `--delete-data names ${deleteData}, not ${component}`,
      `To delete the data of ${component} for good, say --delete-data ${component}.`,
    );
  }
  return await printed(given, context, async (emit) => {
    const { runRollback } = await import("./rollback.ts");
    using cluster = await connect(given, context);
    const outcome = await runRollback(cluster, {
      component,
      deleteData: deleteData !== undefined,
      keepNamespace: given.flag("keep-namespace"),
      yes: given.flag("yes"),
      timeout: parseDuration(given.text("timeout") ?? "5m"),
    }, { ...context, emit });
    return exitCode(outcome);
  });
}
