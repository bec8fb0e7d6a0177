/** What the double's own tests have in common. */
import assert from "node:assert/strict";
import { Octokit, RequestError } from "octokit";
import { z } from "zod";
import type { GitHubDouble } from "./server.ts";

/** The branch that tests propose from. */
export const BRANCH = "plumb/cvat";
/** Somebody who pushes. */
export const ADA = { name: "Ada", email: "ada@users.noreply.github.com" };

/** Says nothing: refusals are wanted here. */
export const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** What makes GitHub's client neither wait nor try again; the waiting one leaves timers behind. */
export const PROMPT = { throttle: { enabled: false }, retry: { enabled: false }, log: silent };

/** GitHub's client, prompt. */
export const client = ({ token, url }: GitHubDouble): Octokit =>
  new Octokit({ auth: token, baseUrl: url, ...PROMPT });

/** Its routes. */
export const connect = (github: GitHubDouble): Octokit["rest"] => client(github).rest;

const body = z.object({
  message: z.string(),
  errors: z.array(z.object({ code: z.string(), message: z.string().optional() })).default([]),
});

/** Expects a refusal with a status and words. */
export async function refused(act: Promise<unknown>, status: number, words: RegExp): Promise<void> {
  const error = await act.then(() => assert.fail(`nothing was refused: ${words}`), (e) => e);
  assert.ok(error instanceof RequestError, String(error));
  const { message, errors } = body.parse(error.response?.data);
  const said = [message, ...errors.map((each) => `${each.code} ${each.message}`)].join("; ");
  assert.match(said, words);
  assert.equal(error.status, status, said);
}

/** Opens a pull request with one changed file; yields its number. */
export async function propose(github: GitHubDouble, branch = BRANCH): Promise<number> {
  await github.commit(branch, { "a.yaml": `of: ${branch}\n` }, ADA);
  const { data } = await connect(github).pulls.create({
    owner: github.owner,
    repo: github.name,
    title: "Drift",
    head: branch,
    base: "main",
  });
  return data.number;
}
