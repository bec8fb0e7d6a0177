/** A pull request of a fixed branch: opened, kept up, and closed. @module */
import { createHash } from "node:crypto";
import type { Octokit } from "octokit";
import { Branch, type Content, Moved, type RepositoryName } from "./branch.ts";
import { ProposeError } from "./errors.ts";
import { connectGitHub, type GitHubRepository, isForbidden, refusalOf } from "./github.ts";
import { askForReview } from "./review.ts";

/** Where to propose. */
export interface Repository extends GitHubRepository {
  /** Branch that is proposed to; the repository's default branch when absent. */
  readonly base: string | undefined;
}

/** What to propose. */
export interface Proposal {
  readonly component: string;
  /** Commit of the base branch that the files were edited at. */
  readonly revision: string;
  /** To keep drift, unless it is to revert a revision that failed. Each has a branch of its own. */
  readonly about?: "drift" | "revert";
  /** By their paths in the repository. Empty: there is nothing to propose any more. */
  readonly files: ReadonlyMap<string, Content>;
  /** Tells this proposal from any other, wherever Git has moved meanwhile. */
  readonly digest: string;
  readonly title: string;
  readonly body: string;
  /** Not to be merged yet. */
  readonly draft: boolean;
}

/** What has become of the pull request. */
export interface Proposed {
  /** `declined`: somebody closed it without merging, and the drift is still the same. */
  readonly state: "opened" | "updated" | "unchanged" | "closed" | "declined" | "none";
  readonly number?: number;
  readonly url?: string;
  /** What could not be done beside, as sentences. */
  readonly notes: readonly string[];
}

/** As many runs at once do no harm. */
const ATTEMPTS = 5;

/**
 * Makes the pull request of a component be as the drift is.
 *
 * @throws {ProposeError}
 */
export async function propose(where: Repository, proposal: Proposal): Promise<Proposed> {
  try {
    const pullRequest = new PullRequest(await connectGitHub(where), where, proposal);
    for (let attempt = 1;; attempt++) {
      try {
        return await pullRequest.settle();
      } catch (error) {
        // Another run was quicker. It has probably done the work.
        if (!(error instanceof Moved) || attempt === ATTEMPTS) throw error;
      }
    }
  } catch (error) {
    throw error instanceof ProposeError ? error : explained(error, where);
  }
}

class PullRequest {
  readonly #octokit: Octokit;
  readonly #rest: Octokit["rest"];
  readonly #at: RepositoryName;
  readonly #where: Repository;
  readonly #proposal: Proposal;
  /** Stands in the body where nobody sees it: which drift it is, and what Plumb wrote about it. */
  readonly #mark: string;

  constructor(octokit: Octokit, where: Repository, proposal: Proposal) {
    this.#octokit = octokit;
    this.#rest = octokit.rest;
    this.#at = { owner: where.owner, repo: where.name };
    this.#where = where;
    this.#proposal = proposal;
    const text = createHash("sha256").update(proposal.body).digest("base64url").slice(0, 22);
    this.#mark = `${MARK} ${proposal.digest} ${text} -->`;
  }

  /** @throws {Moved} */
  async settle(): Promise<Proposed> {
    const { about = "drift", files, revision, component, title } = this.#proposal;
    const { data: repository } = await this.#rest.repos.get({ ...this.#at });
    const base = this.#where.base ?? repository.default_branch;
    const name = `plumb/${about}/${component}`;
    const branch = new Branch(this.#octokit, this.#at, repository.node_id, name);
    const [baseHead, head, pulls] = await Promise.all([
      branch.headOf(base),
      branch.headOf(),
      this.#pullsOf(name, base),
    ]);
    if (baseHead === undefined) {
      throw new ProposeError("no-base", `There is no branch ${base} to propose to`, {
        hint: "Give --ref the name of a branch.",
      });
    }
    const open = pulls.find(({ state }) => state === "open");
    if (head !== undefined) {
      const merged = pulls.filter(({ merged_at }) => merged_at !== null);
      await branch.refuseForeignWork(head, base, merged.map((pull) => pull.head.sha));
    }
    if (files.size === 0) {
      const proposed = await this.#withdraw(open, pulls);
      if (head !== undefined) await branch.remove(head);
      return proposed;
    }
    const declined = pulls.find((pull) => pull.merged_at === null && this.#isOfThisDrift(pull));
    if (open === undefined && declined !== undefined) {
      return { state: "declined", number: declined.number, url: declined.html_url, notes: [] };
    }
    if (baseHead !== revision) {
      throw new ProposeError("base-moved", `${base} has moved during this run`, {
        hint: "Nothing was proposed. Run again.",
      });
    }
    const moved = await branch.write(baseHead, head, { component, message: title, files });
    return open === undefined
      ? await this.#open(name, { name: base, commit: baseHead })
      : await this.#update(open, { moved, base: baseHead });
  }

  /** All of the branch, the newest first. */
  async #pullsOf(branch: string, base: string): Promise<readonly Pull[]> {
    const head = `${this.#at.owner}:${branch}`;
    const query = { ...this.#at, head, base, state: "all" as const, per_page: 100 };
    return (await this.#rest.pulls.list(query)).data;
  }

  #isOfThisDrift({ body }: Pull): boolean {
    return body?.includes(`${MARK} ${this.#proposal.digest} `) ?? false;
  }

  get #body(): string {
    return `${this.#proposal.body}\n\n${this.#mark}`;
  }

  async #open(head: string, base: { name: string; commit: string }): Promise<Proposed> {
    const { title, draft } = this.#proposal;
    const wanted = { ...this.#at, title, body: this.#body, draft, head, base: base.name };
    const { data } = await this.#rest.pulls.create(wanted).catch((cause) => {
      const exists = /pull request already exists/i.test(refusalOf(cause).message);
      throw exists ? new Moved("It is open already", { cause }) : cause;
    });
    const { number, html_url: url } = data;
    return { state: "opened", number, url, notes: await this.#askForReview(data, base.commit) };
  }

  async #askForReview(
    { number, user }: Pick<Pull, "number" | "user">,
    base: string,
  ): Promise<string[]> {
    const { about = "drift", files } = this.#proposal;
    return await askForReview(this.#rest, this.#at, {
      number,
      author: user?.login ?? "",
      files: [...files.keys()],
      commit: base,
      labels: ["plumb", about],
    });
  }

  /** What somebody added to the title or the body stays as long as there is nothing new to tell. */
  async #update(
    open: Pull,
    { moved, base }: { readonly moved: boolean; readonly base: string },
  ): Promise<Proposed> {
    const { draft } = this.#proposal;
    const { number, html_url: url } = open;
    const told = open.body?.includes(this.#mark) ?? false;
    if (!told) {
      await this.#rest.pulls.update({ ...this.#at, pull_number: number, body: this.#body });
    }
    if (open.draft !== draft) await this.#setDraft(open.node_id, draft);
    const same = told && !moved && open.draft === draft;
    // Whoever opened it could not come to an end.
    const notes = open.labels.length === 0 ? await this.#askForReview(open, base) : [];
    return { state: same ? "unchanged" : "updated", number, url, notes };
  }

  async #setDraft(id: string, draft: boolean): Promise<void> {
    const mutation = draft ? "convertPullRequestToDraft" : "markPullRequestReadyForReview";
    await this.#octokit.graphql(
      `mutation($id: ID!) { ${mutation}(input: { pullRequestId: $id }) { pullRequest { id } } }`,
      { id },
    );
  }

  /** Without a mark, the same drift will be proposed again when it comes back. */
  async #withdraw(open: Pull | undefined, pulls: readonly Pull[]): Promise<Proposed> {
    const unmarked = (pull: Pull) => ({
      ...this.#at,
      pull_number: pull.number,
      body: (pull.body ?? "").replaceAll(new RegExp(`\\s*${MARK} .*? -->`, "g"), ""),
    });
    const declined = pulls.filter(({ state, merged_at, body }) =>
      state === "closed" && merged_at === null && body?.includes(MARK)
    );
    for (const pull of declined) await this.#rest.pulls.update(unmarked(pull));
    if (open === undefined) return { state: "none", notes: [] };
    const body = this.#proposal.about === "revert"
      ? "Git has moved on, and the cluster with it, so there is nothing left to revert."
      : "The cluster is as Git says again, so there is nothing left to propose.";
    await this.#rest.issues.createComment({ ...this.#at, issue_number: open.number, body });
    await this.#rest.pulls.update({ ...unmarked(open), state: "closed" });
    return { state: "closed", number: open.number, url: open.html_url, notes: [] };
  }
}

const MARK = "<!-- plumb-drift:";

/** The parts of a pull request that are looked at. */
interface Pull {
  readonly number: number;
  readonly html_url: string;
  readonly node_id: string;
  readonly state: string;
  readonly body: string | null;
  readonly draft?: boolean | undefined;
  readonly merged_at: string | null;
  readonly labels: readonly unknown[];
  readonly user: { readonly login: string } | null;
  readonly head: { readonly sha: string };
}

function explained(error: unknown, { owner, name }: Repository): ProposeError {
  const refusal = refusalOf(error);
  const { status, message: said, reset } = refusal;
  const details = { place: { url: `${owner}/${name}` }, cause: error };
  if (error instanceof Moved) {
    return new ProposeError("busy", "Another run changes the same pull request again and again", {
      ...details,
      hint: "Let one run at a time propose; run again later.",
    });
  }
  if (refusal.isRateLimit) {
    return new ProposeError(
      "rate-limited",
      `GitHub's rate limit is used up${reset === undefined ? "" : ` until ${reset}`}: ${said}`,
      { ...details, hint: "Run again then, or less often. A GitHub App has a limit of its own." },
    );
  }
  if (isForbidden(refusal)) {
    return new ProposeError("forbidden", `GitHub refuses (${status ?? "forbidden"}): ${said}`, {
      ...details,
      hint:
        "The token, or the GitHub App, must be of somebody who sees this repository, with the " +
        "rights contents: write and pull-requests: write in it.",
    });
  }
  if (status !== undefined && status < 500) {
    return new ProposeError("refused", `GitHub refuses (${status}): ${said}`, {
      ...details,
      hint: "Nothing in the cluster was changed. See what the repository's rules forbid.",
    });
  }
  return new ProposeError("unreachable", `GitHub can't do it: ${said}`, {
    ...details,
    hint: "Nothing in the cluster was changed. Run again later.",
  });
}
