/**
 * Programs that are already on this machine.
 * @module
 */

import { delimiter, join } from "node:path";
import { messageOf } from "../errors.ts";
import { ToolError } from "./error.ts";
import type { Lookup, Tool, ToolOptions } from "./tool.ts";

/** True for a file that may be run. */
export async function isProgram(path: string): Promise<boolean> {
  try {
    const { isFile, mode } = await Deno.stat(path);
    return isFile && (mode === null || (mode & 0o111) !== 0);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return false;
    }
    throw error;
  }
}

/** The first program of that name in the folders of the PATH. */
export async function onPath(
  name: string,
  environment: (name: string) => string | undefined,
): Promise<string | undefined> {
  for (const folder of (environment("PATH") ?? "").split(delimiter)) {
    const path = join(folder, name);
    if (folder !== "" && await isProgram(path)) return path;
  }
  return undefined;
}

/**
 * Goes through the lookups of a tool.
 *
 * @returns The path of the first fitting program.
 * @throws {ToolError} `tool-missing` when the user names a program that is none.
 */
export async function lookUp(tool: Tool, options: ToolOptions): Promise<string | undefined> {
  for (const lookup of tool.lookups) {
    const path = await candidate(tool, lookup, options);
    if (path === undefined) continue;
    const chosen = lookup !== "path" && "variable" in lookup;
    if (chosen || await fits(tool, path, options)) return path;
  }
  return undefined;
}

async function candidate(
  tool: Tool,
  lookup: Lookup,
  { environment = Deno.env.get }: ToolOptions,
): Promise<string | undefined> {
  if (lookup === "path") return await onPath(tool.name, environment);
  if ("variable" in lookup) {
    const path = environment(lookup.variable);
    if (path === undefined || path === "" || await isProgram(path)) return path || undefined;
    throw new ToolError("tool-missing", `${lookup.variable} names no program: ${path}`, {
      place: { file: path },
      hint: `Correct the variable ${lookup.variable}, or remove it. ${tool.install}`,
    });
  }
  const folder = environment(lookup.folderVariable);
  if (folder === undefined || folder === "") return undefined;
  const path = join(folder, tool.name);
  return await isProgram(path) ? path : undefined;
}

async function fits(tool: Tool, path: string, { progress }: ToolOptions): Promise<boolean> {
  if (tool.fitting === undefined) return true;
  let text;
  try {
    const { stdout, stderr } = await new Deno.Command(path, {
      args: [...tool.fitting.arguments],
      stdin: "null",
    }).output();
    text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  } catch (error) {
    text = messageOf(error);
  }
  if (tool.fitting.output.test(text)) return true;
  progress?.(`${path} does not fit: it answers "${text.split("\n", 1)[0]}"`);
  return false;
}
