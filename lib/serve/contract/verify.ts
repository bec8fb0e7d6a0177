/** The board of checks. @module */
import { z } from "zod";
import { problem, time } from "./common.ts";
import { verdict } from "./component.ts";
import { checkEvent } from "./event.ts";

/** One check of a component, how it went last, and before. */
export const boardCheck = z.object({
  name: z.string(),
  title: z.string(),
  proves: z.string().optional(),
  /** Absent while it has not run. */
  last: checkEvent.optional(),
  /** The newest last; at the most twenty. */
  trend: z.array(z.object({
    time,
    status: z.enum(["passed", "failed", "not-judged"]),
    seconds: z.number().optional(),
  })),
}).meta({ id: "BoardCheck" });

export const board = z.object({
  checks: z.array(boardCheck),
  /** Verifications, the newest last. */
  runs: z.array(verdict),
  /** Why the component's checks can't be told: its settings are wrong. */
  error: problem.optional(),
  /** The run that is filling the board in right now. */
  run: z.string().optional(),
}).meta({ id: "Board" });
export type Board = z.output<typeof board>;
