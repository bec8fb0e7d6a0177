/** The command `verify`, as data. @module */
import { usage } from "./arguments.ts";
import type { Command, CommandContext, Given } from "./command.ts";
import { parseDuration } from "./duration.ts";
import { metricsFile, output, placeOptions, runOptions, wayOptions } from "./options.ts";
import { EXIT } from "./outcome.ts";

/** `plumb verify` as a command. */
export const verify: Command = {
  name: "verify",
  summary: "prove that what is deployed really works",
  usage: "plumb verify [COMPONENT] [OPTIONS]",
  description:
    "Runs the checks of spec.verify. Everything that they make is removed again. Exit codes: 0 all passed, 1 error, 3 a check failed.",
  positionals: 1,
  options: {
    ...Object.fromEntries(
      Object.entries(runOptions).filter(([name]) => name !== "adopt" && name !== "refresh"),
    ),
    only: {
      type: "string",
      multiple: true,
      value: "CHECK",
      description: "Only this check and what it needs; may be repeated",
    },
    skip: {
      type: "string",
      multiple: true,
      value: "CHECK",
      description: "Not this check; may be repeated",
    },
    "fail-fast": { type: "boolean", description: "Begin nothing more after the first failure" },
    repeat: { type: "string", value: "N", description: "How often", default: "1" },
    watch: {
      type: "string",
      value: "TIME",
      description: "Again and again, with this pause, until Ctrl-C",
    },
    "metrics-file": metricsFile,
    ...wayOptions,
    output: { ...output, choices: ["text", "json", "markdown", "junit", "github"] },
  },
  examples: [
    { what: "Everything", line: "plumb verify cvat --set domain=example.com" },
    {
      what: "For a CI job",
      line: "plumb verify cvat --parameters cvat.yaml --output junit > verify.xml",
    },
    {
      what: "One thing, again and again",
      line: "plumb verify cvat --parameters cvat.yaml --only queues --watch 30s",
    },
  ],
  run: runVerifyCommand,
};

async function runVerifyCommand(given: Given, context: CommandContext): Promise<number> {
  const [{ runVerify }, { openPrinter }] = await Promise.all([
    import("./verify.ts"),
    import("./printer.ts"),
  ]);
  const printer = openPrinter(given, context);
  try {
    const watch = given.text("watch");
    const good = await runVerify({
      ...placeOptions(given),
      only: given.texts("only"),
      skip: given.texts("skip"),
      failFast: given.flag("fail-fast"),
      repeat: countOf(given.text("repeat") ?? "1"),
      watch: watch === undefined ? undefined : parseDuration(watch),
      resolve: given.texts("resolve"),
      certificateAuthority: given.text("certificate-authority"),
    }, { ...context, emit: printer.emit });
    if (context.signal.aborted) return EXIT.interrupted;
    return good ? EXIT.ok : EXIT.verificationFailed;
  } catch (error) {
    const { reportError } = await import("./report_error.ts");
    return reportError(error, printer.emit, { signal: context.signal, debug: given.flag("debug") });
  } finally {
    printer.close();
  }
}

function countOf(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw usage(`--repeat can't be ${text}`, "It is a whole number, 1 or more.");
}
