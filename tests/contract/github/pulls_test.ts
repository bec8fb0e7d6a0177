/** How the double's pull requests live, and what it refuses of them. */
import assert from "node:assert/strict";
import { git as run } from "../../unit/source/repository.ts";
import { startGitHub } from "./server.ts";
import { ADA, BRANCH, client, connect, propose, refused } from "./support.ts";

Deno.test("a pull request is opened once, from a branch with commits of its own", async () => {
  await using github = await startGitHub();
  const { pulls, git } = connect(github);
  const at = { owner: github.owner, repo: github.name };
  await propose(github);
  const wanted = { ...at, title: "Drift", head: BRANCH, base: "main" };
  await refused(pulls.create(wanted), 422, /already exists for acme:plumb\/cvat/);
  await refused(pulls.create({ ...wanted, head: "x" }), 422, /Validation Failed; invalid/);
  await refused(pulls.create({ ...wanted, base: "x" }), 422, /Validation Failed; invalid/);
  const sha = (await git.getRef({ ...at, ref: "heads/main" })).data.object.sha;
  await git.createRef({ ...at, ref: "refs/heads/same", sha });
  await refused(pulls.create({ ...wanted, head: "same" }), 422, /No commits between main and same/);
  await github.commit("more", { "b.yaml": "b\n" }, ADA);
  const body = "é".repeat(65_537);
  await refused(pulls.create({ ...wanted, head: "more", body }), 422, /65536 characters/);
  await refused(pulls.create({ ...wanted, head: "more", title: "" }), 422, /missing_field/);
  await pulls.create({ ...wanted, head: "more", body: body.slice(1), draft: true });
  assert.deepEqual(github.pulls().map(({ draft }) => draft), [false, true]);
  assert.deepEqual(github.violations, []);
});

Deno.test("two runs at once open one pull request", async () => {
  await using github = await startGitHub();
  const { pulls } = connect(github);
  const wanted = {
    owner: github.owner,
    repo: github.name,
    title: "Drift",
    head: BRANCH,
    base: "main",
  };
  await github.commit(BRANCH, { "a.yaml": "a\n" }, ADA);
  const outcomes = await Promise.allSettled([pulls.create(wanted), pulls.create(wanted)]);
  assert.deepEqual(outcomes.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
  assert.equal(github.pulls().length, 1);
});

Deno.test("a pull request follows its branches", async () => {
  await using github = await startGitHub();
  const { pulls, git } = connect(github);
  const at = { owner: github.owner, repo: github.name };
  const number = await propose(github);
  const one = { ...at, pull_number: number };
  const next = await github.commit(BRANCH, { "b.yaml": "b\n" }, ADA);
  assert.equal((await pulls.get(one)).data.head.sha, next);
  await github.commit("main", { "a.yaml": "another\n" }, ADA);
  assert.equal((await pulls.get(one)).data.mergeable, false);
  await refused(pulls.merge(one), 405, /not mergeable/);
  const main = await run(github.repository, "rev-parse", "main");
  await git.updateRef({ ...at, ref: `heads/${BRANCH}`, sha: main, force: true });
  const { data: closed } = await pulls.get(one);
  assert.deepEqual([closed.state, closed.merged, closed.head.sha], ["closed", false, main]);
  await refused(pulls.update({ ...one, state: "open" }), 422, /no new commits/);
  await git.updateRef({ ...at, ref: `heads/${BRANCH}`, sha: next, force: true });
  await refused(pulls.update({ ...one, state: "open" }), 422, /was force-pushed or recreated/);
  const again = { ...at, pull_number: await propose(github) };
  await pulls.update({ ...again, state: "closed" });
  await pulls.update({ ...again, state: "open" });
  await git.deleteRef({ ...at, ref: `heads/${BRANCH}` });
  assert.equal(github.pulls()[1]?.state, "closed");
  await refused(pulls.update({ ...again, state: "open" }), 422, /has been deleted/);
  const other = await propose(github, "other");
  const sha = await run(github.repository, "rev-parse", "other");
  await git.updateRef({ ...at, ref: "heads/main", sha, force: true });
  assert.equal((await pulls.get({ ...at, pull_number: other })).data.merged, true);
  assert.deepEqual(github.violations, []);
});

Deno.test("a merge is refused when it is a draft, closed or of another head, and squashes if wanted", async () => {
  await using github = await startGitHub();
  const { pulls } = connect(github);
  const { graphql } = client(github);
  const one = { owner: github.owner, repo: github.name, pull_number: await propose(github) };
  const id = (await pulls.get(one)).data.node_id;
  const turn = (mutation: string, id: string) =>
    graphql(
      `mutation($id: ID!) { ${mutation}(input: { pullRequestId: $id }) { pullRequest { isDraft } } }`,
      { id },
    );
  await turn("convertPullRequestToDraft", id);
  assert.equal((await pulls.get(one)).data.draft, true);
  await refused(pulls.merge(one), 405, /still a draft/);
  await turn("markPullRequestReadyForReview", id);
  await assert.rejects(turn("markPullRequestReadyForReview", "PR_x"), /Could not resolve/);
  github.faults.readOnly = true;
  await assert.rejects(
    turn("convertPullRequestToDraft", id),
    /Resource not accessible by personal/,
  );
  github.faults.readOnly = false;
  github.faults.hidden = true;
  await assert.rejects(turn("convertPullRequestToDraft", id), /Could not resolve/);
  github.faults.hidden = false;
  await refused(pulls.merge({ ...one, sha: "0".repeat(40) }), 409, /Head branch was modified/);
  await refused(pulls.merge({ ...one, merge_method: "rebase" }), 405, /not allowed/);
  const sha = await github.merge(one.pull_number, "squash");
  assert.equal(
    await run(github.repository, "log", "--format=%P", "-1", sha),
    await run(github.repository, "rev-parse", "main^"),
  );
  assert.equal(
    await run(github.repository, "log", "--format=%s %cn", "-1", "main"),
    "Drift (#1) GitHub",
  );
  await refused(pulls.merge(one), 405, /not mergeable/);
  await refused(pulls.update({ ...one, state: "open" }), 422, /cannot be changed/);
  assert.deepEqual(github.violations, []);
});

Deno.test("lists come in pages, and a head without its owner filters nothing", async () => {
  await using github = await startGitHub();
  const { pulls } = connect(github);
  const at = { owner: github.owner, repo: github.name };
  for (const branch of ["one", "two", "three"]) await propose(github, branch);
  await pulls.update({ ...at, pull_number: 1, state: "closed" });
  const { data: first, headers } = await pulls.list({ ...at, state: "all", per_page: 2 });
  assert.deepEqual(first.map(({ number }) => number), [3, 2]);
  assert.match(headers.link ?? "", /page=2>; rel="next", .*page=2>; rel="last"/);
  const { data: last } = await pulls.list({ ...at, state: "all", per_page: 2, page: 2 });
  assert.deepEqual(last.map(({ number }) => number), [1]);
  const count = async (head: string) => (await pulls.list({ ...at, head })).data.length;
  assert.deepEqual([await count("acme:two"), await count("two"), await count("x:two")], [1, 2, 0]);
  const { data: files } = await pulls.listFiles({ ...at, pull_number: 2 });
  assert.deepEqual(files.map(({ filename }) => filename), ["a.yaml"]);
  const { paginate } = client(github);
  const all = await paginate("GET /repos/{owner}/{repo}/pulls", {
    ...at,
    state: "all",
    per_page: 1,
  });
  assert.equal(all.length, 3);
  assert.deepEqual(github.violations, []);
});

Deno.test("reviews, labels and comments are refused where GitHub refuses them", async () => {
  await using github = await startGitHub({ codeowners: "* @ada\n" });
  const { pulls, issues } = connect(github);
  const at = { owner: github.owner, repo: github.name };
  const number = await propose(github);
  const [one, issue] = [{ ...at, pull_number: number }, { ...at, issue_number: number }];
  const ask = (reviewers: string[]) => pulls.requestReviewers({ ...one, reviewers });
  await refused(ask(["plumb-bot"]), 422, /cannot be requested from pull request author/);
  await refused(ask(["stranger"]), 422, /only be requested from collaborators/);
  await ask(["ada"]);
  const body = "x".repeat(65_537);
  await refused(issues.createComment({ ...issue, body }), 422, /65536 characters/);
  await refused(issues.createComment({ ...at, issue_number: 9, body: "b" }), 404, /Not Found/);
  await refused(issues.updateComment({ ...at, comment_id: 9, body: "b" }), 404, /Not Found/);
  const { data: comment } = await issues.createComment({ ...issue, body: "b" });
  await refused(issues.updateComment({ ...at, comment_id: comment.id, body }), 422, /too long/);
  await refused(pulls.update({ ...one, body }), 422, /too long/);
  assert.deepEqual((await issues.listComments(issue)).data.map((each) => each.body), ["b"]);
  assert.deepEqual(github.comments(number), [{ id: comment.id, body: "b" }]);
  await issues.addLabels({ ...issue, labels: ["a", "b"] });
  await issues.setLabels({ ...issue, labels: ["c"] });
  const { data: labels } = await issues.listLabelsOnIssue(issue);
  assert.deepEqual(labels.map(({ name }) => name), ["c"]);
  const { data: closed } = await issues.update({ ...issue, state: "closed", labels: ["d"] });
  assert.equal(closed.state, "closed");
  assert.deepEqual(github.pulls()[0]?.labels, ["d"]);
  assert.deepEqual(github.violations, []);
});
