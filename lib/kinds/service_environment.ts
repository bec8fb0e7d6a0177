/** The variables of all services that the platform has discovered, as files of shells. @module */
import { Buffer } from "node:buffer";
import { load } from "js-yaml";
import { z } from "zod";
import { type Cluster, CONFIG_MAPS } from "../cluster/mod.ts";
import { isMap } from "../field_path.ts";
import { keyOf, type KubernetesObject, referenceOf } from "../object.ts";
import type { SecretReader } from "./kind.ts";

const MANAGED = "thinkube.io/managed";

const name = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/).max(256);
const service = z.object({
  service: z.object({
    environment_variables: z.array(z.unknown()).catch([]),
    secret_environment_variables: z.array(z.unknown()).catch([]),
  }),
});
const plain = z.object({ name, value: z.coerce.string().max(16_384) });
const secret = z.object({ name, secretRef: z.object({ name: z.string(), key: z.string() }) });

/** A shell's way to write. */
export type Syntax = "posix" | "fish";

/**
 * Writes a variable so that nothing in its value is read as anything else.
 *
 * @example
 * ```ts
 * import { exportLine } from "./service_environment.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(exportLine("posix", "A", "it's $HOME"), "export A='it'\\''s $HOME'");
 * assert.equal(exportLine("fish", "A", "it's \\ $HOME"), "set -gx A 'it\\'s \\\\ $HOME'");
 * ```
 */
export function exportLine(syntax: Syntax, name: string, value: string): string {
  return syntax === "posix"
    ? `export ${name}='${value.replaceAll("'", "'\\''")}'`
    : `set -gx ${name} '${value.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

/** What the file is made from. */
export interface EnvironmentOptions {
  readonly cluster: Cluster;
  readonly reader: SecretReader;
  readonly syntax: Syntax;
  /** Objects that a run is about to write: they count instead of those that live. */
  readonly declared: readonly KubernetesObject[];
  /** A namespace whose services don't count. */
  readonly without?: string;
}

/**
 * The content of the file: every variable of every ConfigMap that is labelled as the platform's, sorted. What can't
 * be read is left out: a foreign mistake must not take the other services' variables away.
 */
export async function environmentFile(options: EnvironmentOptions): Promise<string> {
  const { cluster, syntax, declared, without } = options;
  const living = await cluster.list(CONFIG_MAPS, { labelSelector: `${MANAGED}=true` });
  const maps = new Map(living.map((map) => [keyOf(referenceOf(map)), map]));
  for (const map of declared.filter(isManaged)) maps.set(keyOf(referenceOf(map)), map);
  const variables = new Map<string, string>();
  for (const key of [...maps.keys()].sort()) {
    const map = maps.get(key);
    if (map === undefined || map.metadata.namespace === without) continue;
    for (const [name, value] of await variablesOf(map, options.reader)) variables.set(name, value);
  }
  const lines = [...variables].sort(([one], [other]) => one < other ? -1 : 1)
    .map(([name, value]) => exportLine(syntax, name, value));
  return ["# Made from the services of this platform. Changes are lost.", ...lines, ""].join("\n");
}

function isManaged({ apiVersion, kind, metadata }: KubernetesObject): boolean {
  return apiVersion === "v1" && kind === "ConfigMap" && metadata.labels?.[MANAGED] === "true";
}

async function variablesOf(
  map: KubernetesObject,
  reader: SecretReader,
): Promise<[string, string][]> {
  const data = isMap(map["data"]) ? map["data"]["service.yaml"] : undefined;
  const { success, data: read } = service.safeParse(parse(String(data ?? "")));
  if (!success) return [];
  const { environment_variables, secret_environment_variables } = read.service;
  const found: [string, string][] = environment_variables.flatMap((item) => {
    const variable = plain.safeParse(item);
    return variable.success ? [[variable.data.name, variable.data.value]] : [];
  });
  for (const item of secret_environment_variables) {
    const variable = secret.safeParse(item);
    if (!variable.success) continue;
    const { name, secretRef } = variable.data;
    const value = (await reader.readSecret(map.metadata.namespace ?? "", secretRef.name))?.["data"];
    const encoded = isMap(value) ? value[secretRef.key] : undefined;
    if (typeof encoded === "string") found.push([name, Buffer.from(encoded, "base64").toString()]);
  }
  // A line must stay one: no shell that reads these files needs a value of several.
  return found.filter(([, value]) => !/[\0\r\n]/.test(value));
}

function parse(text: string): unknown {
  try {
    return load(text.slice(0, 256 * 1024));
  } catch {
    return undefined;
  }
}
