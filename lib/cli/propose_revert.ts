/** What was undone in the cluster is proposed to Git, where a token is there. @module */
import { normalize } from "node:path/posix";
import type { ReconcileOptions as ReconcileRun, UndoneRevision } from "../apply/mod.ts";
import { propose, ProposeError, type Repository, revertOf } from "../propose/mod.ts";
import { openSource } from "../source/mod.ts";
import type { ReconcileOptions, RunContext } from "./command.ts";
import type { Declared } from "./declared.ts";
import { repositoryOf } from "./github.ts";
import { branchOf } from "./propose.ts";
import { pathOf } from "./reconcile.ts";

/**
 * Proposes what was undone, or takes that back, and says whether that is done. Undefined where there is no token, or no
 * branch to propose to.
 */
export async function revertProposer(
  declared: Declared,
  options: ReconcileOptions,
  context: RunContext,
): Promise<ReconcileRun["proposeRevert"]> {
  const { ref } = options;
  if (ref !== undefined && /^[0-9a-f]{40,64}$/.test(ref)) return undefined;
  try {
    const repository = await repositoryOf(declared.source.url, options.repository, context);
    const where = { ...repository, base: branchOf(ref) };
    return (undone) => proposeRevert(undone, where, declared, options, context);
  } catch (error) {
    if (error instanceof ProposeError) return undefined;
    throw error;
  }
}

/** An undo is done all the same: a proposal that can't be made is told, and no more. */
async function proposeRevert(
  undone: UndoneRevision | undefined,
  where: Repository,
  { source: { revision }, component }: Declared,
  options: ReconcileOptions,
  context: RunContext,
): ReturnType<NonNullable<ReconcileRun["proposeRevert"]>> {
  const path = pathOf(options);
  const { cache, signal, emit } = context;
  const folder = normalize(path).replace(/\/$/, "");
  try {
    const tree = undone === undefined
      ? ""
      : (await openSource({ path, cache, signal, url: options.source, ref: undone.to })).tree;
    const proposal = revertOf(undone, { component: component.name, revision, folder, tree });
    const { notes, ...proposed } = await propose(where, proposal);
    for (const message of notes) emit({ type: "warning", message });
    emit({ type: "proposal", ...proposed, written: proposal.files.size, leftOut: [] });
    return proposed;
  } catch (error) {
    if (!(error instanceof ProposeError)) throw error;
    emit({ type: "warning", message: `The revert is not proposed: ${error.message}` });
    return undefined;
  }
}
