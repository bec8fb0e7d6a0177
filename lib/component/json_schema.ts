/**
 * The JSON Schema of `component.yaml`, for editors. Run as a program with `--allow-write`, this file writes
 * `component.schema.json` beside itself.
 * @module
 */
import { z } from "zod";
import { componentFile } from "./schema.ts";

/** A JSON Schema as plain data. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * The JSON Schema of `component.yaml`, as it is kept in `component.schema.json` beside this file.
 *
 * @example
 * ```ts
 * import { componentJsonSchema } from "./json_schema.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(componentJsonSchema()["title"], "Component");
 * ```
 */
export function componentJsonSchema(): JsonSchema {
  return { ...z.toJSONSchema(componentFile, { io: "input" }), title: "Component" };
}

/** The text of `component.schema.json`, formatted as `deno fmt` leaves it. */
export function componentJsonSchemaText(): string {
  return JSON.stringify(componentJsonSchema(), undefined, 2) + "\n";
}

if (import.meta.main) {
  const file = new URL("./component.schema.json", import.meta.url);
  await Deno.writeTextFile(file, componentJsonSchemaText());
}
