/** Who is asked to review a pull request, and how it is labelled. @module */
import { Buffer } from "node:buffer";
import type { Octokit } from "octokit";
import type { RepositoryName } from "./branch.ts";
import { CODE_OWNERS_FILES, type Owners, ownersOf } from "./code_owners.ts";
import { refusalOf } from "./github.ts";

/** A pull request that was just opened. */
export interface Opened {
  readonly number: number;
  /** Nobody reviews his own. */
  readonly author: string;
  /** Paths of the files that it changes. */
  readonly files: readonly string[];
  /** Commit of the base branch: whoever owns the code there. */
  readonly commit: string;
  readonly labels: readonly string[];
}

/** GitHub takes no more. */
const MAX_REVIEWERS = 15;

/**
 * Requests the review of those who own the files of a pull request, and labels it. Nothing of it stops a run. The labels
 * come last: a pull request without any was not brought to this end.
 *
 * @returns what could not be done, as sentences.
 */
export async function askForReview(
  rest: Octokit["rest"],
  at: RepositoryName,
  opened: Opened,
): Promise<string[]> {
  const notes: string[] = [];
  const attempt = async (what: string, act: () => Promise<unknown>) => {
    try {
      await act();
    } catch (error) {
      notes.push(`${what}: ${refusalOf(error).message}`);
    }
  };
  await requestReviews(rest, at, opened, attempt);
  const { number, labels } = opened;
  await attempt(
    `Pull request ${number} could not be labelled`,
    () => rest.issues.addLabels({ ...at, issue_number: number, labels: [...labels] }),
  );
  return notes;
}

async function requestReviews(
  rest: Octokit["rest"],
  at: RepositoryName,
  { number, author, files, commit }: Opened,
  attempt: (what: string, act: () => Promise<unknown>) => Promise<void>,
): Promise<void> {
  let owners: Owners = { users: [], teams: [] };
  await attempt("CODEOWNERS could not be read", async () => {
    owners = ownersOf(await readCodeOwners(rest, at, commit), files);
  });
  const reviewers = owners.users.filter((login) => login.toLowerCase() !== author.toLowerCase())
    .slice(0, MAX_REVIEWERS);
  const teams = owners.teams.flatMap(({ organization, slug }) =>
    organization.toLowerCase() === at.owner.toLowerCase() ? [slug] : []
  ).slice(0, MAX_REVIEWERS - reviewers.length);
  if (reviewers.length + teams.length === 0) return;
  const request = (users: string[], slugs: string[]) =>
    rest.pulls.requestReviewers({
      ...at,
      pull_number: number,
      reviewers: users,
      team_reviewers: slugs,
    });
  const all = await request(reviewers, teams).then(() => true, () => false);
  if (all) return;
  // One who can't be asked is no reason not to ask the others.
  for (const login of reviewers) {
    await attempt(`The review of @${login} could not be requested`, () => request([login], []));
  }
  for (const slug of teams) {
    await attempt(
      `The review of @${at.owner}/${slug} could not be requested`,
      () => request([], [slug]),
    );
  }
}

/** The text of the first file that there is; empty where there is none. */
async function readCodeOwners(
  rest: Octokit["rest"],
  at: RepositoryName,
  ref: string,
): Promise<string> {
  for (const path of CODE_OWNERS_FILES) {
    try {
      const { data } = await rest.repos.getContent({ ...at, path, ref });
      if (!Array.isArray(data) && data.type === "file") {
        return Buffer.from(data.content, "base64").toString();
      }
    } catch (error) {
      if (refusalOf(error).status !== 404) throw error;
    }
  }
  return "";
}
