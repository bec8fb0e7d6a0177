/** What a Secret holds, in the form in which it compares. @module */
import { Buffer } from "node:buffer";
import type { FieldPath } from "../field_path.ts";
import { isMap } from "../field_path.ts";
import { describe, type KubernetesObject, referenceOf } from "../object.ts";
import type { DesiredObject } from "../render/types.ts";
import { ApplyError } from "./errors.ts";

/**
 * A Secret with all that it holds in `data`; any other object as it is.
 *
 * `stringData` is write-only: the API server moves it into `data`, but tracks the owner of the field that was
 * sent. Sent as `data`, a Secret compares and prunes like any other object. Numbers and switches in `stringData`
 * are text, since a parameter can be one.
 *
 * @throws {ApplyError} `secret-malformed` where the API server would refuse the values: it would quote them.
 */
export function encodeSecret(object: KubernetesObject, desired: DesiredObject): KubernetesObject {
  if (object.kind !== "Secret" || object.apiVersion !== "v1") return object;
  const { stringData, ...rest } = object;
  const given = entriesOf(desired, "data", object["data"]).map(([key, value]) => {
    if (value !== null && !isBase64(value)) throw malformed(desired, ["data", key], "base64");
    return [key, value] as const;
  });
  const encoded = entriesOf(desired, "stringData", stringData).map(([key, value]) => {
    if (typeof value === "object" && value !== null) {
      throw malformed(desired, ["stringData", key], "text");
    }
    return [key, Buffer.from(String(value ?? "")).toString("base64")] as const;
  });
  const entries = [...given, ...encoded];
  return entries.length === 0
    ? rest as KubernetesObject
    : { ...rest as KubernetesObject, data: Object.fromEntries(entries) };
}

function entriesOf(desired: DesiredObject, field: string, value: unknown): [string, unknown][] {
  if (value === undefined || value === null) return [];
  if (!isMap(value)) throw malformed(desired, [field], "a map of keys to values");
  return Object.entries(value);
}

/** As the API server decodes it: padded, and line breaks don't count. */
function isBase64(value: unknown): boolean {
  if (typeof value !== "string") return false;
  const text = value.replaceAll(/[\r\n]/g, "");
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}

function malformed(desired: DesiredObject, names: readonly string[], wanted: string): ApplyError {
  const path: FieldPath = names.map((field) => ({ field }));
  const { file, line } = desired.provenance;
  return new ApplyError("secret-malformed", `${names.join(".")} of a Secret must be ${wanted}`, {
    place: {
      file,
      line: desired.lineOf(path) ?? line,
      object: describe(referenceOf(desired.object)),
    },
    hint: wanted === "base64"
      ? "Write it under stringData to have it encoded."
      : "See https://kubernetes.io/docs/concepts/configuration/secret/ for its fields.",
  });
}
