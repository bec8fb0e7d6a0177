/** Actions that are one run from their plan to their end. @module */
import type { Emit, Outcome } from "../event.ts";
import type { ActionContext, Ended, PreparedAction, RunPlan } from "../serve/mod.ts";
import { Told } from "./serve_plan.ts";

/** A run that asks, when its plan is told, whether to go on. */
export interface AskingRun {
  readonly run: (emit: Emit, agree: () => Promise<boolean>) => Promise<Outcome>;
  /** What it is called when it has done what was planned. */
  readonly result: Ended["result"];
  readonly plan: Pick<RunPlan, "summary" | "confirm">;
}

/** Plans such a run: it waits where the CLI would ask, until it is confirmed or cancelled. */
export async function planInOneRun(
  action: ActionContext,
  { run, result, plan }: AskingRun,
): Promise<PreparedAction | { readonly ended: Ended; readonly plan: RunPlan }> {
  action.signal.throwIfAborted();
  const told = new Told(action);
  const [asked, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<boolean>()];
  action.signal.addEventListener("abort", () => answer.resolve(false), { once: true });
  const running = run(told.emit, () => {
    asked.resolve();
    return answer.promise;
  }).then((outcome): Ended => ({
    result: outcome === "applied" ? result : outcome,
    message: told.message,
  }));
  const early = await Promise.race([running, asked.promise]);
  if (early !== undefined) return { ended: early, plan: told.planOf() };
  // Whoever cancels does not wait for it.
  running.catch(() => {});
  return {
    plan: { ...told.planOf(), ...plan },
    carryOut: () => {
      answer.resolve(true);
      return running;
    },
  };
}
