/** What changes, as it changes: one stream for all views of the page. @module */
import { z } from "zod";
import { componentName, problem, time } from "./common.ts";
import { component } from "./component.ts";
import { run } from "./run.ts";

/**
 * One message of `/api/events`. The `id` of the server-sent event is the `Last-Event-ID` from which it goes on; after a
 * gap, or a restart of the server, everything is told anew, which `hello` with `resumed: false` announces.
 */
export const liveMessage = z.discriminatedUnion("type", [
  z.object({ type: z.literal("hello"), resumed: z.boolean(), time }),
  /** A component is new or other than before. When its `version` is other, its detail is, too. */
  z.object({ type: z.literal("component"), component }),
  z.object({ type: z.literal("removed"), name: componentName }),
  /** A run began, or is in another state. Its plan is told by its own address. */
  z.object({ type: z.literal("run"), run }),
  /** Whether the cluster and the source can be reached; told when it changes. */
  z.object({
    type: z.literal("reach"),
    cluster: problem.optional(),
    source: problem.optional(),
  }),
]).meta({ id: "LiveMessage" });
export type LiveMessage = z.output<typeof liveMessage>;
