/** The commands `history` and `status`. @module */
import { usage } from "./arguments.ts";
import type { Command, CommandContext, Given } from "./command.ts";
import { clusterOptions, connect } from "./connect.ts";
import { documentOutputOf } from "./options.ts";
import { EXIT } from "./outcome.ts";

/** `plumb history` as a command. */
export const history: Command = {
  name: "history",
  summary: "show what happened to a component, by whom and how it ended",
  usage: "plumb history COMPONENT [OPTIONS]",
  description:
    "The last 50 runs that did something or failed, and the last 20 verifications. Times are in UTC; on a terminal, ages.",
  positionals: 1,
  options: clusterOptions,
  examples: [
    { what: "What happened to CVAT", line: "plumb history cvat" },
    { what: "For a program", line: "plumb history cvat --output json" },
  ],
  async run(given, context) {
    const [component] = given.positionals;
    if (component === undefined) {
      throw usage("Which component?", "Name it as the cluster does: `history cvat`.");
    }
    using cluster = await connect(given, context);
    const { tellHistory } = await import("./history.ts");
    context.write(await tellHistory(cluster, component, viewOf(given, context)));
    return EXIT.ok;
  },
};

/** `plumb status` as a command. */
export const status: Command = {
  name: "status",
  summary: "show how all components of a cluster are, and what to do next",
  usage: "plumb status [OPTIONS]",
  description:
    "From the records in the cluster and a few lists: Git is not asked, so that drift is what changed since the last run. Exit codes: 0 nothing to do, 1 error, 2 a component needs attention. A suspended one does not.",
  positionals: 0,
  options: clusterOptions,
  examples: [
    { what: "All components", line: "plumb status" },
    { what: "For a chat room", line: "plumb status --output markdown" },
  ],
  async run(given, context) {
    using cluster = await connect(given, context);
    const { tellStatus } = await import("./status.ts");
    const { text, isNeeded } = await tellStatus(cluster, viewOf(given, context));
    context.write(text);
    return isNeeded ? EXIT.differences : EXIT.ok;
  },
};

function viewOf(given: Given, { interactive, columns }: CommandContext) {
  return {
    output: documentOutputOf(given),
    columns: interactive ? columns : undefined,
    now: Date.now(),
  };
}
