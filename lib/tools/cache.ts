/**
 * The folder of programs that Plumb has brought, shared by all processes of a user.
 * @module
 */

import { dirname, join } from "node:path";
import { ToolError } from "./error.ts";
import { isProgram } from "./lookup.ts";
import type { ToolOptions } from "./tool.ts";

/**
 * Where a folder of the cache is: under `$XDG_CACHE_HOME/plumb`, by default `~/.cache/plumb`
 * (XDG Base Directory Specification).
 *
 * @example
 * ```ts
 * import { cachePath } from "./cache.ts";
 * import assert from "node:assert/strict";
 *
 * const environment = new Map([["HOME", "/home/ada"]]);
 * const path = cachePath("kustomize-5.8.1", { environment: (name) => environment.get(name) });
 * assert.equal(path, "/home/ada/.cache/plumb/kustomize-5.8.1");
 * ```
 *
 * @throws {ToolError} `tool-missing` when neither XDG_CACHE_HOME nor HOME is set.
 */
export function cachePath(folder: string, { environment = Deno.env.get }: ToolOptions): string {
  const home = environment("HOME");
  const root = environment("XDG_CACHE_HOME") || (home && join(home, ".cache"));
  if (!root) {
    throw new ToolError("tool-missing", "There is no place for a cache of programs", {
      hint: "Set HOME or XDG_CACHE_HOME.",
    });
  }
  return join(root, "plumb", folder);
}

/**
 * Fills a folder of the cache unless the program is there. The folder appears only when it is complete, and
 * of several processes one fills it while the others wait.
 *
 * @param path From {@link cachePath}.
 * @param program File name of a program that the complete folder holds.
 * @param fill Writes into the empty folder that it is given.
 */
export async function fillOnce(
  path: string,
  program: string,
  fill: (folder: string) => Promise<void>,
): Promise<void> {
  if (await isProgram(join(path, program))) return;
  await Deno.mkdir(dirname(path), { recursive: true });
  using lock = await Deno.open(`${path}.lock`, { create: true, write: true });
  await lock.lock(true);
  if (await isProgram(join(path, program))) return;
  const partial = `${path}.partial`;
  await remove(partial);
  await Deno.mkdir(partial);
  try {
    await fill(partial);
    await remove(path);
    await Deno.rename(partial, path);
  } finally {
    await remove(partial);
  }
}

async function remove(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
