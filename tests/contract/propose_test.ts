/** The life of a proposal at GitHub, whatever people and other runs do to it meanwhile. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { propose, type Proposed, type Repository } from "../../lib/propose/mod.ts";
import { git } from "../unit/source/repository.ts";
import { type GitHubDouble, type GitHubOptions, startGitHub } from "./github/server.ts";
import { ADA, connect } from "./github/support.ts";

const BRANCH = "plumb/drift/web";
const FILE = "manifests/web.yaml";
const at = { owner: "acme", repo: "platform" };

interface World {
  readonly github: GitHubDouble;
  /** Proposes that the file has a value, or nothing. */
  drift(
    value: number | undefined,
    more?: { readonly draft?: boolean; readonly executable?: boolean },
  ): Promise<Proposed>;
  /** What stands in the file on a branch. */
  file(branch: string): Promise<string>;
  git(...args: string[]): Promise<string>;
}

type Options = GitHubOptions & { readonly where?: (github: GitHubDouble) => Partial<Repository> };

const scenarios: { readonly name: string; readonly fn: () => Promise<void> }[] = [];

function scenario(name: string, act: (world: World) => Promise<void>, options: Options = {}): void {
  scenarios.push({ name, fn: () => inWorld(act, options) });
}

async function inWorld(
  act: (world: World) => Promise<void>,
  { where, ...given }: Options,
): Promise<void> {
  await using github = await startGitHub({ files: { [FILE]: "replicas: 1\n" }, ...given });
  const run = (...args: string[]) => git(github.repository, ...args);
  await act({
    github,
    git: run,
    file: (branch) => run("show", `${branch}:${FILE}`),
    drift: async (value, { draft = false, executable = false } = {}) =>
      await propose({
        owner: github.owner,
        name: github.name,
        api: github.url,
        credentials: { kind: "token", token: github.token },
        base: "main",
        ...where?.(github),
      }, {
        component: "web",
        revision: await run("rev-parse", "main"),
        files: new Map(
          value === undefined ? [] : [[FILE, {
            text: `replicas: ${value}\n`,
            executable,
          }]],
        ),
        digest: `replicas-${value}`,
        title: "Keep what was changed",
        body: value === undefined ? "" : `It is ${value} now.`,
        draft,
      }),
  });
  assert.deepEqual(github.violations, []);
  assert.equal(await run("fsck", "--strict", "--no-dangling", "--no-progress"), "");
}

const stateOf = async (proposed: Promise<Proposed>) => (await proposed).state;

scenario(
  "it is labelled, and those are asked who own its files and can be asked",
  async ({ github, drift }) => {
    const { state, notes } = await drift(2);
    assert.equal(state, "opened");
    const [pull] = github.pulls();
    assert.deepEqual(pull?.labels, ["plumb", "drift"]);
    assert.deepEqual(pull?.reviewers, ["ada", "team:platform"]);
    assert.equal(notes.length, 1);
    assert.match(notes[0] ?? "", /The review of @stranger could not be requested/);
  },
  {
    codeowners: "* @ada @acme/platform\n",
    files: {
      [FILE]: "replicas: 1\n",
      ".github/CODEOWNERS":
        "* @nobody\n/manifests/ @ada @stranger @Plumb-Bot @acme/platform @other/team a@example.com\n",
    },
  },
);

scenario("a file that can be executed can be executed afterwards, too", async (world) => {
  const { drift, git } = world;
  await drift(2);
  assert.match(await git("ls-tree", BRANCH, FILE), /^100644 /);
  assert.equal(await stateOf(drift(2, { executable: true })), "updated");
  assert.match(await git("ls-tree", BRANCH, FILE), /^100755 /);
  await world.github.merge(1);
  assert.equal(await stateOf(drift(3, { executable: true })), "opened");
  assert.equal(await git("diff", "--summary", "main", BRANCH), "");
});

scenario(
  "a base is rewritten: the proposal is one commit on the new one",
  async ({ github, drift, git, file }) => {
    await github.commit("main", { "secret.txt": "oops" }, ADA);
    await drift(2);
    await git("update-ref", "refs/heads/main", "main~1");
    await github.commit("main", { "README.md": "instead" }, ADA);
    assert.equal(await stateOf(drift(2)), "updated");
    assert.equal(await git("rev-parse", `${BRANCH}~1`), await git("rev-parse", "main"));
    assert.equal(await file(BRANCH), "replicas: 2");
    assert.doesNotMatch(await git("ls-tree", "-r", "--name-only", BRANCH), /secret/);
    assert.equal(github.pulls().length, 1);
  },
);

for (const how of ["merge", "squash"] as const) {
  scenario(
    `its branch stays after a ${how}: it is taken away, or used again`,
    async ({ github, drift, git, file }) => {
      await drift(2);
      await github.merge(1, how);
      assert.equal(await stateOf(drift(undefined)), "none");
      assert.equal(await git("for-each-ref", `refs/heads/${BRANCH}`), "");
      await drift(3);
      await github.merge(2, how);
      assert.equal(await stateOf(drift(4)), "opened");
      assert.equal(await file(BRANCH), "replicas: 4");
      assert.deepEqual(github.pulls().map(({ merged }) => merged), [true, true, false]);
    },
  );
}

scenario(
  "what somebody commits on top, or instead, is never overwritten, and merged it is no hindrance",
  async ({ github, drift, git, file }) => {
    await drift(2);
    await github.commit(BRANCH, { [FILE]: "replicas: 20\n" }, ADA);
    const before = await git("rev-parse", BRANCH);
    const refused = {
      code: "foreign-commit",
      message: /by Ada on plumb\/drift\/web is not Plumb's/,
    };
    for (const value of [2, 3, undefined]) await assert.rejects(drift(value), refused);
    assert.equal(await git("rev-parse", BRANCH), before);
    await github.merge(1, "squash");
    assert.equal(await stateOf(drift(3)), "opened");
    assert.equal(await file(BRANCH), "replicas: 3");

    // As `git commit --amend` and a forced push leave it: the message is Plumb's, the content is not.
    const tree = await git("rev-parse", "main^{tree}");
    const message = await git("log", "-1", "--format=%B", BRANCH);
    const amended = await git("commit-tree", tree, "-p", "main", "-m", message);
    await git("update-ref", `refs/heads/${BRANCH}`, amended);
    await assert.rejects(drift(4), { code: "foreign-commit" });
    assert.equal(await git("rev-parse", BRANCH), amended);
  },
);

scenario(
  "somebody closes it: the same drift stays closed, another one doesn't, nor the same later",
  async ({ github, drift }) => {
    const { pulls } = connect(github);
    await drift(2);
    await pulls.update({ ...at, pull_number: 1, state: "closed" });
    const writes = () => github.requests.filter(({ method }) => method !== "GET").length;
    const before = writes();
    const declined = await drift(2);
    assert.deepEqual([declined.state, declined.number], ["declined", 1]);
    await github.commit("main", { "README.md": "moved" }, ADA);
    assert.equal(await stateOf(drift(2)), "declined");
    assert.equal(writes(), before);
    assert.equal(await stateOf(drift(3)), "opened");
    await pulls.update({ ...at, pull_number: 2, state: "closed" });
    await connect(github).git.deleteRef({ ...at, ref: `heads/${BRANCH}` });
    assert.equal(await stateOf(drift(3)), "declined");
    assert.equal((await drift(2)).number, 1);
    assert.equal(await stateOf(drift(undefined)), "none");
    assert.equal(await stateOf(drift(2)), "opened");
    assert.deepEqual(github.pulls().map(({ state }) => state), ["closed", "closed", "open"]);
  },
);

scenario(
  "what people write into it stays until there is something new to tell",
  async ({ github, drift }) => {
    await drift(2);
    const { pulls } = connect(github);
    const body = `I looked at it. ${github.pulls()[0]?.body}`;
    await pulls.update({ ...at, pull_number: 1, title: "Night shift", body });
    assert.equal(await stateOf(drift(2)), "unchanged");
    assert.deepEqual([github.pulls()[0]?.title, github.pulls()[0]?.body], ["Night shift", body]);
    assert.equal(await stateOf(drift(3)), "updated");
    assert.match(github.pulls()[0]?.body ?? "", /^It is 3 now/);
  },
);

scenario(
  "it is a draft as long as policies forbid it",
  async ({ github, drift }) => {
    await drift(2, { draft: true });
    assert.equal(github.pulls()[0]?.draft, true);
    assert.equal(await stateOf(drift(2)), "updated");
    assert.equal(github.pulls()[0]?.draft, false);
    assert.equal(await stateOf(drift(2, { draft: true })), "updated");
    assert.equal(github.pulls()[0]?.draft, true);
  },
);

scenario(
  "two runs at once make one pull request of one commit",
  async ({ github, drift, git }) => {
    const states = await Promise.all([stateOf(drift(2)), stateOf(drift(2)), stateOf(drift(2))]);
    assert.ok(states.includes("opened"), states.join());
    await Promise.all([drift(3), drift(3)]);
    assert.equal(github.pulls().length, 1);
    assert.equal(await git("rev-list", "--count", `main..${BRANCH}`), "1");
  },
);

scenario(
  "limits and outages are waited for, and what was done without an answer is not done twice",
  async ({ github, drift }) => {
    github.faults.secondaryRateLimit = 1;
    github.faults.primaryRateLimit = 1;
    assert.equal(await stateOf(drift(2)), "opened");
    github.faults.serverErrors = 1;
    assert.equal(await stateOf(drift(2)), "unchanged");
    github.faults.lostAnswers = 2;
    assert.equal(await stateOf(drift(3)), "updated");
    assert.equal(github.pulls().length, 1);
    github.faults.primaryRateLimit = 100;
    await assert.rejects(drift(3), {
      code: "rate-limited",
      message: /rate limit is used up until 20\d\d-/,
    });
  },
);

scenario("a token without rights is told from one that is none", async ({ github, drift }) => {
  github.faults.readOnly = true;
  await assert.rejects(drift(2), { code: "forbidden", hint: /contents: write/ });
  github.faults.readOnly = false;
  await drift(2);
  // Now the first thing that is written goes through GraphQL, whose refusals have no status.
  await github.commit("main", { "README.md": "moved" }, ADA);
  github.faults.readOnly = true;
  await assert.rejects(drift(undefined), { code: "forbidden" });
  github.faults.readOnly = false;
  github.faults.hidden = true;
  await assert.rejects(drift(2), (error: Error) => {
    assert.match(error.message, /GitHub refuses \(404\)/);
    assert.ok(!JSON.stringify(error).includes(github.token));
    return true;
  });
});

scenario(
  "without a name the repository's own default branch is proposed to",
  async ({ github, drift }) => {
    assert.equal(await stateOf(drift(2)), "opened");
    assert.equal(github.pulls()[0]?.base, "main");
  },
  { where: () => ({ base: undefined }) },
);

scenario(
  "a base that is no branch is told",
  async ({ drift }) => {
    await assert.rejects(drift(2), { code: "no-base", message: /no branch v1/ });
  },
  { where: () => ({ base: "v1" }) },
);

const { privateKey, publicKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { type: "spki", format: "pem" },
  // As GitHub hands them out.
  privateKeyEncoding: { type: "pkcs1", format: "pem" },
});
const APP = { kind: "app", id: "42", key: privateKey, installation: undefined } as const;

const installations = [undefined, 77];
scenario(
  "a GitHub App proposes, whether its installation is given or not",
  async ({ github, drift }) => {
    assert.equal(await stateOf(drift(2)), "opened");
    assert.equal(await stateOf(drift(2)), "unchanged");
    assert.equal(github.pulls().length, 1);
    const asked = github.requests.filter(({ path }) => path.endsWith("/installation"));
    assert.equal(asked.length, 1);
  },
  {
    app: { id: 42, publicKey },
    where: () => ({ credentials: { ...APP, installation: installations.shift() } }),
  },
);

scenario(
  "the key of another App is refused",
  async ({ drift }) => {
    await assert.rejects(drift(2), { code: "forbidden", message: /\(401\)/ });
  },
  { app: { id: 43, publicKey }, where: () => ({ credentials: APP }) },
);

scenario(
  "what is no key is told without a word of it",
  async ({ drift }) => {
    await assert.rejects(drift(2), (error: Error & { code?: string }) => {
      assert.equal(error.code, "bad-key");
      assert.doesNotMatch(Deno.inspect(error), /hunter2/);
      return true;
    });
  },
  { where: () => ({ credentials: { ...APP, key: "-----BEGIN hunter2" } }) },
);

// GitHub's client spaces its writes out, so that they wait together; and keeps timers for that.
const unhindered = { sanitizeOps: false, sanitizeResources: false, sanitizeExit: false };

Deno.test({
  name: "the life of a proposal",
  ...unhindered,
  fn: async (test) => {
    const passed = await Promise.all(
      scenarios.map((each) => test.step({ ...each, ...unhindered })),
    );
    assert.ok(passed.every((one) => one));
  },
});
