/**
 * A component as its folder declares it.
 * @module
 */
import { YamlError } from "../yaml.ts";
import { parseDocument, splitDocuments } from "../yaml.ts";
import { lineAt } from "../yaml_lines.ts";
import { ComponentError } from "./errors.ts";
import { invalidComponent, type TextFile } from "./explain.ts";
import {
  type Adoption,
  componentFile,
  type FieldRule,
  type ParameterDeclaration,
  type PolicyLevel,
  type Requirement,
  type Retention,
  type Waiver,
} from "./schema.ts";

/** The file that declares a component, at the root of its folder. */
export const COMPONENT_FILE = "component.yaml";

/** A file of a component's folder. */
export interface ComponentFile {
  /** Relative to the folder, divided by `/`. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** What a component is and wants. */
export interface Component {
  readonly name: string;
  readonly namespace: string;
  readonly description: string | undefined;
  readonly parameters: ReadonlyMap<string, ParameterDeclaration>;
  readonly requires: readonly Requirement[];
  /** Globs of the files to apply. */
  readonly manifests: readonly string[];
  readonly retain: Retention;
  readonly verify: Settings | undefined;
  readonly discovery: Settings | undefined;
  readonly adoption: Adoption;
  /** What a violation of a policy does. */
  readonly policy: PolicyLevel;
  readonly waivers: readonly Waiver[];
  readonly fields: readonly FieldRule[];
  /** `component.yaml`, for positions; none for a plain folder of manifests. */
  readonly file: TextFile | undefined;
}

/** Settings that the rooms they belong to check. */
export type Settings = Readonly<Record<string, unknown>>;

/** What to call a component, where its folder doesn't say or is overruled. */
export interface LoadOptions {
  /** Name of the folder; the name of a component without `component.yaml`. */
  readonly folder: string;
  readonly name?: string | undefined;
  readonly namespace?: string | undefined;
}

/**
 * Reads the component that a folder declares. A folder without `component.yaml` is a component, too: all its
 * manifests, without parameters, in the namespace of the options or else `default`.
 *
 * @throws {ComponentError} `yaml` or `invalid`, with the line.
 *
 * @example
 * ```ts
 * import { loadComponent } from "./component.ts";
 * import assert from "node:assert/strict";
 *
 * const component = loadComponent([], { folder: "My App", namespace: "apps" });
 * assert.equal(component.name, "my-app");
 * assert.deepEqual(component.manifests, ["*.yaml", "*.yml", "*.json"]);
 * ```
 */
export function loadComponent(files: readonly ComponentFile[], options: LoadOptions): Component {
  const file = files.find(({ path }) => path === COMPONENT_FILE);
  if (file === undefined) return plainFolder(options);
  const text = { path: file.path, text: decode(file) };
  const { success, data, error } = componentFile.safeParse(readYaml(text));
  if (!success) throw invalidComponent(text, error.issues);
  const { metadata, spec } = data;
  return {
    name: options.name ?? metadata.name,
    namespace: options.namespace ?? spec.namespace,
    description: spec.description,
    parameters: new Map(Object.entries(spec.parameters)),
    requires: spec.requires,
    manifests: spec.manifests,
    retain: spec.retain,
    verify: spec.verify,
    discovery: spec.discovery,
    adoption: spec.adoption,
    policy: spec.policy,
    waivers: spec.waivers,
    fields: spec.fields,
    file: text,
  };
}

function plainFolder({ folder, name, namespace }: LoadOptions): Component {
  return {
    name: name ?? asLabel(folder),
    namespace: namespace ?? "default",
    description: undefined,
    parameters: new Map(),
    requires: [],
    manifests: ["*.yaml", "*.yml", "*.json"],
    retain: { reclaimPolicy: "Retain", outside: [] },
    verify: undefined,
    discovery: undefined,
    adoption: "unowned",
    // Who hands over a plain folder has not agreed to anything.
    policy: "off",
    waivers: [],
    fields: [],
    file: undefined,
  };
}

/** A DNS label that is as near to a folder's name as can be. */
function asLabel(folder: string): string {
  const label = folder.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-").slice(0, 63);
  return label.replaceAll(/^-+|-+$/g, "") || "component";
}

function decode({ path, bytes }: ComponentFile): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new ComponentError("yaml", "The file is not UTF-8", { place: { file: path } });
  }
}

/**
 * Reads a file that is one YAML document.
 *
 * @throws {ComponentError} `yaml`
 */
export function readYaml({ path, text }: TextFile): unknown {
  const [document, second] = splitDocuments(text);
  if (second !== undefined) {
    throw new ComponentError("yaml", "The file has more than one document", {
      place: { file: path, line: second.line },
      hint: "Keep one, without a line of --- between two.",
    });
  }
  try {
    return document === undefined ? undefined : parseDocument(document.text);
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    throw new ComponentError("yaml", `${error.reason} (column ${error.column})`, {
      place: { file: path, line: error.line + (document?.line ?? 1) - 1 },
      hint: "Correct the YAML there, or in the lines just before.",
    });
  }
}

/** 1-based line of `component.yaml` on which a field stands; undefined for a plain folder. */
export function lineInComponent(
  { file }: Component,
  path: readonly (string | number)[],
): number | undefined {
  return file === undefined ? undefined : lineAt(file.text, path);
}
