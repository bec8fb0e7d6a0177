/** What the page says of states: a word and a symbol for each, so that no colour is needed to tell them apart. @module */
import type { Action } from "../../../event.ts";
import { HEALTH_WORD } from "../../../report/state.ts";
import type { ActionName, CheckEvent, Component, ComponentObject, Run } from "../../contract.ts";

/** How something is. The tone chooses the colour. */
export interface State {
  readonly tone: "good" | "bad" | "warn" | "busy" | "calm";
  readonly symbol: string;
  readonly word: string;
}

/** Of the comparison with Git. */
export const SYNC: Readonly<Record<Component["sync"]["state"], State>> = {
  "in-sync": { tone: "good", symbol: "✓", word: "in sync" },
  drifted: { tone: "warn", symbol: "≠", word: "drifted" },
  behind: { tone: "warn", symbol: "↑", word: "behind Git" },
  "not-deployed": { tone: "calm", symbol: "○", word: "not deployed" },
  gone: { tone: "warn", symbol: "−", word: "no longer in Git" },
  elsewhere: { tone: "calm", symbol: "↗", word: "from elsewhere" },
  unknown: { tone: "calm", symbol: "?", word: "not compared" },
};

/** Of an object's health. */
export const HEALTH: Readonly<Record<Component["health"]["status"], State>> = {
  current: { tone: "good", symbol: "✓", word: HEALTH_WORD.current },
  progressing: { tone: "busy", symbol: "…", word: HEALTH_WORD.progressing },
  failed: { tone: "bad", symbol: "✗", word: HEALTH_WORD.failed },
  terminating: { tone: "busy", symbol: "−", word: HEALTH_WORD.terminating },
  unknown: { tone: "calm", symbol: "?", word: HEALTH_WORD.unknown },
};

/** Of a check. */
export const CHECK: Readonly<Record<CheckEvent["status"] | "none", State>> = {
  passed: { tone: "good", symbol: "✓", word: "passed" },
  failed: { tone: "bad", symbol: "✗", word: "failed" },
  "not-judged": { tone: "warn", symbol: "–", word: "not judged" },
  running: { tone: "busy", symbol: "…", word: "running" },
  none: { tone: "calm", symbol: "○", word: "not run yet" },
};

/** Of how a run ended. */
export const RESULT: Readonly<Record<NonNullable<Run["result"]>, State>> = {
  "in-sync": { tone: "good", symbol: "✓", word: "in sync" },
  applied: { tone: "good", symbol: "✓", word: "applied" },
  proposed: { tone: "good", symbol: "✓", word: "proposed" },
  verified: { tone: "good", symbol: "✓", word: "verified" },
  undone: { tone: "warn", symbol: "↩", word: "undone" },
  "rolled-back": { tone: "good", symbol: "✓", word: "rolled back" },
  suspended: { tone: "warn", symbol: "‖", word: "suspended" },
  resumed: { tone: "good", symbol: "✓", word: "resumed" },
  differences: { tone: "warn", symbol: "≠", word: "differences" },
  busy: { tone: "warn", symbol: "!", word: "somebody was at work" },
  cancelled: { tone: "calm", symbol: "–", word: "cancelled" },
  expired: { tone: "calm", symbol: "–", word: "not confirmed" },
  failed: { tone: "bad", symbol: "✗", word: "failed" },
  refused: { tone: "bad", symbol: "✗", word: "refused" },
  unverified: { tone: "bad", symbol: "✗", word: "checks failed" },
  error: { tone: "bad", symbol: "✗", word: "error" },
};

/** Of a run that is not done. */
export const RUN_STATE: Readonly<Record<Exclude<Run["state"], "done">, State>> = {
  planning: { tone: "busy", symbol: "…", word: "planning" },
  waiting: { tone: "warn", symbol: "?", word: "waits to be confirmed" },
  running: { tone: "busy", symbol: "…", word: "running" },
  stopping: { tone: "busy", symbol: "…", word: "stopping" },
};

/** What each action is called, and what it does. */
export const ACTION: Readonly<
  Record<ActionName, { readonly name: string; readonly does: string }>
> = {
  deploy: { name: "Deploy", does: "Make the cluster as Git says." },
  diff: { name: "Diff", does: "Compare everything anew. Changes nothing." },
  verify: { name: "Verify", does: "Run the checks. Whatever they make, they remove." },
  propose: {
    name: "Propose",
    does: "Turn what drifted into a pull request. Leaves the cluster alone.",
  },
  undo: { name: "Undo", does: "Go back to the last revision that was good." },
  rollback: { name: "Rollback", does: "Remove the component from the cluster." },
  suspend: { name: "Suspend", does: "Let no run change the component for a while." },
  resume: { name: "Resume", does: "Let runs change the component again." },
};

/** What people call the commands that the journal has: a deploy is a reconcile, whoever has asked for it. */
export function actionName(command: string): string {
  if (command === "reconcile") return ACTION.deploy.name;
  return command in ACTION ? ACTION[command as ActionName].name : command;
}

/** A symbol for what a plan does with an object, as the terminal has it. */
export const CHANGE: Readonly<
  Record<Action, { readonly symbol: string; readonly tone: State["tone"] }>
> = {
  create: { symbol: "+", tone: "good" },
  update: { symbol: "~", tone: "warn" },
  adopt: { symbol: "→", tone: "busy" },
  replace: { symbol: "±", tone: "bad" },
  delete: { symbol: "−", tone: "bad" },
  conflict: { symbol: "!", tone: "bad" },
  unchanged: { symbol: "=", tone: "calm" },
};

/**
 * A duration as a clock shows it.
 *
 * @example
 * ```ts
 * import { elapsedInWords } from "./words.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(elapsedInWords(75.4), "1:15");
 * ```
 */
export function elapsedInWords(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const two = (value: number) => String(value).padStart(2, "0");
  return hours === 0
    ? `${minutes}:${two(whole % 60)}`
    : `${hours}:${two(minutes)}:${two(whole % 60)}`;
}

/** Ends a sentence that somebody else began. */
export function sentence(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}

/** How an object differs from Git, or that it does not. */
export function syncOf({ change, exists }: ComponentObject): State {
  if (change === undefined) return { tone: "good", symbol: "✓", word: "as Git says" };
  if (change.action === "create" && !exists) return { tone: "calm", symbol: "+", word: "missing" };
  if (change.action === "delete") return { tone: "warn", symbol: "−", word: "not in Git" };
  const { symbol } = CHANGE[change.action];
  return { tone: "warn", symbol: symbol === "~" ? "≠" : symbol, word: "drifted" };
}

/** What is said of health: nothing, as long as an object is not there. A Job may be gone since it is done. */
export function healthOf({ health: { status }, exists }: ComponentObject): State {
  if (exists) return HEALTH[status];
  return status === "current"
    ? { tone: "good", symbol: "✓", word: "finished" }
    : { tone: "calm", symbol: "○", word: "not there" };
}
