/** The branch of a proposal: one commit of ours on its base, written through GitHub's Git data API. @module */
import type { Octokit } from "octokit";
import { ProposeError } from "./errors.ts";

/** A repository as GitHub's client names it. */
export interface RepositoryName {
  readonly owner: string;
  readonly repo: string;
}

/** What the commit of a proposal is made of. */
export interface Commit {
  readonly component: string;
  readonly message: string;
  readonly files: ReadonlyMap<string, Content>;
}

/** What is to be at a path: the text of a file, a folder by git's id, or nothing. */
export type Content =
  | { readonly text: string; readonly executable?: boolean | undefined }
  | { readonly tree: string }
  | null;

/** Somebody else was quicker: what was read does not hold any more. */
export class Moved extends Error {
  override readonly name = "Moved";
}

const NOTHING = "0".repeat(40);
const TRAILER = "Plumb-Tree";

/** A branch that only Plumb writes to. */
export class Branch {
  readonly #rest: Octokit["rest"];
  readonly #graphql: Octokit["graphql"];
  readonly #at: RepositoryName;

  /** @param repositoryId as GraphQL knows the repository. */
  constructor(
    { rest, graphql }: Pick<Octokit, "rest" | "graphql">,
    at: RepositoryName,
    readonly repositoryId: string,
    readonly name: string,
  ) {
    this.#rest = rest;
    this.#graphql = graphql;
    this.#at = at;
  }

  /** The commit at the end of a branch; undefined where there is no such branch. */
  async headOf(branch: string = this.name): Promise<string | undefined> {
    const { data } = await this.#rest.git.listMatchingRefs({ ...this.#at, ref: `heads/${branch}` });
    return data.find(({ ref }) => ref === `refs/heads/${branch}`)?.object.sha;
  }

  /**
   * Refuses to go on when the branch holds what would be lost by overwriting it: anything but a commit that still has
   * the content that Plumb gave it.
   *
   * @param merged commits that were at the end of the branch when it was merged.
   * @throws {ProposeError} `foreign-commit`
   */
  async refuseForeignWork(
    head: string,
    base: string,
    merged: readonly string[],
  ): Promise<void> {
    const { data: commit } = await this.#rest.git.getCommit({ ...this.#at, commit_sha: head });
    if (commit.message.includes(`\n${TRAILER}: ${commit.tree.sha}`) || merged.includes(head)) {
      return;
    }
    const basehead = `${base}...${this.name}`;
    const { data } = await this.#rest.repos.compareCommitsWithBasehead({ ...this.#at, basehead });
    if (data.ahead_by === 0) return;
    throw new ProposeError(
      "foreign-commit",
      `Commit ${head.slice(0, 12)} by ${commit.author.name} on ${this.name} is not Plumb's`,
      {
        hint: "Nothing was changed. Merge the pull request, or close it and delete its branch; " +
          "then run again.",
      },
    );
  }

  /**
   * Makes the branch one commit on a base.
   *
   * @param head where the branch is now.
   * @returns whether it has moved.
   * @throws {Moved}
   */
  async write(base: string, head: string | undefined, commit: Commit): Promise<boolean> {
    const { data: parent } = await this.#rest.git.getCommit({ ...this.#at, commit_sha: base });
    const { data: tree } = await this.#rest.git.createTree({
      ...this.#at,
      base_tree: parent.tree.sha,
      tree: [...commit.files].map(([path, content]) => entryOf(path, content)),
    });
    if (head !== undefined) {
      const { data: last } = await this.#rest.git.getCommit({ ...this.#at, commit_sha: head });
      if (last.tree.sha === tree.sha && last.parents[0]?.sha === base) return false;
    }
    const { data: { sha } } = await this.#rest.git.createCommit({
      ...this.#at,
      message: `${commit.message}\n\nPlumb-Component: ${commit.component}\n${TRAILER}: ${tree.sha}`,
      tree: tree.sha,
      parents: [base],
    });
    await this.#move(head, sha);
    return true;
  }

  /** @throws {Moved} */
  async remove(head: string): Promise<void> {
    await this.#move(head, undefined);
  }

  /** Only GraphQL moves a branch on condition that it still is where it was. */
  async #move(before: string | undefined, after: string | undefined): Promise<void> {
    const update = {
      name: `refs/heads/${this.name}`,
      beforeOid: before ?? NOTHING,
      afterOid: after ?? NOTHING,
      force: true,
    };
    try {
      await this.#graphql(
        "mutation($repositoryId: ID!, $refUpdates: [RefUpdate!]!) { " +
          "updateRefs(input: { repositoryId: $repositoryId, refUpdates: $refUpdates }) " +
          "{ clientMutationId } }",
        { repositoryId: this.repositoryId, refUpdates: [update] },
      );
    } catch (cause) {
      const now = await this.headOf();
      // It was done, though the answer was lost on the way.
      if (now === after) return;
      if (now !== before) throw new Moved(`${this.name} has moved`, { cause });
      throw cause;
    }
  }
}

/** As GitHub takes it. */
function entryOf(path: string, content: Content) {
  if (content === null) return { path, mode: "100644" as const, type: "blob" as const, sha: null };
  if ("tree" in content) {
    return { path, mode: "040000" as const, type: "tree" as const, sha: content.tree };
  }
  const mode = content.executable ? "100755" as const : "100644" as const;
  return { path, mode, type: "blob" as const, content: content.text };
}
