/**
 * How a pull request lives: it is opened, follows its branches, is merged or closed, and may come back.
 * @module
 */
import { checkLength, type Fault, invalid, Refusal } from "./exchange.ts";
import { GITHUB, now, personOf } from "./shapes.ts";
import type { Pull, State } from "./state.ts";

/** What somebody wants to open. */
export interface Wanted {
  readonly title: string;
  readonly body: string | null;
  readonly head: string;
  readonly base: string;
  readonly draft: boolean;
  readonly author: string;
}

const custom = (message: string): Fault => ({ resource: "PullRequest", code: "custom", message });
const branch = (name: string) => `refs/heads/${name}`;

/** Refuses a title or a body that GitHub wouldn't take. */
export function checkTexts(title: string | undefined, body: string | null | undefined): void {
  if (title?.trim() === "") {
    throw invalid({ resource: "PullRequest", field: "title", code: "missing_field" });
  }
  if ([...title ?? ""].length > 256) {
    throw invalid({
      ...custom("title is too long (maximum is 256 characters)"),
      field: "title",
    });
  }
  checkLength("PullRequest", body);
}

/** Opens a pull request. */
export async function open(state: State, wanted: Wanted): Promise<Pull> {
  const { repository, owner } = state.place;
  const { head, base, title, body } = wanted;
  checkTexts(title, body);
  const headSha = await repository.reference(branch(head));
  const baseSha = await repository.reference(branch(base));
  const absent = headSha === undefined ? "head" : baseSha === undefined ? "base" : undefined;
  if (absent !== undefined) {
    throw invalid({ resource: "PullRequest", field: absent, code: "invalid" });
  }
  if (findOpen(state, head, base) !== undefined) {
    throw invalid(custom(`A pull request already exists for ${owner}:${head}.`));
  }
  if (await repository.isAncestor(headSha!, baseSha!)) {
    throw invalid(custom(`No commits between ${base} and ${head}`));
  }
  if (await repository.mergeBase(headSha!, baseSha!) === undefined) {
    throw invalid(custom(`The ${head} branch has no history in common with ${base}`));
  }
  const time = now();
  const pull: Pull = {
    ...wanted,
    number: state.pulls.length + 1,
    headSha: headSha!,
    baseSha: baseSha!,
    state: "open",
    created: time,
    updated: time,
    closed: null,
    labels: [],
    reviewers: [],
    teams: [],
  };
  state.pulls.push(pull);
  return pull;
}

function findOpen({ pulls }: State, head: string, base: string): Pull | undefined {
  return pulls.find((pull) => pull.state === "open" && pull.head === head && pull.base === base);
}

function end(pull: Pull): void {
  pull.state = "closed";
  pull.updated = pull.closed = now();
}

/** Follows a branch that moved or went. */
export async function follow(state: State, reference: string): Promise<void> {
  const { repository } = state.place;
  for (const pull of state.pulls.filter((each) => each.state === "open")) {
    if (![branch(pull.head), branch(pull.base)].includes(reference)) continue;
    const head = await repository.reference(branch(pull.head));
    const base = await repository.reference(branch(pull.base));
    if (head === undefined || base === undefined) {
      end(pull);
      continue;
    }
    if (reference === branch(pull.base) && await repository.isAncestor(head, base)) {
      pull.merged = { sha: base, by: state.place.owner, at: now() };
      end(pull);
      continue;
    }
    pull.headSha = head;
    pull.baseSha = base;
    pull.updated = now();
    // A branch that is set back to its base has nothing to propose any more.
    if (await repository.isAncestor(head, base)) end(pull);
  }
}

/** Closes a pull request, or opens it again. */
export async function changeState(state: State, pull: Pull, to: "open" | "closed"): Promise<void> {
  if (pull.state === to) return;
  if (to === "closed") return end(pull);
  const { repository, owner } = state.place;
  const refuse = (why: string) =>
    invalid({ ...custom(`state cannot be changed. ${why}`), field: "state" });
  if (pull.merged !== undefined) throw refuse("The pull request cannot be reopened.");
  const head = await repository.reference(branch(pull.head));
  if (head === undefined) throw refuse(`The ${pull.head} branch has been deleted.`);
  if (findOpen(state, pull.head, pull.base) !== undefined) {
    throw refuse(
      `There is already an open pull request from ${owner}:${pull.head} to ${owner}:${pull.base}.`,
    );
  }
  if (!await repository.isAncestor(pull.headSha, head)) {
    throw refuse(`The ${pull.head} branch was force-pushed or recreated.`);
  }
  const base = await repository.reference(branch(pull.base));
  if (base === undefined) throw refuse(`The ${pull.base} branch has been deleted.`);
  if (await repository.isAncestor(head, base)) {
    throw refuse(`There are no new commits on the ${owner}:${pull.head} branch.`);
  }
  Object.assign(pull, {
    state: "open",
    closed: null,
    headSha: head,
    baseSha: base,
    updated: now(),
  });
}

/** Gives a pull request another base. */
export async function rebase(state: State, pull: Pull, base: string): Promise<void> {
  const { repository } = state.place;
  if (base === pull.base) return;
  if (pull.state === "closed") {
    throw invalid(custom("Cannot change the base branch of a closed pull request."));
  }
  const sha = await repository.reference(branch(base));
  if (sha === undefined) throw invalid({ resource: "PullRequest", field: "base", code: "invalid" });
  if (findOpen(state, pull.head, base) !== undefined) {
    throw invalid(
      custom(
        `A pull request already exists for base branch '${base}' and head branch '${pull.head}'`,
      ),
    );
  }
  if (await repository.isAncestor(pull.headSha, sha)) {
    throw invalid(
      custom(
        `There are no new commits between base branch '${base}' and head branch '${pull.head}'`,
      ),
    );
  }
  pull.base = base;
  pull.baseSha = sha;
}

/** How somebody merges. */
export interface Merge {
  readonly how: "merge" | "squash" | "rebase";
  readonly by: string;
  readonly title?: string | undefined;
  readonly message?: string | undefined;
  /** What he thinks that the head is. */
  readonly sha?: string | undefined;
}

/** Merges a pull request; yields the commit. */
export async function merge(
  state: State,
  pull: Pull,
  { how, by, ...given }: Merge,
): Promise<string> {
  const { repository, owner } = state.place;
  const { headSha, baseSha, number } = pull;
  if (pull.state === "closed") throw new Refusal(405, "Pull Request is not mergeable");
  if (pull.draft) throw new Refusal(405, "Pull Request is still a draft");
  if (how === "rebase") {
    throw new Refusal(405, "Rebase merges are not allowed on this repository.");
  }
  if (given.sha !== undefined && given.sha !== headSha) {
    throw new Refusal(409, "Head branch was modified. Review and try the merge again.");
  }
  const tree = await repository.mergeTree(baseSha, headSha);
  if (tree === undefined) throw new Refusal(405, "Pull Request is not mergeable");
  const squash = how === "squash";
  const title = given.title ??
    (squash
      ? `${pull.title} (#${number})`
      : `Merge pull request #${number} from ${owner}/${pull.head}`);
  const message = given.message ?? (squash ? "" : pull.title);
  const sha = await repository.writeCommit(
    tree,
    squash ? [baseSha] : [baseSha, headSha],
    message === "" ? title : `${title}\n\n${message}`,
    { author: personOf(squash ? pull.author : by), committer: GITHUB },
  );
  if (!await repository.move(branch(pull.base), sha, baseSha)) {
    throw new Refusal(405, "Base branch was modified. Review and try the merge again.");
  }
  pull.merged = { sha, by, at: now() };
  end(pull);
  await follow(state, branch(pull.base));
  return sha;
}
