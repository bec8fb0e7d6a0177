import assert from "node:assert/strict";
import { join } from "node:path";
import { bringBuild, buildFolder } from "../../../lib/tools/build.ts";
import type { GoBuild, Tool } from "../../../lib/tools/tool.ts";
import { environment, temporaryFolder } from "./support.ts";

const TOOL: Tool = { name: "greet", lookups: [], install: "Install Go." };

/** A Go module whose only file has this body. Runtime only, so that it compiles in a moment. */
async function goModule(folder: string, body: string): Promise<GoBuild> {
  await Deno.writeTextFile(join(folder, "go.mod"), "module greet\n\ngo 1.20\n");
  await Deno.writeTextFile(
    join(folder, "main.go"),
    `package main\n\nvar word = "none"\n\nfunc main() { ${body} }\n`,
  );
  const linkerFlags = "-X main.word=hello";
  return { folder: "greet-1", module: folder, linkerFlags, duration: "a moment" };
}

Deno.test("a module is built with its linker flags", async () => {
  await using module = await temporaryFolder();
  await using cache = await temporaryFolder();
  const build = await goModule(module.path, "println(word)");
  const lines: string[] = [];
  const path = join(cache.path, "greet");
  await bringBuild(TOOL, build, path, { progress: (line) => lines.push(line) });
  const { stderr } = await new Deno.Command(join(path, "greet")).output();
  assert.equal(new TextDecoder().decode(stderr), "hello\n");
  assert.equal(lines[0], "Building greet with Go, once (a moment)");
});

Deno.test("a broken module fails with the compiler's words", async () => {
  await using module = await temporaryFolder();
  await using cache = await temporaryFolder();
  const build = await goModule(module.path, "println(absent)");
  await assert.rejects(bringBuild(TOOL, build, join(cache.path, "greet"), {}), {
    code: "build-failed",
    message: /main\.go:5:\d+: undefined: absent/,
  });
});

Deno.test("without Go the error says what to install", async () => {
  await using cache = await temporaryFolder();
  const build: GoBuild = { folder: "greet-1", package: "example.com/greet@v1.0.0" };
  const options = { environment: environment({ PATH: cache.path }) };
  await assert.rejects(bringBuild(TOOL, build, join(cache.path, "greet"), options), {
    code: "tool-missing",
    message: "greet is missing, and so is Go to build it",
    hint: "Install Go.",
  });
});

Deno.test("a build ends by its signal", async () => {
  await using module = await temporaryFolder();
  await using cache = await temporaryFolder();
  const build = await goModule(module.path, "");
  const signal = AbortSignal.abort(new Error("enough"));
  await assert.rejects(bringBuild(TOOL, build, join(cache.path, "greet"), { signal }), {
    message: "enough",
  });
});

Deno.test("an edit of the sources or the flags leads to another folder", async () => {
  await using module = await temporaryFolder();
  const build = await goModule(module.path, "println(word)");
  const folder = await buildFolder(build);
  assert.match(folder, /^greet-1-[0-9a-f]{16}$/);
  await Deno.writeTextFile(join(module.path, "notes.txt"), "not a source");
  assert.equal(await buildFolder(build), folder);
  assert.notEqual(await buildFolder({ ...build, linkerFlags: "" }), folder);
  await goModule(module.path, "println(word, word)");
  assert.notEqual(await buildFolder(build), folder);
});
