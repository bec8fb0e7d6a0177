/**
 * Logs, over a WebSocket. The server sends batches of lines and reads on only as they are acknowledged, so that a
 * slow reader slows the reading, not the memory. Each batch carries the position from which a reader goes on.
 * @module
 */
import { z } from "zod";
import { objectReference, problem, time } from "./common.ts";

/** Pods of a component and their containers, init containers first. */
export const pods = z.object({
  pods: z.array(z.object({
    namespace: z.string(),
    name: z.string(),
    /** The member of the component that it belongs to; none for a pod of its namespace that nobody declared. */
    owner: objectReference.optional(),
    phase: z.string(),
    started: time.optional(),
    containers: z.array(z.object({
      name: z.string(),
      init: z.boolean(),
      image: z.string(),
      ready: z.boolean(),
      restarts: z.int(),
      /** running, or why not: `CrashLoopBackOff`, `Completed`. */
      state: z.string(),
      /** What the container's image could not be pulled for, or how it ended. */
      message: z.string().optional(),
    })),
  })),
}).meta({ id: "Pods" });
export type Pods = z.output<typeof pods>;

/** What to read, as the query of the address. */
export const logQuery = z.object({
  namespace: z.string().min(1).max(63),
  pod: z.string().min(1).max(253),
  container: z.string().min(1).max(63),
  /** The container that ran before the last restart. */
  previous: z.stringbool().default(false),
  /** How many of the last lines to begin with. */
  tail: z.coerce.number().int().min(0).max(100_000).default(1_000),
  /** Begin after this position instead. */
  after: z.string().max(100).optional(),
  /**
   * What to do when lines come faster than they are acknowledged. wait: read more slowly, and miss nothing.
   * skip: stay at the newest; lines that were passed over are counted and told.
   */
  behind: z.enum(["wait", "skip"]).default("wait"),
}).meta({ id: "LogQuery" });
export type LogQuery = z.output<typeof logQuery>;

/** From the server. */
export const logMessage = z.discriminatedUnion("type", [
  /** Lines follow. After a `resumed` reconnection nothing is missing and nothing comes twice. */
  z.object({ type: z.literal("open"), resumed: z.boolean() }),
  z.object({
    type: z.literal("lines"),
    /** Acknowledge it by {@link logCommand} `ack`. At the most 8 batches are under way. */
    batch: z.int(),
    /** Position of the last of these lines: `after` of the next connection. */
    position: z.string(),
    /** Each with the time that the kubelet has noted (RFC 3339, nanoseconds). */
    lines: z.array(z.object({ time: z.string(), text: z.string() })),
  }),
  z.object({
    type: z.literal("skipped"),
    /** How many; absent where nobody can know, as when the log was rotated away meanwhile. */
    lines: z.int().optional(),
    reason: z.string(),
  }),
  /** The container has ended, or the pod is gone. Nothing comes any more. */
  z.object({ type: z.literal("end"), reason: z.string() }),
  z.object({ type: z.literal("error"), error: problem }),
]).meta({ id: "LogMessage" });
export type LogMessage = z.output<typeof logMessage>;

/** From the page. */
export const logCommand = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("ack"), batch: z.int() }),
  /** Nothing is sent until `resume`, and then from where it stopped. */
  z.strictObject({ type: z.literal("pause") }),
  z.strictObject({ type: z.literal("resume") }),
]).meta({ id: "LogCommand" });
export type LogCommand = z.output<typeof logCommand>;
