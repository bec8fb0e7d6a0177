/** The events of a run, as a schema. `lib/event.ts` is their definition; the end of this file holds the two together. @module */
import { z } from "zod";
import type { Event } from "../../event.ts";
import { counts, healthStatus, objectReference, outcome, planAction } from "./common.ts";

const optional = z.exactOptional;
const list = <Item extends z.ZodType>(item: Item) => z.array(item).readonly();

/** One field that differs between Git and the cluster. */
export const fieldReport = z.object({
  path: z.string(),
  difference: z.enum(["added", "changed", "removed", "ownership"]),
  live: optional(z.unknown()),
  desired: optional(z.unknown()),
  owner: optional(z.string()),
  since: optional(z.string()),
  line: optional(z.int()),
  drift: optional(z.literal(true)),
}).meta({ id: "FieldReport" });

/** One line of a plan. */
export const changeReport = z.object({
  action: planAction,
  object: objectReference,
  file: optional(z.string()),
  line: optional(z.int()),
  fields: list(fieldReport),
  text: optional(z.string()),
  reason: optional(z.string()),
  hint: optional(z.string()),
  drift: optional(z.literal(true)),
}).meta({ id: "ChangeReport" });
export type ChangeReport = z.output<typeof changeReport>;

const leftOut = z.object({
  object: objectReference,
  path: optional(z.string()),
  reason: z.string(),
});

/** How one check of a deployed component ended, or that it runs. */
export const checkEvent = z.object({
  type: z.literal("check"),
  name: z.string(),
  title: z.string(),
  proves: optional(z.string()),
  status: z.enum(["running", "passed", "failed", "not-judged"]),
  seconds: optional(z.number()),
  evidence: optional(list(z.object({ name: z.string(), value: z.string() }))),
  message: optional(z.string()),
  probably: optional(z.string()),
  hint: optional(z.string()),
}).meta({ id: "CheckEvent" });
export type CheckEvent = z.output<typeof checkEvent>;

/** Data that outlives a rollback, comes back with the next deploy, or is deleted for good. */
export const dataFate = z.object({
  state: z.enum(["kept", "back", "lost"]),
  what: z.string(),
  message: z.string(),
}).meta({ id: "DataFate" });

/** One thing that happened in a run. */
export const event = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("run"),
    command: z.string(),
    component: z.string(),
    mode: z.enum(["apply", "pr", "observe"]),
    cluster: optional(z.string()),
  }),
  z.object({
    type: z.literal("stage"),
    stage: z.enum([
      "source",
      "render",
      "requirements",
      "observe",
      "plan",
      "policy",
      "lease",
      "apply",
      "prune",
    ]),
    detail: optional(z.string()),
  }),
  z.object({
    type: z.literal("source"),
    url: z.string(),
    ref: optional(z.string()),
    revision: z.string(),
    subject: optional(z.string()),
    author: optional(z.string()),
  }),
  z.object({
    type: z.literal("requirement"),
    name: z.string(),
    met: z.boolean(),
    message: z.string(),
    hint: optional(z.string()),
  }),
  z.object({
    type: z.literal("plan"),
    counts,
    changes: list(changeReport),
    waves: z.int(),
    drifted: optional(z.int()),
    base: optional(z.object({ revision: z.string(), settled: list(objectReference) })),
  }),
  z.object({
    type: z.literal("comment"),
    state: z.enum(["created", "updated", "unchanged"]),
    url: z.string(),
  }),
  z.object({
    type: z.literal("proposal"),
    state: z.enum(["opened", "updated", "unchanged", "closed", "declined", "none"]),
    number: optional(z.int()),
    url: optional(z.string()),
    written: z.int(),
    leftOut: list(leftOut),
  }),
  z.object({
    type: z.literal("wave"),
    wave: z.int(),
    waves: z.int(),
    objects: z.int(),
  }),
  z.object({
    type: z.literal("change"),
    action: planAction,
    object: objectReference,
    result: z.enum(["done", "failed", "skipped"]),
    taken: optional(list(z.object({ path: z.string(), from: z.string() }))),
    message: optional(z.string()),
    hint: optional(z.string()),
  }),
  z.object({
    type: z.literal("health"),
    object: objectReference,
    status: healthStatus,
    message: z.string(),
    evidence: optional(list(z.string())),
  }),
  z.object({
    type: z.literal("violation"),
    policy: z.string(),
    level: z.enum(["deny", "warn", "waived"]),
    message: z.string(),
    fix: z.string(),
    object: optional(objectReference),
    file: optional(z.string()),
    line: optional(z.int()),
    waiver: optional(z.string()),
  }),
  checkEvent,
  z.object({
    type: z.literal("verified"),
    passed: z.int(),
    failed: z.int(),
    notJudged: z.int(),
    seconds: z.number(),
    sequentialSeconds: z.number(),
  }),
  z.object({
    type: z.literal("fight"),
    object: objectReference,
    path: z.string(),
    manager: z.string(),
    corrections: z.int(),
    until: z.string(),
  }),
  z.object({
    type: z.literal("suspension"),
    component: z.string(),
    state: z.enum(["suspended", "resumed", "none"]),
    reason: optional(z.string()),
    by: optional(z.string()),
    since: optional(z.string()),
    until: optional(z.string()),
  }),
  dataFate.extend({ type: z.literal("data") }),
  z.object({
    type: z.literal("undo"),
    state: z.enum(["begun", "done", "failed", "held", "impossible"]),
    from: z.string(),
    to: optional(z.string()),
    reason: z.string(),
    hint: optional(z.string()),
    irreversible: list(z.string()),
  }),
  z.object({ type: z.literal("warning"), message: z.string(), place: optional(z.string()) }),
  z.object({
    type: z.literal("error"),
    code: z.string(),
    message: z.string(),
    place: optional(z.string()),
    hint: optional(z.string()),
  }),
  z.object({
    type: z.literal("result"),
    outcome,
    counts,
    failed: z.int(),
    seconds: z.number(),
    message: z.string(),
  }),
]).meta({ id: "Event" });

/** No error here as long as each event of `lib/event.ts` fits the schema: a new kind has to be told above, too. */
type Fitting<Given extends Wanted, Wanted> = Given;
export type ContractEvent = Fitting<Event, z.output<typeof event>>;
