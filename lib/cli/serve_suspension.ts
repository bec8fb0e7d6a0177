/** Suspending a component from the dashboard, and resuming it. @module */
import { resume, suspend } from "../apply/mod.ts";
import type { Cluster } from "../cluster/mod.ts";
import { clockInWords } from "../report/mod.ts";
import type { ActionRequest, PreparedAction } from "../serve/mod.ts";
import { digestOf, NO_CHANGES } from "./serve_plan.ts";

/** Plans a suspension, or its end. The cluster is asked when it is carried out. */
export function planSuspension(
  cluster: Cluster,
  name: string,
  request: Extract<ActionRequest, { action: "suspend" | "resume" }>,
): PreparedAction {
  const until = request.action === "suspend" ? request.until : undefined;
  const end = until === undefined ? "" : `, or until ${clockInWords(until)}`;
  const [summary, step] = request.action === "suspend"
    ? [`Suspend ${name}: ${request.reason}`, `No run writes to it until it is resumed${end}.`]
    : [`Resume ${name}`, "The next run writes to it again."];
  return {
    plan: { ...NO_CHANGES, digest: digestOf([name, request]), summary, steps: [step] },
    carryOut: async ({ by, emit }) => {
      const from = `${by}@${Deno.hostname()}`;
      if (request.action === "resume") {
        const ended = await resume(cluster, name, from);
        const state = ended === undefined ? "none" : "resumed";
        emit({ type: "suspension", component: name, state, ...ended });
      } else {
        const options = { reason: request.reason, until, from };
        const suspension = await suspend(cluster, name, options);
        emit({ type: "suspension", component: name, state: "suspended", ...suspension });
      }
      return request.action === "suspend"
        ? { result: "suspended", message: `No run writes to ${name} any more` }
        : { result: "resumed", message: `Runs write to ${name} again` };
    },
  };
}
