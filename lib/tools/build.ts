/**
 * Programs built with Go.
 * @module
 */

import { createHash } from "node:crypto";
import { join } from "node:path";
import { fillOnce } from "./cache.ts";
import { ToolError } from "./error.ts";
import { onPath } from "./lookup.ts";
import type { GoBuild, Tool, ToolOptions } from "./tool.ts";

/** Progress is told once for so many compiled packages. */
const PACKAGES_PER_LINE = 250;

/** How many of the compiler's last lines an error quotes. */
const QUOTED_LINES = 15;

/** The folder of a build in the cache. It changes with the sources, so that an edit leads to a new build. */
export async function buildFolder(build: GoBuild): Promise<string> {
  if ("package" in build) return build.folder;
  const hash = createHash("sha256").update(build.linkerFlags);
  const files = (await Array.fromAsync(Deno.readDir(build.module))).map((entry) => entry.name);
  for (const file of files.filter((name) => /^go\.(mod|sum)$|\.go$/.test(name)).sort()) {
    hash.update(`\n${file}\n`).update(await Deno.readFile(join(build.module, file)));
  }
  return `${build.folder}-${hash.digest("hex").slice(0, 16)}`;
}

/**
 * Builds a program into its folder of the cache, unless it is there.
 *
 * @param path The folder of the cache.
 * @throws {ToolError} `tool-missing` without Go; `build-failed` with the compiler's last lines.
 */
export async function bringBuild(
  tool: Tool,
  build: GoBuild,
  path: string,
  options: ToolOptions,
): Promise<void> {
  await fillOnce(path, tool.name, async (folder) => {
    const go = await onPath("go", options.environment ?? Deno.env.get);
    if (go === undefined) {
      throw new ToolError("tool-missing", `${tool.name} is missing, and so is Go to build it`, {
        hint: tool.install,
      });
    }
    const duration = "duration" in build ? ` (${build.duration})` : "";
    options.progress?.(`Building ${tool.name} with Go, once${duration}`);
    await run(go, tool, build, folder, options);
  });
}

async function run(
  go: string,
  tool: Tool,
  build: GoBuild,
  folder: string,
  { progress, signal }: ToolOptions,
): Promise<void> {
  const child = new Deno.Command(go, {
    ...commandOf(tool, build, folder),
    stdin: "null",
    stdout: "null",
    stderr: "piped",
    ...signal === undefined ? {} : { signal },
  }).spawn();
  const last: string[] = [];
  let count = 0;
  for await (const line of lines(child.stderr)) {
    last.push(line);
    if (last.length > QUOTED_LINES) last.shift();
    if (++count % PACKAGES_PER_LINE === 0) progress?.(`${count} packages, now ${line}`);
  }
  const { success } = await child.status;
  signal?.throwIfAborted();
  if (success) return;
  throw new ToolError("build-failed", `Building ${tool.name} failed:\n${last.join("\n")}`, {
    hint: `Go must reach its module proxy (GOPROXY). Or: ${tool.install}`,
  });
}

function commandOf(
  tool: Tool,
  build: GoBuild,
  folder: string,
): { args: string[]; cwd: string; env: Record<string, string> } {
  if ("package" in build) {
    return {
      args: ["install", "-v", "-trimpath", build.package],
      cwd: folder,
      env: { CGO_ENABLED: "0", GOBIN: folder, GOFLAGS: "-mod=mod", GOWORK: "off" },
    };
  }
  const output = join(folder, tool.name);
  const linker = `-ldflags=${build.linkerFlags}`;
  return {
    args: ["build", "-v", "-trimpath", "-buildvcs=false", "-mod=readonly", linker, "-o", output],
    cwd: build.module,
    env: { CGO_ENABLED: "0", GOWORK: "off" },
  };
}

async function* lines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + chunk).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
  if (rest !== "") yield rest;
}
