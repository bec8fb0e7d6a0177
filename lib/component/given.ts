/**
 * Values of parameters as the command line and a file give them.
 * @module
 */
import type { Place } from "../errors.ts";
import { isMap } from "../field_path.ts";
import { lineAt } from "../yaml_lines.ts";
import { type Component, readYaml } from "./component.ts";
import { ComponentError } from "./errors.ts";
import type { TextFile } from "./explain.ts";
import { unknownParameter, waysToSet } from "./parameter_errors.ts";

/** A value, and where it was found. */
export interface Given {
  readonly value: unknown;
  /** In words. */
  readonly from: string;
  readonly place?: Place;
}

/** What to do about a name that the component does not declare. */
export type Unknown = "refused" | "ignored";

/**
 * Reads `NAME=VALUE` of the command line.
 *
 * @throws {ComponentError} `unknown-parameter`, `secret-leak`, or `wrong-type` where there is no `=`.
 */
export function readSet(
  component: Component,
  set: readonly string[],
  unknown: Unknown = "refused",
): Map<string, Given> {
  return new Map(set.flatMap((assignment): [string, Given][] => {
    const equals = assignment.indexOf("=");
    // What stands without a name could be a secret, so it is not quoted.
    if (equals < 1) throw new ComponentError("wrong-type", "--set wants NAME=VALUE");
    const name = assignment.slice(0, equals);
    const declaration = component.parameters.get(name);
    if (declaration === undefined) {
      if (unknown === "ignored") return [];
      throw unknownParameter(component, name, { object: "--set" });
    }
    if (declaration.secret) {
      throw new ComponentError(
        "secret-leak",
        `The parameter ${name} is secret, and others can read a command line`,
        { hint: `Give it by ${waysToSet(component, name)}.` },
      );
    }
    return [[name, { value: assignment.slice(equals + 1), from: "--set" }]];
  }));
}

/**
 * Reads a YAML file that maps names to values.
 *
 * @throws {ComponentError} `yaml`, `unknown-parameter`, or `wrong-type` if it is not a map.
 */
export function readFile(
  component: Component,
  file: TextFile | undefined,
  unknown: Unknown = "refused",
): Map<string, Given> {
  const content = file === undefined ? undefined : readYaml(file);
  if (file === undefined || content === undefined) return new Map();
  if (!isMap(content)) {
    throw new ComponentError("wrong-type", "The file of parameters must map names to values", {
      place: { file: file.path, line: 1 },
    });
  }
  return new Map(
    Object.entries(content).flatMap(([name, value]): [string, Given][] => {
      const place = { file: file.path, line: lineAt(file.text, [name]) };
      if (component.parameters.has(name)) return [[name, { value, from: file.path, place }]];
      if (unknown === "ignored") return [];
      throw unknownParameter(component, name, place);
    }),
  );
}
