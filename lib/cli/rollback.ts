/** `plumb rollback`: from options to a run, and who agrees to it. @module */
import { rollback } from "../apply/mod.ts";
import type { Cluster } from "../cluster/mod.ts";
import { PlumbError } from "../errors.ts";
import type { Outcome } from "../event.ts";
import { safeText } from "../report/mod.ts";
import type { RunContext } from "./command.ts";
import { identityOf } from "./reconcile.ts";

/** What `rollback` is told. */
export interface RollbackOptions {
  readonly component: string;
  readonly deleteData: boolean;
  readonly keepNamespace: boolean;
  readonly yes: boolean;
  /** Milliseconds. */
  readonly timeout: number;
}

/**
 * Rolls a component back once, and tells what happens through `context.emit`.
 *
 * @param agree asked with how many objects go, when the plan was told and before anything is written.
 */
export async function runRollback(
  cluster: Cluster,
  options: RollbackOptions,
  context: RunContext,
  agree: (deletions: number) => Promise<boolean> = (deletions) =>
    confirm(deletions, options, context),
): Promise<Outcome> {
  const { emit, signal } = context;
  const { component } = options;
  emit({ type: "run", command: "rollback", component, mode: "apply", cluster: cluster.server });
  return await rollback(cluster, {
    ...options,
    identity: identityOf(context),
    confirm: agree,
    emit,
    signal,
  });
}

/** The plan stands above. @throws {PlumbError} `rollback-unconfirmed` where nobody can be asked. */
async function confirm(
  deletions: number,
  { component, deleteData, yes }: RollbackOptions,
  context: RunContext,
): Promise<boolean> {
  if (yes) return true;
  if (!context.interactive) {
    throw new PlumbError("rollback-unconfirmed", "Nobody is there to confirm the rollback", {
      hint: "Nothing was changed; the plan stands above. Say --yes if that is what you want.",
    });
  }
  const objects = `${deletions} objects of ${safeText(component)}`;
  if (!deleteData) return await context.confirm(`Delete ${objects}, and keep its data?`);
  const typed = await context.ask(
    `Delete ${objects}, and its data for good? Type the component's name:`,
  );
  return typed === component;
}
