/** A repository is written by whoever may push: whatever its tree holds, no file is read or written outside of it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { openSource } from "../../lib/source/mod.ts";
import { git } from "../unit/source/repository.ts";
import { assertClear, RUNS } from "./hostile.ts";

/** One entry of a tree: regular file, program, link, submodule, or a mode that Git does not have. */
interface Entry {
  readonly mode: string;
  readonly name: string;
  readonly content: string;
}

const entries: fc.Arbitrary<Entry[]> = fc.uniqueArray(
  fc.record({
    mode: fc.constantFrom("100644", "100755", "120000", "160000", "100666", "040000"),
    name: fc.oneof(
      fc.constantFrom(
        ..."..|.|.git|.GIT|.gitmodules|.gitattributes|component.yaml|app.yaml|a\\b|c:|-rf|--upload-pack=x"
          .split("|"),
        "\u001b[2J",
        "a\nb",
        "\u202eexe.yaml",
        "é",
        "x".repeat(300),
      ),
      fc.string({ minLength: 1, maxLength: 8, unit: "binary" }),
    ).filter((name) => !/[/\0]/.test(name) && name.isWellFormed()),
    content: fc.constantFrom(
      "/etc/passwd",
      "../../secret",
      "a: 1\n",
      "version https://git-lfs.github.com/spec/v1\n",
    ),
  }),
  { minLength: 1, maxLength: 4, selector: ({ name }) => name },
);

const encoder = new TextEncoder();

/** Writes an object as it is, however wrong it may be, and yields its id. */
async function hashObject(
  repository: string,
  type: string,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<string> {
  const child = new Deno.Command("git", {
    args: ["-C", repository, "hash-object", "-t", type, "-w", "--literally", "--stdin"],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(bytes);
  await writer.close();
  return new TextDecoder().decode((await child.output()).stdout).trim();
}

/** A tree with exactly these entries; Git's own commands would refuse most of them. */
async function writeTree(repository: string, found: readonly Entry[]): Promise<string> {
  const empty = await hashObject(repository, "tree", new Uint8Array());
  const parts: Uint8Array[] = [];
  for (const { mode, name, content } of found) {
    const id = mode === "040000"
      ? empty
      : mode === "160000"
      ? "1".repeat(40)
      : await hashObject(repository, "blob", encoder.encode(content));
    parts.push(encoder.encode(`${mode.replace(/^0/, "")} ${name}\0`), Uint8Array.fromHex(id));
  }
  const tree = new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
  return await hashObject(repository, "tree", tree);
}

Deno.test("whatever a repository's tree holds, it is read inside its root, or refused in words", async () => {
  const folder = await Deno.makeTempDir({ prefix: "plumb-trees-" });
  const repository = join(folder, "remote.git");
  await git(folder, "init", "--quiet", "--bare", "--initial-branch=main", repository);
  await Deno.writeTextFile(join(folder, "secret"), "not to be read\n");
  let commits = 0;
  await fc.assert(
    fc.asyncProperty(entries, async (found) => {
      const tree = await writeTree(repository, found);
      const root = await writeTree(repository, []);
      assert.notEqual(tree, root);
      const commit = await git(repository, "commit-tree", tree, "-m", `${++commits}`);
      await git(repository, "update-ref", "refs/heads/main", commit);
      const files = await assertClear(async () => {
        const options = { url: repository, path: "", cache: join(folder, "cache") };
        return await (await openSource(options)).files();
      });
      for (const { path, bytes } of files ?? []) {
        assert.ok(!path.split("/").includes("..") && !path.startsWith("/"), path);
        assert.ok(!new TextDecoder().decode(bytes).includes("not to be read"));
        assert.ok(found.some(({ mode, name }) => name === path && mode.startsWith("100")), path);
      }
    }),
    { numRuns: Math.ceil(RUNS.numRuns / 3) },
  );
  const left = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
  assert.deepEqual(left, ["cache", "remote.git", "secret"]);
  await Deno.remove(folder, { recursive: true });
});
