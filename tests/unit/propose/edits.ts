/** Edits of YAML, written short. @module */
import type { FieldPath, PathElement } from "../../../lib/field_path.ts";
import type { Edit } from "../../../lib/propose/edit.ts";

/** `spec.containers[name=app].env[0]` is written as ["spec", "containers", { name: "app" }, "env", 0]. */
type Short = readonly (string | number | Record<string, string | number> | readonly [string])[];

function path(short: Short): FieldPath {
  return short.map((step): PathElement =>
    typeof step === "string"
      ? { field: step }
      : typeof step === "number"
      ? { index: step }
      : Array.isArray(step)
      ? { value: step[0] }
      : { key: step as Record<string, string> }
  );
}

/** A field gets a value. */
export const set = (short: Short, value: unknown, line = 1): Edit => ({
  kind: "set",
  line,
  path: path(short),
  value,
});

/** A field goes. */
export const remove = (short: Short, line = 1): Edit => ({
  kind: "remove",
  line,
  path: path(short),
});

/** The object whose document begins on a line goes. */
export const removeObject = (line: number): Edit => ({ kind: "remove-object", line });
