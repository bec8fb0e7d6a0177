/** From the command line to what was given, or to an error that says what to do. @module */
import { parseArgs } from "node:util";
import { PlumbError } from "../errors.ts";
import { nearestName } from "../suggest.ts";
import type { Command, Given } from "./command.ts";

/**
 * Reads the arguments of a command.
 *
 * @throws {PlumbError} `usage` for what the command does not know.
 */
export function parseArguments(command: Command, args: readonly string[]): Given {
  const { options } = command;
  const { values, positionals, tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      Object.entries(options).map((
        [name, { type, multiple = false }],
      ) => [name, { type, multiple }]),
    ),
    allowPositionals: true,
    allowNegative: true,
    strict: false,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    // `--no-wait` is a token named `no-wait` with the value `wait: false`.
    const option = options[token.name] ?? options[token.name.replace(/^no-/, "")];
    if (option === undefined) throw unknownOption(command, token.rawName);
    if (option.type === "string" && token.value === undefined) {
      throw usage(
        `${token.rawName} needs a value`,
        `It takes ${option.value ?? "a value"}: ${option.description}`,
      );
    }
    if (option.type === "boolean" && token.value !== undefined) {
      throw usage(`${token.rawName} takes no value`, "Leave it out.");
    }
    if (option.choices !== undefined && !option.choices.includes(token.value ?? "")) {
      throw usage(
        `${token.rawName} can't be ${token.value}`,
        `It is one of: ${option.choices.join(", ")}.`,
      );
    }
  }
  if (positionals.length > command.positionals) {
    throw usage(
      `There is an argument too many: ${positionals[command.positionals]}`,
      `Usage: ${command.usage}`,
    );
  }
  return {
    positionals,
    text: (name) => asText(values[name] ?? options[name]?.default),
    texts: (name) => [values[name] ?? []].flat().map(String),
    flag: (name) => (values[name] ?? options[name]?.default) === true,
  };
}

function asText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function unknownOption({ name, options }: Command, given: string): PlumbError {
  const nearest = nearestName(given.replace(/^-+/, ""), Object.keys(options));
  return usage(
    `${name} has no option ${given}`,
    nearest === undefined ? `See \`${name} --help\`.` : `Did you mean --${nearest}?`,
  );
}

/** An error in how a command was called. */
export function usage(message: string, hint: string): PlumbError {
  return new PlumbError("usage", message, { hint });
}
