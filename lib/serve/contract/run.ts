/**
 * Actions and runs. An action is asked for, planned, confirmed by the plan's digest, and carried out. From the first
 * to the last it is one run of the server, with one numbered stream of messages: whoever comes later, or again, reads on.
 * @module
 */
import { z } from "zod";
import { componentName, counts, outcome, problem, time } from "./common.ts";
import { changeReport, dataFate, event } from "./event.ts";

/** What can be done with a component. */
export const ACTIONS = [
  "deploy",
  "diff",
  "verify",
  "propose",
  "undo",
  "rollback",
  "suspend",
  "resume",
] as const;
export const actionName = z.enum(ACTIONS).meta({ id: "ActionName" });
export type ActionName = z.output<typeof actionName>;

/** Check names, as `--only` and `--skip` take them. */
const checkNames = z.array(z.string().min(1).max(100)).max(100);

/** What somebody wants to be done. */
export const actionRequest = z.discriminatedUnion("action", [
  z.strictObject({
    action: z.literal("deploy"),
    /** Run the checks when it is deployed. */
    verify: z.boolean().default(false),
    /** Trust no record. */
    refresh: z.boolean().default(false),
    /** Try a revision again that has failed before. */
    retry: z.boolean().default(false),
  }),
  z.strictObject({ action: z.literal("diff"), refresh: z.boolean().default(false) }),
  z.strictObject({
    action: z.literal("verify"),
    only: checkNames.default([]),
    skip: checkNames.default([]),
  }),
  z.strictObject({ action: z.literal("propose") }),
  z.strictObject({ action: z.literal("undo") }),
  z.strictObject({ action: z.literal("rollback"), deleteData: z.boolean().default(false) }),
  z.strictObject({
    action: z.literal("suspend"),
    reason: z.string().trim().min(1).max(500),
    /** Ends by itself then. */
    until: time.optional(),
  }),
  z.strictObject({ action: z.literal("resume") }),
]).meta({ id: "ActionRequest" });
export type ActionRequest = z.output<typeof actionRequest>;

/** What confirms a plan. */
export const confirmation = z.strictObject({
  /** Of the plan that was seen. Another plan is not confirmed by it. */
  digest: z.string().max(200),
  /** The component's name, where the plan wants it typed. */
  name: z.string().max(63).optional(),
}).meta({ id: "Confirmation" });
export type Confirmation = z.output<typeof confirmation>;

/** What a run would do, before anybody has confirmed it. */
export const runPlan = z.object({
  digest: z.string(),
  /** One sentence. */
  summary: z.string(),
  counts: counts.optional(),
  changes: z.array(changeReport),
  waves: z.int(),
  /** What is done beside changes of objects, a sentence each, such as the checks that will run. */
  steps: z.array(z.string()),
  /** What becomes of volumes, databases and secrets. */
  data: z.array(dataFate),
  /** What to think of before, such as what can't be undone. */
  warnings: z.array(z.string()),
  /** name: the component's name has to be typed, since data will be lost. */
  confirm: z.enum(["click", "name"]),
}).meta({ id: "RunPlan" });
export type RunPlan = z.output<typeof runPlan>;

/**
 * planning → waiting (for the confirmation) → running → done. A run without anything to do, or that can't be
 * planned, goes from planning to done. `stopping`: it was cancelled, and what is under way is finished first.
 */
export const runState = z.enum(["planning", "waiting", "running", "stopping", "done"])
  .meta({ id: "RunState" });

/** How it went: as a run of the CLI ends, or `error`, `cancelled`, or `expired` when nobody confirmed it. */
export const runResult = z.union([
  outcome,
  z.enum([
    "verified",
    "unverified",
    "undone",
    "rolled-back",
    "suspended",
    "resumed",
    "error",
    "cancelled",
    "expired",
  ]),
]).meta({ id: "RunResult" });

/** One run. */
export const run = z.object({
  id: z.string(),
  component: componentName,
  action: actionName,
  request: actionRequest,
  state: runState,
  /** Who asked for it. */
  by: z.string(),
  asked: time,
  /** When it was confirmed. */
  started: time.optional(),
  finished: time.optional(),
  plan: runPlan.optional(),
  /** How long it will take from its confirmation on: the median of earlier runs, and of how many. */
  expected: z.object({ seconds: z.number(), runs: z.int() }).optional(),
  result: runResult.optional(),
  /** How it ended, in words. */
  message: z.string().optional(),
  /** What went wrong, for `error`. */
  error: problem.optional(),
  /** Number of the last message of its stream. */
  last: z.int(),
}).meta({ id: "Run" });
export type Run = z.output<typeof run>;

export const runList = z.object({ runs: z.array(run) }).meta({ id: "RunList" });
export type RunList = z.output<typeof runList>;

/** One message of a run's stream. `id` is the `Last-Event-ID` from which it goes on. */
export const runMessage = z.discriminatedUnion("type", [
  /** Something happened, exactly as the CLI's `--output json` tells it. */
  z.object({ type: z.literal("event"), id: z.int(), time, event }),
  /** The run is in another state; `state: done` is the last message. */
  z.object({ type: z.literal("state"), id: z.int(), time, run }),
  /** Messages up to this number are no longer kept. */
  z.object({ type: z.literal("gap"), id: z.int(), time, messages: z.int() }),
]).meta({ id: "RunMessage" });
export type RunMessage = z.output<typeof runMessage>;
