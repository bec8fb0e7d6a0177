/** The double of GitHub, driven by GitHub's own client. */
import assert from "node:assert/strict";
import { startGitHub } from "./server.ts";
import { git } from "../../unit/source/repository.ts";

import { BRANCH, connect } from "./support.ts";

Deno.test("a proposal goes its whole way, and every object is real", async () => {
  await using github = await startGitHub({
    files: { "manifests/app.yaml": "replicas: 1\n", "docs/old.md": "old\n" },
    codeowners: "* @ada @acme/platform\n",
  });
  const { owner, name: repo, repository } = github;
  const at = { owner, repo };
  const rest = connect(github);
  const main = (await rest.git.getRef({ ...at, ref: "heads/main" })).data.object.sha;
  const { data: base } = await rest.git.getCommit({ ...at, commit_sha: main });
  const { data: blob } = await rest.git.createBlob({ ...at, content: "replicas: 2\n" });
  const { data: tree } = await rest.git.createTree({
    ...at,
    base_tree: base.tree.sha,
    tree: [
      { path: "manifests/app.yaml", mode: "100644", type: "blob", sha: blob.sha },
      { path: "docs/old.md", mode: "100644", type: "blob", sha: null },
    ],
  });
  const { data: commit } = await rest.git.createCommit({
    ...at,
    message: "Keep what was scaled by hand",
    tree: tree.sha,
    parents: [main],
  });
  await rest.git.createRef({ ...at, ref: `refs/heads/${BRANCH}`, sha: commit.sha });
  const { data: pull } = await rest.pulls.create({
    ...at,
    title: "Drift",
    body: "one",
    head: BRANCH,
    base: "main",
  });
  const number = pull.number;
  assert.equal(pull.mergeable, true);
  await rest.issues.addLabels({ ...at, issue_number: number, labels: ["drift"] });
  await rest.pulls.requestReviewers({
    ...at,
    pull_number: number,
    reviewers: ["ada"],
    team_reviewers: ["platform"],
  });
  const { data: comment } = await rest.issues.createComment({
    ...at,
    issue_number: number,
    body: "a",
  });
  await rest.issues.updateComment({ ...at, comment_id: comment.id, body: "b" });
  await rest.pulls.update({ ...at, pull_number: number, body: "two" });
  assert.deepEqual(github.pulls(), [{
    number: 1,
    state: "open",
    merged: false,
    draft: false,
    title: "Drift",
    body: "two",
    head: BRANCH,
    base: "main",
    labels: ["drift"],
    reviewers: ["ada", "team:platform"],
    comments: ["b"],
  }]);
  const { data: merged } = await rest.pulls.merge({ ...at, pull_number: number });
  assert.equal((await rest.pulls.get({ ...at, pull_number: number })).data.merged, true);
  assert.equal(await git(repository, "rev-parse", "main"), merged.sha);
  assert.equal(await git(repository, "show", "main:manifests/app.yaml"), "replicas: 2");
  await assert.rejects(git(repository, "show", "main:docs/old.md"), /does not exist/);
  assert.match(
    await git(repository, "log", "--topo-order", "--format=%s", "main"),
    /^Merge pull request #1.*\nKeep what was scaled by hand\n/,
  );
  assert.equal(await git(repository, "fsck", "--strict", "--no-dangling"), "");
  assert.deepEqual(github.violations, []);
});
