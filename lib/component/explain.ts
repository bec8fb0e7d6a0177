/**
 * Turns what zod says about `component.yaml` into an error with lines and suggestions.
 * @module
 */
import type { z } from "zod";
import { isMap } from "../field_path.ts";
import { nearestName } from "../suggest.ts";
import { lineAt } from "../yaml_lines.ts";
import { ComponentError } from "./errors.ts";
import { componentJsonSchema } from "./json_schema.ts";

/** A file as text, for positions. */
export interface TextFile {
  /** Relative to the component's folder. */
  readonly path: string;
  readonly text: string;
}

type Path = readonly (string | number)[];

/** One complaint about the file. */
interface Finding {
  readonly line: number | undefined;
  readonly message: string;
  readonly hint: string | undefined;
}

/** The error that tells all issues of a file; its place is the first of them. */
export function invalidComponent(
  file: TextFile,
  issues: readonly z.core.$ZodIssue[],
): ComponentError {
  const findings = issues.flatMap((issue) => findingsOf(file, issue))
    .sort((one, other) => (one.line ?? 0) - (other.line ?? 0));
  const [first, ...others] = findings;
  const more = others.map(({ line, message }) => `; line ${line ?? "?"}: ${message}`).join("");
  return new ComponentError("invalid", `${first?.message}${more}`, {
    place: { file: file.path, line: first?.line },
    hint: first?.hint,
  });
}

function findingsOf(file: TextFile, issue: z.core.$ZodIssue): Finding[] {
  const path = issue.path.filter((step) => typeof step !== "symbol");
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => unknownField(file, path, key));
  }
  const field = path.length === 0 ? "The file" : path.join(".");
  return [{ line: nearestLine(file, path), ...explainIssue(field, issue) }];
}

function explainIssue(field: string, issue: z.core.$ZodIssue): Pick<Finding, "message" | "hint"> {
  if (issue.code === "invalid_key") {
    const problems = issue.issues.map(({ message }) => message).join(", ");
    return { message: `${field}: ${problems}`, hint: undefined };
  }
  if (issue.code === "invalid_type" && issue.message.endsWith("received undefined")) {
    return { message: `${field} is missing`, hint: undefined };
  }
  const isText = issue.code === "invalid_type" && issue.expected === "string";
  return {
    message: `${field}: ${issue.message}`,
    hint: isText ? "If it is text, quote it: YAML reads some words as true or false." : undefined,
  };
}

function unknownField(file: TextFile, path: Path, key: string): Finding {
  const known = knownFields(path);
  const meant = nearestName(key, known);
  return {
    line: lineAt(file.text, [...path, key]),
    message: `${[...path, key].join(".")}: this field is not known`,
    hint: meant === undefined ? `Known here: ${known.join(", ")}.` : `Did you mean ${meant}?`,
  };
}

/** The line of a field, or of what should have contained it. */
function nearestLine(file: TextFile, path: Path): number | undefined {
  for (let length = path.length; length > 0; length--) {
    const line = lineAt(file.text, path.slice(0, length));
    if (line !== undefined) return line;
  }
  return 1;
}

/** The names of the fields that the schema has at a path. */
function knownFields(path: Path): string[] {
  let schema: unknown = componentJsonSchema();
  for (const step of path) {
    if (!isMap(schema)) return [];
    const { properties, items, additionalProperties } = schema;
    schema = typeof step === "number"
      ? items
      : isMap(properties) && step in properties
      ? properties[step]
      : additionalProperties;
  }
  const properties = isMap(schema) ? schema["properties"] : undefined;
  return isMap(properties) ? Object.keys(properties) : [];
}
