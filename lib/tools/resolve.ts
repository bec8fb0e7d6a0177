/**
 * From the description of a program to its path.
 * @module
 */

import { join } from "node:path";
import { bringArchive } from "./archive.ts";
import { bringBuild, buildFolder } from "./build.ts";
import { cachePath } from "./cache.ts";
import { ToolError } from "./error.ts";
import { isProgram, lookUp } from "./lookup.ts";
import type { Archive, Tool, ToolOptions } from "./tool.ts";

/**
 * Finds a program that is already there: by its lookups, or in the cache.
 *
 * @example
 * ```ts
 * import { findTool } from "./resolve.ts";
 * import assert from "node:assert/strict";
 *
 * const environment = () => "/absent";
 * const render = { name: "render", lookups: ["path"], install: "Install render." } as const;
 * assert.equal(await findTool(render, { environment }), undefined);
 * ```
 *
 * @returns Its path.
 * @throws {ToolError} `tool-missing` when a variable names a program that is none.
 */
export async function findTool(tool: Tool, options: ToolOptions = {}): Promise<string | undefined> {
  const found = await lookUp(tool, options);
  if (found !== undefined) return found;
  const archive = archiveOf(tool);
  const folders = [
    ...archive === undefined ? [] : [archive.folder],
    ...tool.build === undefined ? [] : [await buildFolder(tool.build)],
  ];
  for (const folder of folders) {
    const path = join(cachePath(folder, options), tool.name);
    if (await isProgram(path)) return path;
  }
  return undefined;
}

/**
 * Finds a program, or brings it: by the official release, or else by a build. A release whose server cannot
 * be reached is skipped; one with a wrong checksum is an error.
 *
 * @returns Its path.
 * @throws {ToolError} When there is no way; the hint names what to install.
 */
export async function requireTool(tool: Tool, options: ToolOptions = {}): Promise<string> {
  const found = await findTool(tool, options);
  if (found !== undefined) return found;
  const archive = archiveOf(tool);
  if (archive !== undefined) {
    const path = cachePath(archive.folder, options);
    try {
      await bringArchive(archive, tool.name, path, options);
      return join(path, tool.name);
    } catch (error) {
      const skip = error instanceof ToolError && error.code === "download-failed";
      if (!skip) throw error;
      if (tool.build === undefined) throw unreachable(tool, error);
      options.progress?.(`${error.message} (${archive.url})`);
    }
  }
  if (tool.build === undefined) {
    throw new ToolError("tool-missing", `${tool.name} is missing`, { hint: tool.install });
  }
  const path = cachePath(await buildFolder(tool.build), options);
  await bringBuild(tool, tool.build, path, options);
  return join(path, tool.name);
}

function unreachable(tool: Tool, error: ToolError): ToolError {
  return new ToolError("download-failed", `${tool.name} is missing. ${error.message}`, {
    place: error.place,
    hint: tool.install,
    cause: error,
  });
}

function archiveOf(tool: Tool): Archive | undefined {
  const archives: Readonly<Partial<Record<string, Archive>>> = tool.archives ?? {};
  return archives[`${Deno.build.os}-${Deno.build.arch}`];
}
