/** The whole CLI, from arguments to an exit code. @module */
import { nearestName } from "../suggest.ts";
import { parseArguments, usage } from "./arguments.ts";
import type { CommandContext } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { commandHelp, generalHelp } from "./help.ts";
import { EXIT } from "./outcome.ts";
import { traced } from "./telemetry.ts";

const HELP: ReadonlySet<string> = new Set(["--help", "-h", "help"]);

/** Runs one command. @returns the exit code. */
export async function runCli(args: readonly string[], context: CommandContext): Promise<number> {
  try {
    return await dispatch(args, context);
  } catch (error) {
    const [{ reportError }, { createPrinter }] = await Promise.all([
      import("./report_error.ts"),
      import("../report/mod.ts"),
    ]);
    const printer = createPrinter("text", {
      ...context,
      write: context.writeError,
      interactive: false,
    });
    return reportError(error, printer.emit, {
      signal: context.signal,
      debug: args.includes("--debug"),
    });
  }
}

async function dispatch(args: readonly string[], context: CommandContext): Promise<number> {
  // `deno task reconcile -- …` hands the dashes on.
  const [name, ...rest] = args.filter((argument, index) => !(argument === "--" && index <= 1));
  if (name === undefined || HELP.has(name)) {
    context.write(generalHelp(COMMANDS));
    return name === undefined ? EXIT.error : EXIT.ok;
  }
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (command === undefined) {
    const nearest = nearestName(name, COMMANDS.map((candidate) => candidate.name));
    throw usage(
      `There is no command ${name}`,
      nearest === undefined ? "See `plumb --help`." : `Did you mean ${nearest}?`,
    );
  }
  if (rest.some((argument) => HELP.has(argument) && argument.startsWith("-"))) {
    context.write(commandHelp(command));
    return EXIT.ok;
  }
  const given = parseArguments(command, rest);
  return await traced(command.name, context, (inner) => command.run(given, inner));
}
