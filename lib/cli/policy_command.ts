/** The command `policy`, as data. @module */
import type { Command, CommandContext, Given } from "./command.ts";
import { placeOptions, runOptions } from "./options.ts";
import { EXIT } from "./outcome.ts";

const NEEDED = [
  "source",
  "ref",
  "path",
  "namespace",
  "name",
  "set",
  "parameters",
  "output",
  "report",
  "debug",
];

/** `plumb policy` as a command. */
export const policy: Command = {
  name: "policy",
  summary: "judge a component by the policies, without a cluster and without its secrets",
  usage: "plumb policy [COMPONENT] [OPTIONS]",
  description: "Exit codes: 0 nothing forbids it, 1 error, 4 a policy does.",
  positionals: 1,
  options: Object.fromEntries(Object.entries(runOptions).filter(([name]) => NEEDED.includes(name))),
  examples: [
    { what: "CVAT, before it is merged", line: "plumb policy cvat --parameters cvat.yaml" },
    { what: "Any folder of YAML", line: "plumb policy --path ./deploy --namespace web" },
  ],
  run: runPolicyCommand,
};

async function runPolicyCommand(given: Given, context: CommandContext): Promise<number> {
  const [{ runPolicy }, { openPrinter }] = await Promise.all([
    import("./policy.ts"),
    import("./printer.ts"),
  ]);
  const printer = openPrinter(given, context);
  try {
    const denied = await runPolicy(placeOptions(given), { ...context, emit: printer.emit });
    return denied === 0 ? EXIT.ok : EXIT.policyDenied;
  } catch (error) {
    const { reportError } = await import("./report_error.ts");
    return reportError(error, printer.emit, { signal: context.signal, debug: given.flag("debug") });
  } finally {
    printer.close();
  }
}
