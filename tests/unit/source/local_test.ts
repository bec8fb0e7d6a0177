import assert from "node:assert/strict";
import { join } from "node:path";
import { openSource } from "../../../lib/source/mod.ts";
import { git, TestRepository } from "./repository.ts";

Deno.test("A local folder tells which commit it is based on, and whether it differs", async () => {
  await using repository = await TestRepository.create();
  const path = join(repository.work, "manifests/app");
  const commit = await git(repository.work, "rev-parse", "--short=7", "HEAD");
  const clean = await openSource({ path, cache: "" });
  assert.equal(clean.revision, `local (${commit})`);
  assert.match(clean.tree, /^sha256:[0-9a-f]{64}$/);
  assert.deepEqual((await clean.files()).map((file) => file.path), [
    "config.yaml",
    "sub/more.yaml",
  ]);
  await repository.write("manifests/app/new.yaml", "c: 3\n");
  const changed = await openSource({ path, cache: "" });
  assert.equal(changed.revision, `local (${commit} with changes)`);
  assert.notEqual(changed.tree, clean.tree);
});

Deno.test("A folder outside of any repository is just local", async () => {
  const path = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(join(path, "a.yaml"), "a: 1\n");
    const source = await openSource({ path, cache: "" });
    assert.equal(source.revision, "local");
    assert.equal(source.url, path);
  } finally {
    await Deno.remove(path, { recursive: true });
  }
});

Deno.test("The tree of a local folder depends on names and contents, not on how they run together", async () => {
  const trees = new Set<string>();
  for (const files of [{ a: "bc" }, { ab: "c" }, { a: "b", c: "" }, { a: "bc ", d: "" }]) {
    const path = await Deno.makeTempDir();
    try {
      for (const [name, text] of Object.entries(files)) {
        await Deno.writeTextFile(join(path, name), text);
      }
      trees.add((await openSource({ path, cache: "" })).tree);
    } finally {
      await Deno.remove(path, { recursive: true });
    }
  }
  assert.equal(trees.size, 4);
});

Deno.test("A local folder has the rules of one in Git", async () => {
  await using repository = await TestRepository.create();
  const path = join(repository.work, "manifests/app");
  await Deno.symlink("/etc/passwd", join(path, "link.yaml"));
  await assert.rejects(openSource({ path, cache: "" }), {
    code: "unsafe-path",
    message: '"link.yaml" is a symbolic link',
  });
  await Deno.remove(join(path, "link.yaml"));
  await Deno.writeTextFile(join(path, "big"), "version https://git-lfs.github.com/spec/v1\n");
  await assert.rejects(openSource({ path, cache: "" }), { code: "unsafe-path", message: /LFS/ });
});

Deno.test("A folder that is not there, or is a file, is an error", async () => {
  await using repository = await TestRepository.create();
  for (const name of ["nothing", "README.md"]) {
    await assert.rejects(openSource({ path: join(repository.work, name), cache: "" }), {
      code: "path-not-found",
    });
  }
});
