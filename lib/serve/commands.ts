/**
 * What the server can have done. The CLI hands it over: its commands, as they run for a terminal, so that what is
 * clicked and what is typed is the same code.
 * @module
 */
import type { Emit } from "../event.ts";
import type { ActionName, ActionRequest, Run, RunPlan } from "./contract.ts";

/** What an action works with. */
export interface ActionContext {
  /** Told in words to whoever finds the lease held, and in the journal. */
  readonly by: string;
  /** The run's id: by it the journal's entry and the run are known as one. */
  readonly run: string;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/** How an action ended. */
export interface Ended {
  readonly result: NonNullable<Run["result"]>;
  /** In words. */
  readonly message: string;
}

/** An action that is planned: what it would do, and how to have it done. */
export interface PreparedAction {
  readonly plan: RunPlan;
  /** Does exactly what is planned, or nothing. */
  carryOut(context: ActionContext): Promise<Ended>;
}

/** Plans and carries out actions. */
export interface Commands {
  /** Plans an action. One that has nothing to do, or only looks, ends at once. */
  prepare(
    component: string,
    request: ActionRequest,
    context: ActionContext,
  ): Promise<PreparedAction | { readonly ended: Ended; readonly plan?: RunPlan }>;
  /** How long an action took before, from its confirmation on, in seconds. */
  durations(component: string, action: ActionName): Promise<readonly number[]>;
}
