import assert from "node:assert/strict";
import { join } from "node:path";
import { cachePath, fillOnce } from "../../../lib/tools/cache.ts";
import { environment, script, temporaryFolder } from "./support.ts";

Deno.test("the cache is where XDG_CACHE_HOME says", () => {
  const variables = { XDG_CACHE_HOME: "/var/cache/ada", HOME: "/home/ada" };
  const path = cachePath("opa-1", { environment: environment(variables) });
  assert.equal(path, "/var/cache/ada/plumb/opa-1");
});

Deno.test("without a home there is no cache", () => {
  assert.throws(() => cachePath("opa-1", { environment: environment({}) }), {
    code: "tool-missing",
    hint: "Set HOME or XDG_CACHE_HOME.",
  });
});

Deno.test("of several at once one fills the folder and all find it complete", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "deep", "tool-1");
  let fills = 0;
  await Promise.all(Array.from({ length: 5 }, () =>
    fillOnce(path, "tool", async (partial) => {
      fills++;
      assert.notEqual(partial, path);
      await script(partial, "tool", "");
    })));
  assert.equal(fills, 1);
  assert.equal((await Deno.stat(join(path, "tool"))).isFile, true);
});

Deno.test("a failed fill leaves no folder, and the next one succeeds", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "tool-1");
  const failing = fillOnce(path, "tool", async (partial) => {
    await script(partial, "half", "");
    throw new Error("the disk is full");
  });
  await assert.rejects(failing, { message: "the disk is full" });
  await assert.rejects(Deno.stat(path), Deno.errors.NotFound);
  await fillOnce(path, "tool", async (partial) => void await script(partial, "tool", ""));
  const names = (await Array.fromAsync(Deno.readDir(path))).map((entry) => entry.name);
  assert.deepEqual(names, ["tool"]);
});

Deno.test("what a killed process left half done is thrown away", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "tool-1");
  await Deno.mkdir(`${path}.partial`);
  await script(`${path}.partial`, "half", "");
  await Deno.mkdir(path);
  await fillOnce(path, "tool", async (partial) => void await script(partial, "tool", ""));
  const names = (await Array.fromAsync(Deno.readDir(path))).map((entry) => entry.name);
  assert.deepEqual(names, ["tool"]);
});
