/**
 * Everything that happens in a run, as one stream of plain data. The terminal, JSON lines, Markdown and the
 * dashboard are views of it; nothing else tells a user anything.
 *
 * Values of Secrets never enter an event: a changed secret value is the text of {@link MASKED}.
 * @module
 */

import type { ObjectReference } from "./object.ts";

/** Version of the schema of the events, printed with each of them by `--output json`. */
export const EVENT_SCHEMA = "plumb.thinkube.io/event/v1";

/** Stands for a value that must not be shown. */
export const MASKED = "(secret)";

/** The steps of a run, in their order. */
export type Stage =
  | "source"
  | "render"
  | "requirements"
  | "observe"
  | "plan"
  | "policy"
  | "lease"
  | "apply"
  | "prune";

/** What a plan wants to do with one object. */
export type Action =
  | "create"
  | "update"
  | "adopt"
  | "delete"
  | "replace"
  | "conflict"
  | "unchanged";

/** One field that differs between Git and the cluster. */
export interface FieldReport {
  /** As people write it: `spec.template.spec.containers[name=app].image`. */
  readonly path: string;
  readonly difference: "added" | "changed" | "removed" | "ownership";
  /** Absent where the field is absent; {@link MASKED} for secrets. */
  readonly live?: unknown;
  readonly desired?: unknown;
  /** Who set the live value: the field manager, and through which operation. */
  readonly owner?: string;
  /** When that manager last wrote, RFC 3339. */
  readonly since?: string;
  /** Line of the desired value in the change's file, 1-based. */
  readonly line?: number;
  /** It alone differs at the base as well: what is proposed does not cause it. */
  readonly drift?: true;
}

/** One line of a plan. */
export interface ChangeReport {
  readonly action: Action;
  readonly object: ObjectReference;
  /** File of the desired object, relative to the component's root, and its 1-based line. */
  readonly file?: string;
  readonly line?: number;
  readonly fields: readonly FieldReport[];
  /** The whole desired object as YAML, secrets masked; only for `create`. */
  readonly text?: string;
  /** Why: for conflict, replace, delete and adopt. */
  readonly reason?: string;
  readonly hint?: string;
  /** All of it would be so at the base as well: what is proposed does not cause it. */
  readonly drift?: true;
}

/** How many changes of each action. */
export type Counts = Readonly<Record<Action, number>>;

/** The health of one object, in the words of kstatus. */
export type HealthStatus = "current" | "progressing" | "failed" | "terminating" | "unknown";

/** All outcomes of a run. */
export const OUTCOMES = [
  "in-sync",
  "applied",
  "proposed",
  "differences",
  "failed",
  "unverified",
  "refused",
  "busy",
  "suspended",
] as const;

/** The outcome of a run, which decides its exit code. */
export type Outcome = typeof OUTCOMES[number];

/** Something that a check saw: a version, a latency, a count. Never a secret. */
export interface CheckEvidence {
  readonly name: string;
  readonly value: string;
}

/** One thing that happened. */
export type Event =
  | {
    readonly type: "run";
    readonly command: string;
    readonly component: string;
    readonly mode: "apply" | "pr" | "observe";
    /** Absent where no cluster is asked. */
    readonly cluster?: string;
  }
  | { readonly type: "stage"; readonly stage: Stage; readonly detail?: string }
  | {
    readonly type: "source";
    readonly url: string;
    readonly ref?: string;
    readonly revision: string;
    /** First line of the commit's message, and its author, where there is a commit. */
    readonly subject?: string;
    readonly author?: string;
  }
  | {
    readonly type: "requirement";
    readonly name: string;
    readonly met: boolean;
    readonly message: string;
    readonly hint?: string;
  }
  | {
    readonly type: "plan";
    readonly counts: Counts;
    /** Everything but `unchanged`, in the order of application. */
    readonly changes: readonly ChangeReport[];
    readonly waves: number;
    /** How many objects are not as the last run left them, while Git still says the same of them. */
    readonly drifted?: number;
    /** Set when what is proposed was told apart from what differs without it. */
    readonly base?: {
      readonly revision: string;
      /** What differs from the base, but no longer from what is proposed. */
      readonly settled: readonly ObjectReference[];
    };
  }
  | {
    /** Where the plan stands in its pull request. */
    readonly type: "comment";
    readonly state: "created" | "updated" | "unchanged";
    readonly url: string;
  }
  | {
    /** What has become of the pull request of a component. */
    readonly type: "proposal";
    readonly state: "opened" | "updated" | "unchanged" | "closed" | "declined" | "none";
    readonly number?: number;
    readonly url?: string;
    /** How many fields and objects are in it. */
    readonly written: number;
    /** What is not, and why. */
    readonly leftOut: readonly {
      readonly object: ObjectReference;
      readonly path?: string;
      readonly reason: string;
    }[];
  }
  | {
    readonly type: "wave";
    /** 1-based. */
    readonly wave: number;
    readonly waves: number;
    readonly objects: number;
  }
  | {
    readonly type: "change";
    readonly action: Action;
    readonly object: ObjectReference;
    readonly result: "done" | "failed" | "skipped";
    /** Fields that another manager held and Git took: `path` from `manager`. */
    readonly taken?: readonly { readonly path: string; readonly from: string }[];
    readonly message?: string;
    readonly hint?: string;
  }
  | {
    readonly type: "health";
    readonly object: ObjectReference;
    readonly status: HealthStatus;
    /** What is being waited for and why, or why it failed. */
    readonly message: string;
    /** Evidence of a failure: events and last log lines. */
    readonly evidence?: readonly string[];
  }
  | {
    /** Something that a policy objects to. */
    readonly type: "violation";
    readonly policy: string;
    /** deny: it stops the run. warn: it is told. waived: the component lets it pass for a time. */
    readonly level: "deny" | "warn" | "waived";
    readonly message: string;
    /** How to mend it, as a sentence. */
    readonly fix: string;
    readonly object?: ObjectReference;
    readonly file?: string;
    readonly line?: number;
    /** Why it is waived, and until when. */
    readonly waiver?: string;
  }
  | {
    /** One check of a deployed component. */
    readonly type: "check";
    readonly name: string;
    readonly title: string;
    /** What a pass proves. */
    readonly proves?: string;
    readonly status: "running" | "passed" | "failed" | "not-judged";
    readonly seconds?: number;
    readonly evidence?: readonly CheckEvidence[];
    /** What is wrong, or why it was not judged. */
    readonly message?: string;
    /** The most probable cause of a failure. */
    readonly probably?: string;
    readonly hint?: string;
  }
  | {
    /** The end of a verification. */
    readonly type: "verified";
    readonly passed: number;
    readonly failed: number;
    readonly notJudged: number;
    /** By the clock, and what the checks would have taken one after the other. */
    readonly seconds: number;
    readonly sequentialSeconds: number;
  }
  | {
    /** A field that is left as somebody sets it each time, or an object that is left deleted, since somebody deletes it each time. */
    readonly type: "fight";
    readonly object: ObjectReference;
    /** Empty: the object as a whole. */
    readonly path: string;
    /** Who sets it back; `somebody` where the API server does not tell, as for whoever deletes an object. */
    readonly manager: string;
    /** How often it was corrected. */
    readonly corrections: number;
    /** When it is corrected next, RFC 3339. */
    readonly until: string;
  }
  | {
    /** Whether somebody keeps runs from writing to a component. */
    readonly type: "suspension";
    readonly component: string;
    /** `none`: there was nothing to resume. */
    readonly state: "suspended" | "resumed" | "none";
    readonly reason?: string;
    readonly by?: string;
    /** RFC 3339. */
    readonly since?: string;
    /** RFC 3339; for good when absent. */
    readonly until?: string;
  }
  | {
    /** Data that outlives a rollback, comes back with the next deploy, or is deleted for good. */
    readonly type: "data";
    readonly state: "kept" | "back" | "lost";
    /** Which, with its size. */
    readonly what: string;
    /** Where it is and how it comes back, or what becomes of it. */
    readonly message: string;
  }
  | {
    /** What becomes of a revision that failed. */
    readonly type: "undo";
    /**
     * begun, and then done or failed: the way back to the last good revision. held: the cluster stays there while Git wants
     * the one that failed. impossible: nothing is taken back.
     */
    readonly state: "begun" | "done" | "failed" | "held" | "impossible";
    /** The revision that failed. */
    readonly from: string;
    /** The good one. */
    readonly to?: string;
    /** Why the revision failed; for impossible, why there is no way back. */
    readonly reason: string;
    readonly hint?: string;
    /** What it has done for good, in words. */
    readonly irreversible: readonly string[];
  }
  | { readonly type: "warning"; readonly message: string; readonly place?: string }
  | {
    readonly type: "error";
    readonly code: string;
    readonly message: string;
    readonly place?: string;
    readonly hint?: string;
  }
  | {
    readonly type: "result";
    readonly outcome: Outcome;
    readonly counts: Counts;
    readonly failed: number;
    readonly seconds: number;
    /** In words. */
    readonly message: string;
  };

/** Receives each event as it happens. Must not throw. */
export type Emit = (event: Event) => void;

/**
 * Counts with nothing in them.
 *
 * @example
 * ```ts
 * import { noCounts } from "./event.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(noCounts().create, 0);
 * ```
 */
export function noCounts(): Record<Action, number> {
  return { create: 0, update: 0, adopt: 0, delete: 0, replace: 0, conflict: 0, unchanged: 0 };
}
