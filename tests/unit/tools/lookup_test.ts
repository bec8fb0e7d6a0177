import assert from "node:assert/strict";
import { join } from "node:path";
import { isProgram, lookUp, onPath } from "../../../lib/tools/lookup.ts";
import type { Tool } from "../../../lib/tools/tool.ts";
import { environment, script, temporaryFolder } from "./support.ts";

const TOOL: Tool = {
  name: "render",
  lookups: [{ variable: "PLUMB_RENDER" }, { folderVariable: "ASSETS" }, "path"],
  fitting: { arguments: ["version"], output: /^v5\./ },
  install: "Install render 5.",
};

Deno.test("only an executable file is a program", async () => {
  await using folder = await temporaryFolder();
  const text = join(folder.path, "text");
  await Deno.writeTextFile(text, "", { mode: 0o644 });
  assert.equal(await isProgram(text), false);
  assert.equal(await isProgram(folder.path), false);
  assert.equal(await isProgram(join(text, "below")), false);
  assert.equal(await isProgram(join(folder.path, "absent")), false);
  assert.equal(await isProgram(await script(folder.path, "program", "")), true);
});

Deno.test("the first folder of the PATH wins, and an empty one is not this folder", async () => {
  await using first = await temporaryFolder();
  await using second = await temporaryFolder();
  await script(first.path, "render", "");
  await script(second.path, "render", "");
  const variables = environment({ PATH: `:/absent:${first.path}:${second.path}` });
  assert.equal(await onPath("render", variables), join(first.path, "render"));
  assert.equal(await onPath("other", variables), undefined);
});

Deno.test("the program that the user names is taken as it is", async () => {
  await using folder = await temporaryFolder();
  const path = await script(folder.path, "mine", "echo v9");
  const options = { environment: environment({ PLUMB_RENDER: path, PATH: "" }) };
  assert.equal(await lookUp(TOOL, options), path);
});

Deno.test("a variable that names no program is an error with both names", async () => {
  const options = { environment: environment({ PLUMB_RENDER: "/absent/render" }) };
  await assert.rejects(lookUp(TOOL, options), {
    code: "tool-missing",
    message: "PLUMB_RENDER names no program: /absent/render",
    hint: "Correct the variable PLUMB_RENDER, or remove it. Install render 5.",
  });
});

Deno.test("a program of another version is passed over, and that is told", async () => {
  await using assets = await temporaryFolder();
  await using path = await temporaryFolder();
  await script(assets.path, "render", "echo v4.2.0");
  const fitting = await script(path.path, "render", "echo v5.8.1");
  const lines: string[] = [];
  const found = await lookUp(TOOL, {
    environment: environment({ ASSETS: assets.path, PATH: path.path }),
    progress: (line) => lines.push(line),
  });
  assert.equal(found, fitting);
  assert.deepEqual(lines, [`${assets.path}/render does not fit: it answers "v4.2.0"`]);
});

Deno.test("a program that cannot be run is passed over", async () => {
  await using folder = await temporaryFolder();
  await Deno.writeTextFile(join(folder.path, "render"), "#!/absent\n", { mode: 0o755 });
  const options = { environment: environment({ PATH: folder.path }) };
  assert.equal(await lookUp(TOOL, options), undefined);
});
