/** A pull request of a fixed branch: opened, kept up, and closed, through GitHub's Git data API. @module */
import type { Octokit } from "octokit";
import { ProposeError } from "./errors.ts";
import { connectGitHub, type GitHubRepository, isForbidden, refusalOf } from "./github.ts";

/** Where to propose. */
export interface Repository extends GitHubRepository {
  /** Branch that is proposed to. */
  readonly base: string;
}

/** What to propose. */
export interface Proposal {
  readonly component: string;
  /** Commit of the base branch that the files were edited at. */
  readonly revision: string;
  /** Whole files by their paths in the repository; null to remove one. Empty: nothing has drifted. */
  readonly files: ReadonlyMap<string, string | null>;
  readonly title: string;
  readonly body: string;
  /** Not to be merged yet. */
  readonly draft: boolean;
}

/** What has become of the pull request. */
export interface Proposed {
  readonly state: "opened" | "updated" | "unchanged" | "closed" | "none";
  readonly number?: number;
  readonly url?: string;
}

/**
 * Makes the pull request of a component be as the drift is.
 *
 * @throws {ProposeError} `forbidden`, `base-moved`, `foreign-commit` or `unreachable`.
 */
export async function propose(where: Repository, proposal: Proposal): Promise<Proposed> {
  try {
    return await new PullRequest(where, proposal).settle();
  } catch (error) {
    throw error instanceof ProposeError ? error : explained(error, where);
  }
}

class PullRequest {
  readonly #rest: Octokit["rest"];
  readonly #graphql: Octokit["graphql"];
  readonly #at: { readonly owner: string; readonly repo: string };
  readonly #base: string;
  readonly #branch: string;
  readonly #trailer: string;
  readonly #proposal: Proposal;

  constructor(where: Repository, proposal: Proposal) {
    const { rest, graphql } = connectGitHub(where);
    this.#rest = rest;
    this.#graphql = graphql;
    this.#at = { owner: where.owner, repo: where.name };
    this.#base = where.base;
    this.#branch = `plumb/drift/${proposal.component}`;
    this.#trailer = `Plumb-Proposal: ${proposal.component}`;
    this.#proposal = proposal;
  }

  async settle(): Promise<Proposed> {
    const { files, revision } = this.#proposal;
    const [base, head, open] = await Promise.all([
      this.#commitOf(this.#base),
      this.#commitOf(this.#branch),
      this.#openPull(),
    ]);
    if (head !== undefined) await this.#refuseForeignCommits();
    if (files.size === 0) return await this.#close(open, head);
    if (base !== revision) {
      throw new ProposeError("base-moved", `${this.#base} has moved during this run`, {
        hint: "Nothing was proposed. Run again.",
      });
    }
    const moved = await this.#write(revision, head);
    return await this.#publish(open, moved);
  }

  async #commitOf(branch: string): Promise<string | undefined> {
    const { data } = await this.#rest.git.listMatchingRefs({ ...this.#at, ref: `heads/${branch}` });
    return data.find(({ ref }) => ref === `refs/heads/${branch}`)?.object.sha;
  }

  async #openPull(): Promise<Pull | undefined> {
    const { data } = await this.#rest.pulls.list({
      ...this.#at,
      head: `${this.#at.owner}:${this.#branch}`,
      base: this.#base,
      state: "open",
    });
    return data[0];
  }

  /** What somebody has committed to the branch is never overwritten. */
  async #refuseForeignCommits(): Promise<void> {
    const { data } = await this.#rest.repos.compareCommitsWithBasehead({
      ...this.#at,
      basehead: `${this.#base}...${this.#branch}`,
    });
    const foreign = data.commits.find(({ commit }) => !commit.message.includes(this.#trailer));
    if (foreign === undefined) return;
    throw new ProposeError(
      "foreign-commit",
      `Commit ${foreign.sha.slice(0, 12)} on ${this.#branch} is somebody else's`,
      { hint: "Nothing was changed. Merge or close the pull request, and delete its branch." },
    );
  }

  /** @returns whether the branch has moved. */
  async #write(base: string, head: string | undefined): Promise<boolean> {
    const { files, title } = this.#proposal;
    const { data: parent } = await this.#rest.git.getCommit({ ...this.#at, commit_sha: base });
    const { data: tree } = await this.#rest.git.createTree({
      ...this.#at,
      base_tree: parent.tree.sha,
      tree: [...files].map(([path, content]) => (
        { path, mode: "100644", type: "blob", ...(content === null ? { sha: null } : { content }) }
      )),
    });
    if (head !== undefined) {
      const { data: last } = await this.#rest.git.getCommit({ ...this.#at, commit_sha: head });
      if (last.tree.sha === tree.sha && last.parents[0]?.sha === base) return false;
    }
    const { data: commit } = await this.#rest.git.createCommit({
      ...this.#at,
      message: `${title}\n\n${this.#trailer}`,
      tree: tree.sha,
      parents: [base],
    });
    const branch = { ...this.#at, sha: commit.sha };
    if (head === undefined) {
      await this.#rest.git.createRef({ ...branch, ref: `refs/heads/${this.#branch}` });
    } else {
      await this.#rest.git.updateRef({ ...branch, ref: `heads/${this.#branch}`, force: true });
    }
    return true;
  }

  async #publish(open: Pull | undefined, moved: boolean): Promise<Proposed> {
    const { title, body, draft } = this.#proposal;
    if (open === undefined) {
      const { data } = await this.#rest.pulls.create({
        ...this.#at,
        title,
        body,
        draft,
        head: this.#branch,
        base: this.#base,
      });
      return { state: "opened", number: data.number, url: data.html_url };
    }
    const { number, html_url: url } = open;
    const told = open.title === title && open.body === body;
    if (!told) await this.#rest.pulls.update({ ...this.#at, pull_number: number, title, body });
    if (open.draft !== draft) await this.#setDraft(open.node_id, draft);
    const same = told && !moved && open.draft === draft;
    return { state: same ? "unchanged" : "updated", number, url };
  }

  async #setDraft(id: string, draft: boolean): Promise<void> {
    const mutation = draft ? "convertPullRequestToDraft" : "markPullRequestReadyForReview";
    await this.#graphql(
      `mutation($id: ID!) { ${mutation}(input: { pullRequestId: $id }) { pullRequest { id } } }`,
      { id },
    );
  }

  async #close(open: Pull | undefined, head: string | undefined): Promise<Proposed> {
    if (open !== undefined) {
      const body = "The cluster is as Git says again, so there is nothing left to propose.";
      await this.#rest.issues.createComment({ ...this.#at, issue_number: open.number, body });
      await this.#rest.pulls.update({ ...this.#at, pull_number: open.number, state: "closed" });
    }
    if (head !== undefined) {
      await this.#rest.git.deleteRef({ ...this.#at, ref: `heads/${this.#branch}` });
    }
    return open === undefined
      ? { state: "none" }
      : { state: "closed", number: open.number, url: open.html_url };
  }
}

/** The parts of a pull request that are looked at. */
interface Pull {
  readonly number: number;
  readonly html_url: string;
  readonly node_id: string;
  readonly title: string;
  readonly body: string | null;
  readonly draft?: boolean | undefined;
}

function explained(error: unknown, { owner, name }: Repository): ProposeError {
  const refusal = refusalOf(error);
  const { status, message: said } = refusal;
  if (isForbidden(refusal)) {
    return new ProposeError(
      "forbidden",
      `GitHub refuses at ${owner}/${name} (${status}): ${said}`,
      {
        hint:
          "The token needs the rights contents: write and pull-requests: write in this repository.",
        cause: error,
      },
    );
  }
  return new ProposeError("unreachable", `GitHub can't do it: ${said}`, {
    hint: "Nothing in the cluster was changed. Run again later.",
    cause: error,
  });
}
