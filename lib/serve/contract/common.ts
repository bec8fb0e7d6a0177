/** What several answers have in common. @module */
import { z } from "zod";
import { OUTCOMES } from "../../event.ts";

/** RFC 3339 in UTC. */
export const time = z.iso.datetime();

/** A name of a component, as in an address. */
export const componentName = z.string().max(63).regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);

/** The identity of an object; the core group is the empty string. */
export const objectReference = z.object({
  group: z.string(),
  kind: z.string(),
  namespace: z.string().optional(),
  name: z.string(),
}).meta({ id: "ObjectReference" });

/** What a plan wants to do with one object. */
export const planAction = z.enum([
  "create",
  "update",
  "adopt",
  "delete",
  "replace",
  "conflict",
  "unchanged",
]).meta({ id: "PlanAction" });

/** How many changes of each action. */
export const counts = z.record(planAction, z.int()).meta({ id: "Counts" });

/** The health of an object, in the words of kstatus. */
export const healthStatus = z.enum(["current", "progressing", "failed", "terminating", "unknown"])
  .meta({ id: "HealthStatus" });

/** How a run ended. */
export const outcome = z.enum(OUTCOMES).meta({ id: "Outcome" });

/** Why something did not work: what, where, and what to do next. */
export const problem = z.object({
  code: z.string(),
  message: z.string(),
  /** As an editor can jump to it: `backend.yaml:12`. */
  place: z.string().optional(),
  hint: z.string().optional(),
}).meta({ id: "Problem" });
export type Problem = z.output<typeof problem>;

/** The body of every answer that is not a success. */
export const failure = z.object({ error: problem }).meta({ id: "Failure" });
export type Failure = z.output<typeof failure>;

/** One state of Git. */
export const revision = z.object({
  /** Without credentials; the path of a local folder. */
  url: z.string(),
  ref: z.string().optional(),
  /** The commit, or `local`. */
  revision: z.string(),
  /** First line of the commit's message. */
  subject: z.string().optional(),
  author: z.string().optional(),
  time: time.optional(),
}).meta({ id: "Revision" });
export type Revision = z.output<typeof revision>;
