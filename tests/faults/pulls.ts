/** The pull requests of a fault schedule: what colleagues do to them, and what must hold of them at any time. */
import assert from "node:assert/strict";
import type { GitHubDouble, SeenPull } from "../contract/github/server.ts";
import { ADA, connect } from "../contract/github/support.ts";
import { git } from "../unit/source/repository.ts";
import type { Deed } from "./schedule.ts";

const FOLDER = "manifests/web";
const FILE = `${FOLDER}/app.yaml`;
const KINDS = ["drift", "revert"] as const;

/** Pull requests of one component. */
export class Pulls {
  readonly #branches: readonly string[];
  /** What a colleague committed to a branch, and has not taken away again. */
  readonly #hers = new Map<string, string>();
  /** How many there were, and how many writes, when they were looked at. */
  #known = 0;
  #writes = 0;
  /** Git's ids of the component's folder in revisions that are good. */
  readonly #goodTrees = new Set<string>();

  constructor(readonly github: GitHubDouble, readonly component: string) {
    this.#branches = KINDS.map((kind) => `plumb/${kind}/${component}`);
  }

  /** Those that are open, of drift first. */
  get open(): readonly SeenPull[] {
    return this.#branches.flatMap((branch) =>
      this.github.pulls().filter(({ head, state }) => head === branch && state === "open")
    );
  }

  /** A revert may go back to this revision. */
  async noteGood(commit: string): Promise<void> {
    this.#goodTrees.add(await this.#git("rev-parse", `${commit}:${FOLDER}`));
  }

  /** The commit at the end of `main`. */
  async main(): Promise<string> {
    return await this.#git("rev-parse", "main");
  }

  /** A colleague does something to a pull request that is open. @returns in words, what. */
  async meet(deed: Deed): Promise<string> {
    this.#writes = -1;
    const [pull] = this.open;
    if (pull === undefined) return `a colleague finds nothing to ${deed}`;
    const { number, head } = pull;
    const at = { owner: this.github.owner, repo: this.github.name };
    const { pulls } = connect(this.github);
    if (deed === "push") {
      const commit = await this.github.commit(head, { "notes.md": "Looked at it.\n" }, ADA);
      this.#hers.set(head, commit);
    } else if (deed === "merge") {
      const isMerged = await this.github.merge(number).then(() => true, () => false);
      if (!isMerged) return `a colleague can't merge ${number} of ${head}`;
      this.#hers.delete(head);
    } else {
      await pulls.update({ ...at, pull_number: number, state: "closed" });
      if (deed === "close and delete") await this.#remove(head);
    }
    return `a colleague: ${deed} ${number} of ${head}`;
  }

  /** The colleague takes away what she committed to a branch. */
  async tidyUp(): Promise<void> {
    for (const branch of this.#hers.keys()) await this.#remove(branch);
  }

  async #remove(branch: string): Promise<void> {
    const at = { owner: this.github.owner, repo: this.github.name };
    await connect(this.github).git.deleteRef({ ...at, ref: `heads/${branch}` });
    this.#hers.delete(branch);
  }

  /** What holds at any time, whatever has happened. Looked at when something was written to GitHub since. */
  async assertSound(secrets: readonly string[]): Promise<void> {
    const { pulls, violations, requests } = this.github;
    assert.deepEqual(violations, []);
    const writes = requests.filter(({ method }) => method !== "GET").length;
    if (writes === this.#writes) return;
    this.#writes = writes;
    for (const branch of this.#branches) {
      this.#assertNotTwice(branch);
      const head = await this.#headOf(branch);
      const hers = this.#hers.get(branch);
      if (hers !== undefined) assert.equal(head, hers, "a colleague's commit was overwritten");
      else if (head !== undefined) await this.#assertOneCommit(branch);
    }
    this.#known = pulls().length;
    assert.ok(pulls().every(({ head }) => this.#branches.includes(head)));
    const told = JSON.stringify(pulls());
    assert.ok(!secrets.some((secret) => told.includes(secret)), "a secret shows");
  }

  /** One at the most is open, and none was opened again that somebody has closed. */
  #assertNotTwice(branch: string): void {
    const own = this.github.pulls().filter(({ head }) => head === branch);
    const open = own.filter(({ state }) => state === "open");
    assert.ok(open.length <= 1, `two of ${branch} are open`);
    const declined = own.filter(({ merged, state }) => !merged && state === "closed").map(markOf);
    const opened = open.filter(({ number }) => number > this.#known);
    assert.ok(!opened.some((pull) => declined.includes(markOf(pull))), `${branch} is open again`);
  }

  /** A branch of Plumb's is one commit on what `main` is or was, and changes the component only. */
  async #assertOneCommit(branch: string): Promise<void> {
    await this.#git("merge-base", "--is-ancestor", `${branch}~1`, "main");
    if (branch === this.#branches[1]) {
      const tree = await this.#git("rev-parse", `${branch}:${FOLDER}`);
      assert.ok(this.#goodTrees.has(tree), "a revert does not go back to a good revision");
    }
    const changed = await this.#git("diff", "--name-only", `${branch}~1`, branch);
    assert.equal(changed, FILE);
  }

  /** Nothing is open but what is expected: the drift that makes the file this one, or nothing. */
  async assertOpen(expected: string | undefined): Promise<void> {
    assert.deepEqual(
      this.open.map(({ head, labels, draft }) => ({ head, labels, draft })),
      expected === undefined
        ? []
        : [{ head: this.#branches[0], labels: ["plumb", "drift"], draft: false }],
    );
    if (expected !== undefined) await this.assertProposed(expected);
    await this.#git("fsck", "--strict", "--no-dangling", "--no-progress");
    const left = await Promise.all(this.#branches.map((branch) => this.#headOf(branch)));
    assert.equal(left.filter((head) => head !== undefined).length, this.open.length);
  }

  /** The branch of the drift makes the file this one, on the newest `main`. */
  async assertProposed(expected: string): Promise<void> {
    const [branch] = this.#branches;
    assert.equal(await this.#git("show", `${branch}:${FILE}`), expected.trimEnd());
    assert.equal(await this.#git("rev-parse", `${branch}~1`), await this.main());
  }

  async #headOf(branch: string): Promise<string | undefined> {
    const reference = `refs/heads/${branch}`;
    const head = await this.#git("for-each-ref", "--format=%(objectname)", reference);
    return head === "" ? undefined : head;
  }

  #git(...args: string[]): Promise<string> {
    return git(this.github.repository, ...args);
  }
}

function markOf({ body }: SeenPull): string {
  return body.match(/<!-- plumb-drift: (\S+) /)?.[1] ?? "";
}
