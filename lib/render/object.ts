/**
 * Checks that a value is a Kubernetes object, and takes off what only the API server sets.
 * @module
 */
import { ANNOTATION } from "../names.ts";
import { isMap } from "../field_path.ts";
import type { KubernetesObject } from "../object.ts";
import type { Declaration } from "./documents.ts";
import { RenderError } from "./errors.ts";

/** Fields of metadata that the API server sets; exported manifests carry them. */
const SERVER_FIELDS = [
  "managedFields",
  "uid",
  "resourceVersion",
  "generation",
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "selfLink",
];

/**
 * The object that a declaration's value is, without status and without metadata that is empty or the API server's.
 *
 * @param value a copy of the declaration's value, which is changed.
 * @throws {RenderError} `not-an-object`, with the line.
 */
export function toObject(declaration: Declaration, value: unknown): KubernetesObject {
  if (!isMap(value)) {
    throw invalid(
      declaration,
      [],
      "This document is not an object",
      "Write a map with apiVersion, kind and metadata.",
    );
  }
  requireText(declaration, value, ["apiVersion"]);
  requireText(declaration, value, ["kind"]);
  const { metadata } = value;
  if (isMap(metadata) && metadata["name"] === undefined && "generateName" in metadata) {
    throw invalid(
      declaration,
      ["metadata", "generateName"],
      "An object with a generated name would be made anew in each run",
      "Give it a metadata.name.",
    );
  }
  requireText(declaration, isMap(metadata) ? metadata : {}, ["metadata", "name"]);
  const object = value as KubernetesObject;
  delete object["status"];
  cleanMetadata(object.metadata as unknown as Record<string, unknown>);
  return object;
}

function requireText(
  declaration: Declaration,
  parent: Readonly<Record<string, unknown>>,
  path: readonly string[],
): void {
  const name = path.join(".");
  const value = parent[path.at(-1) ?? ""];
  if (typeof value === "string" && value !== "") return;
  throw value === undefined || value === null || value === ""
    ? invalid(
      declaration,
      path,
      `${name} is missing`,
      "Every document must be a Kubernetes object.",
    )
    : invalid(declaration, path, `${name} is not text`, "Quote it.");
}

function cleanMetadata(metadata: Record<string, unknown>): void {
  for (const name of SERVER_FIELDS) delete metadata[name];
  for (const [name, value] of Object.entries(metadata)) {
    if (value === null) delete metadata[name];
  }
  const { annotations } = metadata;
  if (!isMap(annotations) || !(ANNOTATION.substitute in annotations)) return;
  delete annotations[ANNOTATION.substitute];
  if (Object.keys(annotations).length === 0) delete metadata["annotations"];
}

function invalid(
  { provenance, lineOf }: Declaration,
  path: readonly string[],
  message: string,
  hint: string,
): RenderError {
  const line = path.length === 0 ? undefined : lineOf(path);
  return new RenderError("not-an-object", message, {
    place: { file: provenance.file, line: line ?? provenance.line },
    hint,
  });
}
