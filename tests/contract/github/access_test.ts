/** Who gets in, what goes wrong on purpose, and what only an App may do. */
import assert from "node:assert/strict";
import { App, Octokit } from "octokit";
import { git } from "../../unit/source/repository.ts";
import { startGitHub } from "./server.ts";
import { BRANCH, connect, PROMPT, propose, refused, silent } from "./support.ts";

const at = { owner: "acme", repo: "platform" };

Deno.test("a token that isn't known, none, and one without rights are refused", async () => {
  await using github = await startGitHub();
  const { git, issues, repos, users, rateLimit } = connect(github);
  await refused(connect({ ...github, token: "wrong" }).repos.get(at), 401, /Bad credentials/);
  const nobody = new Octokit({ baseUrl: github.url, ...PROMPT });
  await refused(nobody.rest.repos.get(at), 404, /Not Found/);
  await refused(nobody.rest.users.getAuthenticated(), 401, /Requires authentication/);
  for (const scheme of ["token", "Bearer", "bearer"]) {
    const headers = { authorization: `${scheme} ${github.token}` };
    const answer = await fetch(`${github.url}/user`, { headers });
    assert.equal((await answer.json()).login, "plumb-bot");
  }
  assert.equal((await users.getAuthenticated()).data.type, "User");
  assert.equal((await rateLimit.get()).data.rate.limit, 5000);
  const number = await propose(github);
  github.faults.readOnly = true;
  await refused(
    issues.createComment({ ...at, issue_number: number, body: "b" }),
    403,
    /not accessible by personal access token/,
  );
  await refused(git.deleteRef({ ...at, ref: `heads/${BRANCH}` }), 403, /not accessible/);
  await repos.get(at);
  github.faults.hidden = true;
  await refused(repos.get(at), 404, /Not Found/);
  await refused(git.deleteRef({ ...at, ref: "heads/main" }), 404, /Not Found/);
  assert.deepEqual(github.violations, []);
});

Deno.test("limits and outages last as many requests as wanted", async () => {
  await using github = await startGitHub();
  const { repos } = connect(github);
  github.faults.serverErrors = 1;
  await assert.rejects(repos.get(at), { status: 502 });
  await repos.get(at);
  github.faults.primaryRateLimit = 1;
  const primary = await repos.get(at).catch((error) => error.response);
  assert.equal(primary.status, 403);
  assert.equal(primary.headers["x-ratelimit-remaining"], "0");
  assert.ok(Number(primary.headers["x-ratelimit-reset"]) > Date.now() / 1000);
  await repos.get(at);
  github.faults.secondaryRateLimit = 1;
  const secondary = await repos.get(at).catch((error) => error.response);
  assert.deepEqual([secondary.status, secondary.headers["retry-after"]], [403, "1"]);
  assert.match(secondary.data.message, /secondary rate limit/);
  assert.deepEqual(github.violations, []);
});

// The patient client keeps timers of its own for as long as the process lives.
const TIMERS = { sanitizeOps: false, sanitizeResources: false };

Deno.test("the client gets over limits and outages", TIMERS, async () => {
  await using github = await startGitHub();
  const limits: string[] = [];
  const patient = new Octokit({
    auth: github.token,
    baseUrl: github.url,
    log: silent,
    throttle: {
      onRateLimit: () => limits.push("primary") > 0,
      onSecondaryRateLimit: () => limits.push("secondary") > 0,
    },
  });
  github.faults.secondaryRateLimit = 1;
  assert.equal((await patient.rest.repos.get(at)).status, 200);
  github.faults.primaryRateLimit = 1;
  assert.equal((await patient.rest.repos.get(at)).status, 200);
  github.faults.serverErrors = 1;
  assert.equal((await patient.rest.repos.get(at)).status, 200);
  assert.deepEqual(limits, ["secondary", "primary"]);
  assert.deepEqual(github.violations, []);
});

async function key(): Promise<{ privateKey: string; publicKey: string }> {
  const pair = await crypto.subtle.generateKey(
    {
      name: "RSASSA-PKCS1-v1_5",
      modulusLength: 2048,
      publicExponent: new Uint8Array([1, 0, 1]),
      hash: "SHA-256",
    },
    true,
    ["sign", "verify"],
  );
  const pem = (name: string, bytes: ArrayBuffer) =>
    `-----BEGIN ${name} KEY-----\n${
      new Uint8Array(bytes).toBase64().replaceAll(/.{64}/g, "$&\n")
    }\n-----END ${name} KEY-----\n`;
  return {
    privateKey: pem("PRIVATE", await crypto.subtle.exportKey("pkcs8", pair.privateKey)),
    publicKey: pem("PUBLIC", await crypto.subtle.exportKey("spki", pair.publicKey)),
  };
}

Deno.test("an App gets in with its key, and makes check runs", async () => {
  const { privateKey, publicKey } = await key();
  await using github = await startGitHub({ app: { id: 42, publicKey } });
  const as = (appId: number, privateKey: string) =>
    new App({
      appId,
      privateKey,
      Octokit: Octokit.defaults({ baseUrl: github.url, ...PROMPT }),
    });
  const app = as(42, privateKey);
  const { data: installation } = await app.octokit.rest.apps.getRepoInstallation(at);
  assert.equal(installation.app_id, 42);
  const { rest } = await app.getInstallationOctokit(installation.id);
  const sha = (await rest.git.getRef({ ...at, ref: "heads/main" })).data.object.sha;
  await rest.git.createRef({ ...at, ref: "refs/heads/by-app", sha });
  const check = { ...at, name: "plan", head_sha: sha };
  const { data: run } = await rest.checks.create(check);
  assert.equal(run.status, "queued");
  const annotation = {
    path: "a.yaml",
    start_line: 1,
    end_line: 1,
    annotation_level: "warning" as const,
    message: "m",
  };
  const output = { title: "t", summary: "s", annotations: Array(50).fill(annotation) };
  const one = { ...at, check_run_id: run.id };
  await rest.checks.update({ ...one, output });
  await rest.checks.update({ ...one, output, conclusion: "failure" });
  const [seen] = github.checkRuns();
  assert.deepEqual([seen?.conclusion, seen?.status, seen?.annotations.length], [
    "failure",
    "completed",
    100,
  ]);
  assert.equal((await rest.checks.get(one)).data.output.annotations_count, 100);
  const { data: list } = await rest.checks.listForRef({ ...at, ref: "main", check_name: "plan" });
  assert.equal(list.total_count, 1);
  await refused(rest.checks.create({ ...check, head_sha: "0".repeat(40) }), 422, /No commit found/);
  await refused(connect(github).checks.create(check), 403, /authenticate via a GitHub App/);
  await refused(rest.users.getAuthenticated(), 403, /not accessible by integration/);
  assert.deepEqual(github.violations, []);
  const annotations = Array(51).fill(annotation);
  await refused(
    rest.checks.update({ ...one, output: { ...output, annotations } }),
    422,
    /50 items/,
  );
  assert.equal(github.violations.length, 1);

  const other = await key();
  for (const wrong of [as(42, other.privateKey), as(43, privateKey)]) {
    await refused(wrong.octokit.rest.apps.getRepoInstallation(at), 401, /could not be decoded/);
  }
  await refused(
    app.octokit.rest.apps.createInstallationAccessToken({ installation_id: 1 }),
    404,
    /Not Found/,
  );
});

Deno.test("the token of an Action makes check runs, and nothing of the double is left", async () => {
  let left = "";
  {
    await using github = await startGitHub({ identity: "app" });
    const head_sha = await git(github.repository, "rev-parse", "main");
    await connect(github).checks.create({ ...at, name: "plan", head_sha, conclusion: "success" });
    await refused(
      connect(github).checks.create({ ...at, name: "x", head_sha, status: "completed" }),
      422,
      /conclusion/,
    );
    left = github.repository;
    assert.deepEqual(github.violations, []);
  }
  await assert.rejects(Deno.stat(left), Deno.errors.NotFound);
});
