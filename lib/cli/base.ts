/** The revision that a proposal goes out from. @module */
import type { Base } from "../apply/mod.ts";
import type { Cluster } from "../cluster/mod.ts";
import { PlumbError } from "../errors.ts";
import { openSource, type Source, SourceError } from "../source/mod.ts";
import type { ReconcileOptions, RunContext } from "./command.ts";
import { type Declared, declaredIn, renderingOf } from "./declared.ts";
import { pathOf } from "./reconcile.ts";

/** The options of the base: its ref, and its parameters. */
export function atBase(options: ReconcileOptions): ReconcileOptions {
  const { base, baseParameters, parameters } = options;
  return { ...options, ref: base, parameters: baseParameters ?? parameters };
}

/**
 * Opens the base; undefined where the component was not there yet.
 *
 * @throws {PlumbError} `usage` without a repository.
 */
export async function openBase(
  options: ReconcileOptions,
  { cache, signal }: RunContext,
): Promise<Source | undefined> {
  if (options.source === undefined || options.base === undefined) {
    throw new PlumbError("usage", "--base needs --source", {
      hint: "A base is a revision of a repository; a checkout is one, too: --source .",
    });
  }
  const { source: url, base: ref } = options;
  try {
    return await openSource({ path: pathOf(options), cache, signal, url, ref });
  } catch (error) {
    if (error instanceof SourceError && error.code === "path-not-found") return undefined;
    throw error;
  }
}

/** The base as a plan of it needs it; undefined where none was asked for, or it can't be read. */
export async function baseOf(
  options: ReconcileOptions,
  { component }: Declared,
  context: RunContext,
  cluster: Cluster,
): Promise<Base | undefined> {
  if (options.base === undefined) return undefined;
  const source = await openBase(options, context);
  if (source === undefined) {
    const nothing = { render: () => Promise.resolve([]), renderKey: () => "" };
    return { component, ...nothing, revision: options.base };
  }
  try {
    const declared = await declaredIn(source, atBase(options), context, cluster);
    return { ...await renderingOf(declared, context), revision: source.revision };
  } catch (error) {
    if (!(error instanceof PlumbError)) throw error;
    const message = `The base can't be read, so nothing is known to be drift: ${error.message}`;
    context.emit({ type: "warning", message });
    return undefined;
  }
}
