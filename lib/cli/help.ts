/** What `--help` prints. @module */
import type { Command, Option } from "./command.ts";
import { VERSION } from "./version.ts";

/** Help on all commands. */
export function generalHelp(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return [
    `plumb ${VERSION}: makes a cluster be as Git says, and proves it`,
    "",
    "Usage: plumb COMMAND [OPTIONS]",
    "",
    "Commands:",
    ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    "",
    "`plumb COMMAND --help` explains one of them. With `deno task`, the command is the task:",
    "  deno task reconcile cvat --set domain=example.com",
    "",
  ].join("\n");
}

/** Help on one command. */
export function commandHelp(command: Command): string {
  const rows = Object.entries(command.options).map(([name, option]) =>
    [flagOf(name, option), explain(option)] as const
  );
  const width = Math.max(0, ...rows.map(([flag]) => flag.length));
  return [
    `plumb ${command.name}: ${command.summary}`,
    "",
    `Usage: ${command.usage}`,
    ...(command.description === undefined ? [] : ["", command.description]),
    ...(rows.length === 0
      ? []
      : ["", "Options:", ...rows.map(([flag, text]) => `  ${flag.padEnd(width)}  ${text}`)]),
    "",
    "Examples:",
    ...command.examples.flatMap(({ what, line }) => [`  # ${what}`, `  ${line}`]),
    "",
  ].join("\n");
}

function flagOf(name: string, { type, value, default: fallback }: Option): string {
  if (type === "string") return `--${name} ${value ?? "TEXT"}`;
  return fallback === true ? `--no-${name}` : `--${name}`;
}

function explain({ description, default: fallback, choices }: Option): string {
  const notes = [
    ...(choices === undefined ? [] : [choices.join("|")]),
    ...(typeof fallback === "string" ? [`default ${fallback}`] : []),
  ];
  return notes.length === 0 ? description : `${description} (${notes.join(", ")})`;
}
