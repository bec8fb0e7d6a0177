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
 * Labels a pull request, and requests the review of those who own its files. Nothing of it stops a run.
 *
 * @returns what could not be done, as sentences.
 */
export async function askForReview(
  rest: Octokit["rest"],
  at: RepositoryName,
  { number, author, files, commit, labels }: Opened,
): Promise<string[]> {
  const notes: string[] = [];
  const attempt = async (what: string, act: () => Promise<unknown>) => {
    try {
      await act();
      return true;
    } catch (error) {
      notes.push(`${what}: ${refusalOf(error).message}`);
      return false;
    }
  };
  await attempt(
    `Pull request ${number} could not be labelled`,
    () => rest.issues.addLabels({ ...at, issue_number: number, labels: [...labels] }),
  );
  let owners: Owners = { users: [], teams: [] };
  await attempt("CODEOWNERS could not be read", async () => {
    owners = ownersOf(await readCodeOwners(rest, at, commit), files);
  });
  const reviewers = owners.users.filter((login) => login.toLowerCase() !== author.toLowerCase())
    .slice(0, MAX_REVIEWERS);
  const teams = owners.teams.flatMap(({ organization, slug }) =>
    organization.toLowerCase() === at.owner.toLowerCase() ? [slug] : []
  ).slice(0, MAX_REVIEWERS - reviewers.length);
  if (reviewers.length + teams.length === 0) return notes;
  const request = (users: string[], slugs: string[]) =>
    rest.pulls.requestReviewers({
      ...at,
      pull_number: number,
      reviewers: users,
      team_reviewers: slugs,
    });
  const all = await request(reviewers, teams).then(() => true, () => false);
  if (all) return notes;
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
  return notes;
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
