/**
 * What GitHub keeps beside Git: pull requests, labels, comments and check runs.
 * @module
 */
import { missing } from "./exchange.ts";
import type { Place } from "./shapes.ts";

/** A pull request. */
export interface Pull {
  readonly number: number;
  readonly author: string;
  readonly head: string;
  readonly created: string;
  title: string;
  body: string | null;
  base: string;
  state: "open" | "closed";
  draft: boolean;
  updated: string;
  closed: string | null;
  /** Of the branches: now while it is open, and when it was closed afterwards. */
  headSha: string;
  baseSha: string;
  /** Absent until it is merged. */
  merged?: { readonly sha: string; readonly by: string; readonly at: string };
  labels: string[];
  reviewers: string[];
  teams: string[];
}

/** A comment of an issue or a pull request. */
export interface Comment {
  readonly id: number;
  readonly issue: number;
  readonly author: string;
  readonly created: string;
  updated: string;
  body: string;
}

/** What a check run found. */
export interface CheckOutput {
  title: string | null;
  summary: string | null;
  text: string | null;
  annotations: unknown[];
}

/** A check run. */
export interface CheckRun {
  readonly id: number;
  readonly head_sha: string;
  name: string;
  status: string;
  conclusion: string | null;
  started_at: string | null;
  completed_at: string | null;
  external_id: string;
  details_url: string | null;
  output: CheckOutput;
}

/** All of it, for one repository. */
export class State {
  readonly pulls: Pull[] = [];
  readonly comments: Comment[] = [];
  readonly checks: CheckRun[] = [];
  #next = 1000;

  /** @param collaborators whose review may be requested. @param teams of whom too. */
  constructor(
    readonly place: Place,
    readonly collaborators: ReadonlySet<string>,
    readonly teams: ReadonlySet<string>,
  ) {}

  /** A number that nothing else has. */
  nextId(): number {
    return this.#next++;
  }

  /** The pull request of a number; refused when there is none. */
  pull(number: string | undefined): Pull {
    const found = this.pulls.find((pull) => String(pull.number) === number);
    if (found === undefined) throw missing();
    return found;
  }
}
