/** JSON Schemas of the kinds that Plumb realizes, for editors. @module */
import { z } from "zod";
import { realizedKinds } from "./kinds.ts";

/**
 * The JSON Schema of each kind's declaration, by kind.
 *
 * @example
 * ```ts
 * import { kindJsonSchemas } from "./json_schema.ts";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(Object.keys(kindJsonSchemas()), ["GeneratedSecret", "SecretCopy", "KeycloakClient", "PodFile"]);
 * ```
 */
export function kindJsonSchemas(): Readonly<Record<string, Readonly<Record<string, unknown>>>> {
  return Object.fromEntries(
    [...realizedKinds.values()].map(({ kind, schema }) => [
      kind,
      { ...z.toJSONSchema(schema, { io: "input" }), title: kind },
    ]),
  );
}
