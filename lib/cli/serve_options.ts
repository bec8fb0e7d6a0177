/** What `plumb serve` is told, and what of it one component is concerned with. @module */
import { join } from "node:path";
import type { Component } from "../component/mod.ts";
import { PlumbError } from "../errors.ts";
import type { ReconcileOptions } from "./command.ts";

/** What `serve` is told. */
export interface ServeOptions {
  /** Only this one. */
  readonly component: string | undefined;
  readonly hostname: string;
  readonly port: number;
  readonly source: string | undefined;
  readonly ref: string | undefined;
  /** `OWNER/NAME` at GitHub, for proposals; of the source's address when absent. */
  readonly repository: string | undefined;
  /** Folder of components. */
  readonly path: string;
  readonly set: readonly string[];
  readonly parameters: string | undefined;
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly hosts: readonly string[];
  readonly issuer: { readonly issuer: string; readonly audience: string } | undefined;
  readonly proxies: readonly string[];
  readonly viewers: readonly string[];
  readonly operators: readonly string[];
  readonly resolve: readonly string[];
  readonly certificateAuthority: string | undefined;
  readonly debug: boolean;
}

/** On a free port of loopback, for who started it. */
export const LOCAL: ServeOptions = {
  component: undefined,
  hostname: "127.0.0.1",
  port: 0,
  source: undefined,
  ref: undefined,
  repository: undefined,
  path: "manifests",
  set: [],
  parameters: undefined,
  kubeconfig: undefined,
  context: undefined,
  hosts: [],
  issuer: undefined,
  proxies: [],
  viewers: [],
  operators: [],
  resolve: [],
  certificateAuthority: undefined,
  debug: false,
};

/** How long what is done from the dashboard waits for each wave, in milliseconds. */
export const TIMEOUT = 5 * 60_000;

/** The options of one component, as if it had been named to another command. */
export async function optionsOf(
  { path, set, source, ref, repository, parameters, kubeconfig, context }: ServeOptions,
  folder: string,
  { name, parameters: declared }: Pick<Component, "name" | "parameters">,
): Promise<Omit<ReconcileOptions, "command" | "mode">> {
  return {
    path: join(path, folder),
    source,
    ref,
    repository,
    set: settingsFor(set, name, declared),
    parameters: await parametersFor(parameters, name),
    kubeconfig,
    context,
    refresh: false,
    yes: true,
    wait: true,
    timeout: TIMEOUT,
  };
}

/**
 * Which `[COMPONENT.]NAME=VALUE` are a component's, as `NAME=VALUE`.
 *
 * @example
 * ```ts
 * import { settingsFor } from "./serve_options.ts";
 * import assert from "node:assert/strict";
 *
 * const declared = new Map([["domain", { type: "hostname", description: "Domain" }]] as const);
 * const given = ["domain=example.com", "cvat.workers=all", "web.color=red", "size=1"];
 * assert.deepEqual(settingsFor(given, "cvat", declared), ["domain=example.com", "workers=all"]);
 * ```
 */
export function settingsFor(
  given: readonly string[],
  component: string,
  declared: { has(name: string): boolean },
): string[] {
  return given.flatMap((text) => {
    const [, owner, name = "", value = ""] = /^(?:([^.=]+)\.)?([^=]+)=([\s\S]*)$/.exec(text) ?? [];
    if (owner === undefined ? declared.has(name) : owner === component) return [`${name}=${value}`];
    return [];
  });
}

/** A file is meant for the component at hand; of a folder, the file with its name. */
async function parametersFor(
  path: string | undefined,
  component: string,
): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    if (!(await Deno.stat(path)).isDirectory) return path;
    const file = join(path, `${component}.yaml`);
    return (await Deno.stat(file).catch(() => undefined))?.isFile ? file : undefined;
  } catch (cause) {
    throw new PlumbError("usage", "The parameters can't be read", {
      place: { file: path },
      hint: "Give --parameters a YAML file, or a folder with a COMPONENT.yaml for each component.",
      cause,
    });
  }
}
