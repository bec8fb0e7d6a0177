import assert from "node:assert/strict";
import { join } from "node:path";
import { openSource, type SourceOptions } from "../../../lib/source/mod.ts";
import { git, TestRepository } from "./repository.ts";

/** Opens the component `app` of a repository. */
function open(repository: TestRepository, options: Partial<SourceOptions> = {}) {
  const { work, cache } = repository;
  return openSource({ url: work, path: "manifests/app", cache, ...options });
}

Deno.test("A folder of a repository is read at the commit of a branch", async () => {
  await using repository = await TestRepository.create();
  const source = await open(repository, { ref: "main" });
  assert.equal(source.revision, await git(repository.work, "rev-parse", "HEAD"));
  assert.equal(source.tree, await git(repository.work, "rev-parse", "HEAD:manifests/app"));
  assert.equal(source.subject, "Add the app");
  assert.equal(source.author, "Ada");
  assert.match(source.time ?? "", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  const files = await source.files();
  assert.deepEqual(files.map(({ path }) => path), ["config.yaml", "sub/more.yaml"]);
  assert.equal(new TextDecoder().decode(files[0]?.bytes), "a: 1\n");
});

Deno.test("Branches, tags, full names, HEAD and commits are refs", async () => {
  await using repository = await TestRepository.create();
  const { work } = repository;
  const first = await git(work, "rev-parse", "HEAD");
  await git(work, "tag", "light");
  await git(work, "tag", "--annotate", "--message", "Release", "v1");
  await git(work, "switch", "--quiet", "--create", "feature/main");
  await repository.write("manifests/app/config.yaml", "a: 2\n");
  const second = await repository.commit("Change it");
  const expected: [string | undefined, string][] = [
    [undefined, second],
    ["HEAD", second],
    ["main", first],
    ["feature/main", second],
    ["refs/heads/main", first],
    ["light", first],
    ["v1", first],
    ["refs/tags/v1", first],
    [first, first],
  ];
  for (const [ref, commit] of expected) {
    assert.equal((await open(repository, { ref })).revision, commit, String(ref));
  }
});

Deno.test("What the remote gains is seen, and the tree tells whether the folder changed", async () => {
  await using repository = await TestRepository.create();
  const before = await open(repository);
  await repository.write("README.md", "# Changed\n");
  await repository.commit("Change something else");
  const other = await open(repository);
  assert.notEqual(other.revision, before.revision);
  assert.equal(other.tree, before.tree);
  await repository.write("manifests/app/config.yaml", "a: 2\n");
  await repository.commit("Change the app");
  assert.notEqual((await open(repository)).tree, before.tree);
});

Deno.test("A commit that is in the cache needs no remote", async () => {
  await using repository = await TestRepository.create();
  const { revision } = await open(repository);
  await Deno.rename(repository.work, join(repository.folder, "gone"));
  const source = await open(repository, { ref: revision });
  assert.equal((await source.files()).length, 2);
});

Deno.test("Runs that fetch into the same cache at once all succeed", async () => {
  await using repository = await TestRepository.create();
  const sources = await Promise.all(Array.from({ length: 8 }, () => open(repository)));
  for (const source of sources) assert.equal((await source.files()).length, 2);
  const commits: string[] = [];
  for (let index = 0; index < 6; index++) {
    await repository.write("manifests/app/config.yaml", `a: ${index + 10}\n`);
    commits.push(await repository.commit(`Change ${index}`));
  }
  const fetched = await Promise.all(commits.map((ref) => open(repository, { ref })));
  assert.deepEqual(fetched.map(({ revision }) => revision), commits);
});

Deno.test("The root of a repository can be the component", async () => {
  await using repository = await TestRepository.create();
  for (const path of ["", ".", "./", "/"]) {
    const files = await (await open(repository, { path })).files();
    assert.deepEqual(files.map((file) => file.path), [
      "README.md",
      "manifests/app/config.yaml",
      "manifests/app/sub/more.yaml",
    ]);
  }
});

Deno.test("Hooks and filters of a repository never run", async () => {
  await using repository = await TestRepository.create();
  const trace = join(repository.folder, "ran");
  await repository.write(".gitattributes", "*.yaml filter=evil\n");
  await git(repository.work, "config", "filter.evil.smudge", `touch ${trace}`);
  await repository.commit("Add a filter");
  const files = await (await open(repository)).files();
  assert.equal(files.length, 2);
  await assert.rejects(Deno.stat(trace), Deno.errors.NotFound);
});

Deno.test("A repository without commits has no HEAD", async () => {
  await using repository = await TestRepository.create();
  const empty = join(repository.folder, "empty");
  await Deno.mkdir(empty);
  await git(empty, "init", "--quiet");
  await assert.rejects(open(repository, { url: empty }), {
    code: "ref-not-found",
    message: /empty/,
  });
});

Deno.test("A ref that does not exist is an error with the nearest name", async () => {
  await using repository = await TestRepository.create();
  await assert.rejects(open(repository, { ref: "mian" }), {
    code: "ref-not-found",
    message: /"mian"/,
    hint: "Did you mean main?",
  });
  await assert.rejects(open(repository, { ref: "release-2" }), {
    code: "ref-not-found",
    hint: "There are main.",
  });
  await assert.rejects(open(repository, { ref: "abcdef0" }), {
    code: "ref-not-found",
    hint: /all of its 40 digits/,
  });
  await assert.rejects(open(repository, { ref: "0".repeat(40) }), { code: "ref-not-found" });
});

Deno.test("A ref that could be an option or a pattern is refused", async () => {
  await using repository = await TestRepository.create();
  for (const ref of ["--upload-pack=id", "-x", "a..b", "a b", "*", "a\nb", "", "main^{}"]) {
    await assert.rejects(open(repository, { ref }), { code: "ref-not-found" }, ref);
  }
});

Deno.test("A name that is both a branch and a tag is refused when they differ", async () => {
  await using repository = await TestRepository.create();
  await git(repository.work, "tag", "main");
  await open(repository, { ref: "main" });
  await repository.write("README.md", "# Changed\n");
  await repository.commit("Move on");
  await assert.rejects(open(repository, { ref: "main" }), {
    code: "ref-not-found",
    hint: "Write refs/heads/main or refs/tags/main.",
  });
});

Deno.test("A folder that does not exist is an error that lists what there is", async () => {
  await using repository = await TestRepository.create();
  await assert.rejects(open(repository, { path: "manifests/other" }), {
    code: "path-not-found",
    hint: "In manifests there are app.",
  });
  await assert.rejects(open(repository, { path: "nowhere/at/all" }), {
    code: "path-not-found",
    hint: "In its root there are README.md, manifests.",
  });
  await assert.rejects(open(repository, { path: "README.md" }), { code: "path-not-found" });
  await assert.rejects(open(repository, { path: "manifests/../../x" }), { code: "unsafe-path" });
});

Deno.test("Symbolic links, submodules and LFS pointers are refused by name", async () => {
  const cases: [RegExp, (repository: TestRepository) => Promise<unknown>][] = [
    [
      /"link\.yaml" is a symbolic link/,
      ({ work }) => Deno.symlink("/etc/passwd", join(work, "manifests/app/link.yaml")),
    ],
    [/"inner" is a submodule/, async ({ work }) => {
      const commit = await git(work, "rev-parse", "HEAD");
      const entry = `160000,${commit},manifests/app/inner`;
      await git(work, "update-index", "--add", "--cacheinfo", entry);
      await git(work, "commit", "--quiet", "--message", "Add a submodule");
    }],
    [/"big\.bin" is a Git LFS pointer/, (repository) =>
      repository.write(
        "manifests/app/big.bin",
        "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
      )],
  ];
  for (const [message, change] of cases) {
    await using repository = await TestRepository.create();
    await change(repository);
    if (message.source !== cases[1]?.[0].source) await repository.commit("Add it");
    const source = await open(repository);
    await assert.rejects(source.files(), { code: "unsafe-path", message });
  }
});

Deno.test("Names that could deceive are refused", async () => {
  for (const name of ["a\nb.yaml", "a\\b.yaml", "a\u001b[31m.yaml"]) {
    await using repository = await TestRepository.create();
    await repository.write(`manifests/app/${name}`, "a: 1\n");
    await repository.commit("Add it");
    const source = await open(repository);
    await assert.rejects(source.files(), { code: "unsafe-path" }, name);
  }
});

Deno.test("A folder with too much in it is refused before it is read", async () => {
  await using repository = await TestRepository.create();
  const cases: [Partial<SourceOptions>, RegExp][] = [
    [{ limits: { fileBytes: 4 } }, /config\.yaml holds 5 bytes; 4 are allowed/],
    [{ limits: { files: 1 } }, /holds 2 files; 1 are allowed/],
    [{ limits: { totalBytes: 9 } }, /holds 10 bytes; 9 are allowed/],
  ];
  for (const [options, message] of cases) {
    const source = await open(repository, options);
    await assert.rejects(source.files(), { code: "too-large", message });
    await assert.rejects(
      openSource({ path: join(repository.work, "manifests/app"), cache: "", ...options }),
      { code: "too-large", message },
    );
  }
});

const MODULE = new URL("../../../lib/source/mod.ts", import.meta.url).href;

/** Opens a folder in a process of its own, whose environment no other test sees. */
async function openApart(
  environment: Record<string, string>,
  options: SourceOptions,
): Promise<unknown> {
  const program = `import { openSource } from ${JSON.stringify(MODULE)};
const told = await openSource(JSON.parse(Deno.args[0])).then(
  async (source) => ({ revision: source.revision, files: (await source.files()).length }),
  ({ code, hint }) => ({ code, hint }),
);
console.log(JSON.stringify(told));`;
  const file = await Deno.makeTempFile({ suffix: ".mjs" });
  await Deno.writeTextFile(file, program);
  const config = new URL("../../../deno.json", import.meta.url).pathname;
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", "--config", config, file, JSON.stringify(options)],
    env: environment,
  }).output();
  await Deno.remove(file);
  assert.ok(success, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

Deno.test("A run that a git hook started reads its own repository", async () => {
  await using repository = await TestRepository.create();
  const commit = await git(repository.work, "rev-parse", "HEAD");
  await using other = await TestRepository.create();
  const { work: url, cache } = repository;
  const told = await openApart(
    { GIT_DIR: join(other.work, ".git"), GIT_OBJECT_DIRECTORY: join(other.work, ".git/objects") },
    { url, path: "manifests/app", cache },
  );
  assert.deepEqual(told, { revision: commit, files: 2 });
});

Deno.test("Without git a repository can't be opened, but a local folder can", async () => {
  await using repository = await TestRepository.create();
  const { work: url, cache } = repository;
  const nowhere = { PATH: "/nowhere" };
  assert.deepEqual(await openApart(nowhere, { url, path: "manifests/app", cache }), {
    code: "git-failed",
    hint: "Install git, and see that it is in PATH.",
  });
  const path = join(url, "manifests/app");
  assert.deepEqual(await openApart(nowhere, { path, cache: "" }), { revision: "local", files: 2 });
});
