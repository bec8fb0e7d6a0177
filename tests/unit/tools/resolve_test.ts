import assert from "node:assert/strict";
import { join } from "node:path";
import { findTool, GIT, requireTool } from "../../../lib/tools/mod.ts";
import type { Archive, Tool } from "../../../lib/tools/mod.ts";
import { environment, script, serve, sha256, temporaryFolder, unreachable } from "./support.ts";

const PROGRAM = new TextEncoder().encode("#!/bin/sh\necho official\n");

/** A tool that is an official release for this machine. */
function tool(archive: Archive, rest: Partial<Tool> = {}): Tool {
  return {
    name: "render",
    lookups: ["path"],
    archives: { [`${Deno.build.os}-${Deno.build.arch}`]: archive },
    install: "Install render 5.",
    ...rest,
  };
}

Deno.test("a program on the PATH goes before a release", async () => {
  await using folder = await temporaryFolder();
  const path = await script(folder.path, "render", "");
  const archive: Archive = { folder: "r", url: unreachable(), checksum: "sha256:00", limit: 1 };
  const options = { environment: environment({ PATH: folder.path, HOME: folder.path }) };
  assert.equal(await requireTool(tool(archive), options), path);
});

Deno.test("a release is brought once and then found in the cache", async () => {
  await using home = await temporaryFolder();
  await using server = serve(() => new Response(PROGRAM));
  const archive: Archive = {
    folder: "render-5",
    url: server.url,
    checksum: await sha256(PROGRAM),
    limit: 1000,
  };
  const options = { environment: environment({ PATH: "", HOME: home.path }) };
  assert.equal(await findTool(tool(archive), options), undefined);
  const path = await requireTool(tool(archive), options);
  assert.equal(path, join(home.path, ".cache/plumb/render-5/render"));
  assert.equal(await findTool(tool(archive), options), path);
});

Deno.test("a release with a wrong checksum stops the search, also where a build is possible", async () => {
  await using home = await temporaryFolder();
  await using server = serve(() => new Response(PROGRAM));
  const archive: Archive = { folder: "r", url: server.url, checksum: "sha256:00", limit: 1000 };
  const build = { folder: "b", package: "example.com/render@v5.0.0" };
  const options = { environment: environment({ PATH: "", HOME: home.path }) };
  await assert.rejects(requireTool(tool(archive, { build }), options), {
    code: "checksum-mismatch",
  });
});

Deno.test("a release that cannot be reached is told, and the build is next", async () => {
  await using home = await temporaryFolder();
  const url = unreachable();
  const archive: Archive = { folder: "r", url, checksum: "sha256:00", limit: 1000 };
  const build = { folder: "b", package: "example.com/render@v5.0.0" };
  const lines: string[] = [];
  const options = {
    environment: environment({ PATH: "", HOME: home.path }),
    progress: (line: string) => lines.push(line),
  };
  await assert.rejects(requireTool(tool(archive, { build }), options), {
    code: "tool-missing",
    message: "render is missing, and so is Go to build it",
  });
  assert.equal(lines[0], `Downloading ${url}`);
  assert.match(lines[1] ?? "", /^The download failed: .*\/release\)$/);
});

Deno.test("a release that cannot be reached is an error where there is no other way", async () => {
  await using home = await temporaryFolder();
  const archive: Archive = { folder: "r", url: unreachable(), checksum: "sha256:00", limit: 1 };
  const options = { environment: environment({ PATH: "", HOME: home.path }) };
  await assert.rejects(requireTool(tool(archive), options), {
    code: "download-failed",
    message: /^render is missing\. The download failed/,
    hint: "Install render 5.",
  });
});

Deno.test("a program with no way to bring it is an error that says what to install", async () => {
  await using home = await temporaryFolder();
  const options = { environment: environment({ PATH: "", HOME: home.path }) };
  await assert.rejects(requireTool(GIT, options), { code: "tool-missing", hint: GIT.install });
});
