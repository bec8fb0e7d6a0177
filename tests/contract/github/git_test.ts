/** The double's objects, references and commits, and what it refuses of them. */
import assert from "node:assert/strict";
import { startGitHub } from "./server.ts";
import { ADA, BRANCH, connect, propose, refused } from "./support.ts";

const NOWHERE = "1234567890".repeat(4);

Deno.test("a reference is made once, moves forward alone, and goes once", async () => {
  await using github = await startGitHub();
  const { git } = connect(github);
  const at = { owner: github.owner, repo: github.name };
  const ref = `heads/${BRANCH}`;
  const sha = (await git.getRef({ ...at, ref: "heads/main" })).data.object.sha;
  await refused(git.getRef({ ...at, ref }), 404, /Not Found/);
  await git.createRef({ ...at, ref: `refs/${ref}`, sha });
  await refused(git.createRef({ ...at, ref: `refs/${ref}`, sha }), 422, /already exists/);
  await refused(git.createRef({ ...at, ref: "main", sha }), 422, /start with 'refs\/'/);
  await refused(git.createRef({ ...at, ref: "refs/heads/a..b", sha }), 422, /not a valid ref name/);
  await refused(
    git.createRef({ ...at, ref: "refs/heads/x", sha: NOWHERE }),
    422,
    /Object does not exist/,
  );
  const one = await github.commit(BRANCH, { "a.yaml": "1\n" }, ADA);
  await refused(git.updateRef({ ...at, ref, sha }), 422, /Update is not a fast forward/);
  await refused(git.updateRef({ ...at, ref: "heads/x", sha }), 422, /Reference does not exist/);
  await git.updateRef({ ...at, ref, sha, force: true });
  assert.equal((await git.updateRef({ ...at, ref, sha: one })).data.object.sha, one);
  const { data: matching } = await git.listMatchingRefs({ ...at, ref: "heads/plumb/" });
  assert.deepEqual(matching.map((each) => each.ref), [`refs/${ref}`]);
  await git.deleteRef({ ...at, ref });
  await refused(git.deleteRef({ ...at, ref }), 422, /Reference does not exist/);
  assert.deepEqual(github.violations, []);
});

Deno.test("two requests for the same new reference make it once", async () => {
  await using github = await startGitHub();
  const { git } = connect(github);
  const at = { owner: github.owner, repo: github.name };
  const sha = (await git.getRef({ ...at, ref: "heads/main" })).data.object.sha;
  const make = () => git.createRef({ ...at, ref: "refs/heads/x", sha });
  const outcomes = await Promise.allSettled([make(), make(), make()]);
  assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 1);
  assert.deepEqual(github.violations, []);
});

Deno.test("what isn't there or isn't right gets into no tree and no commit", async () => {
  await using github = await startGitHub({ files: { "d/a.yaml": "a\n", "d/b.yaml": "b\n" } });
  const { git } = connect(github);
  const at = { owner: github.owner, repo: github.name };
  const { data: main } = await git.getTree({ ...at, tree_sha: "main", recursive: "1" });
  assert.deepEqual(main.tree.map(({ path, type }) => `${type} ${path}`), [
    "blob README.md",
    "tree d",
    "blob d/a.yaml",
    "blob d/b.yaml",
  ]);
  const make = (path: string, more: { sha?: string | null; content?: string }) =>
    git.createTree({ ...at, base_tree: main.sha, tree: [{ path, mode: "100644", ...more }] });
  await refused(make("a/../b", { content: "" }), 422, /malformed path/);
  await refused(make("gone", { sha: null }), 422, /BadObjectState/);
  await refused(make("x", { sha: NOWHERE }), 422, /is not a valid blob/);
  await refused(make("x", {}), 422, /Must supply/);
  await refused(git.createBlob({ ...at, content: "?", encoding: "base64" }), 422, /Base64/);
  await refused(git.getBlob({ ...at, file_sha: NOWHERE }), 404, /Not Found/);
  const { data: moved } = await git.createTree({
    ...at,
    base_tree: main.sha,
    tree: [
      { path: "e", mode: "040000", type: "tree", sha: main.tree[1]!.sha },
      { path: "d", mode: "040000", type: "tree", sha: null },
    ],
  });
  assert.deepEqual(moved.tree.map(({ path }) => path), ["README.md", "e"]);
  const commit = (tree: string, parents: string[]) =>
    git.createCommit({ ...at, message: "m", tree, parents });
  await refused(commit(NOWHERE, []), 422, /Tree SHA does not exist/);
  await refused(commit(moved.sha, [moved.sha]), 422, /Parent SHA does not exist/);
  const { data: made } = await commit(moved.sha, []);
  assert.equal(made.author.name, "plumb-bot");
  assert.equal(made.verification.verified, false);
  assert.deepEqual(github.violations, []);
});

Deno.test("content, commits and the way between two branches can be read", async () => {
  await using github = await startGitHub({
    files: { "d/a.yaml": "a: 1\n", "old.yaml": "x\ny\nz\n" },
  });
  const { repos } = connect(github);
  const at = { owner: github.owner, repo: github.name };
  await propose(github);
  const files = { "d/a.yaml": "a: 2\n", "old.yaml": null, "new.yaml": "x\ny\nz\n" };
  const human = await github.commit(BRANCH, files, { name: "Eve", email: "eve@example.com" });
  await github.commit("main", { "other.yaml": "o\n" }, ADA);
  const { data: file } = await repos.getContent({ ...at, path: "d/a.yaml", ref: BRANCH });
  assert.ok(!Array.isArray(file) && file.type === "file");
  assert.equal(atob(file.content), "a: 2\n");
  for (
    const [path, names] of [["d", ["a.yaml"]], ["", ["README.md", "d", "old.yaml", "other.yaml"]]]
  ) {
    const { data } = await repos.getContent({ ...at, path: String(path) });
    assert.deepEqual(Array.isArray(data) && data.map(({ name }) => name), names);
  }
  await refused(repos.getContent({ ...at, path: "d/x" }), 404, /Not Found/);
  await refused(repos.getContent({ ...at, path: "d", ref: "x" }), 404, /No commit found/);
  const { data: way } = await repos.compareCommitsWithBasehead({
    ...at,
    basehead: `main...${BRANCH}`,
  });
  assert.deepEqual([way.status, way.ahead_by, way.behind_by], ["diverged", 2, 1]);
  assert.deepEqual(way.commits.map(({ author }) => author?.login), ["ada", undefined]);
  assert.deepEqual(way.files?.map((each) => [each.filename, each.status, each.changes]), [
    ["a.yaml", "added", 1],
    ["d/a.yaml", "modified", 2],
    ["new.yaml", "renamed", 0],
  ]);
  assert.equal(way.files?.[1]?.patch, "@@ -1 +1 @@\n-a: 1\n+a: 2");
  await refused(
    repos.compareCommitsWithBasehead({ ...at, basehead: "main...x" }),
    404,
    /Not Found/,
  );
  const { data: commit } = await repos.getCommit({ ...at, ref: BRANCH });
  assert.deepEqual([commit.sha, commit.author, commit.files?.length], [human, null, 2]);
  await refused(repos.getCommit({ ...at, ref: "x" }), 422, /No commit found/);
  const { data: log } = await repos.listCommits({ ...at, sha: BRANCH, path: "d/a.yaml" });
  assert.equal(log.length, 2);
  assert.equal((await repos.getBranch({ ...at, branch: BRANCH })).data.commit.sha, human);
  await refused(repos.getBranch({ ...at, branch: "x" }), 404, /Branch not found/);
  assert.equal((await repos.get(at)).data.default_branch, "main");
  assert.deepEqual(github.violations, []);
});
