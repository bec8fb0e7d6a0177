/** What can be done from the dashboard: the commands of the CLI, planned first and then carried out. @module */
import { type ApprovedPlan, assertApproved, type Journal, readJournal } from "../apply/mod.ts";
import type { Cluster } from "../cluster/mod.ts";
import { settleComponent } from "../component/mod.ts";
import { PlumbError } from "../errors.ts";
import type { Outcome } from "../event.ts";
import { counted } from "../report/mod.ts";
import type {
  ActionContext,
  ActionName,
  ActionRequest,
  Commands,
  Ended,
  RunPlan,
} from "../serve/mod.ts";
import { titleOf } from "../verify/mod.ts";
import type { ReconcileOptions, RunContext } from "./command.ts";
import { parametersOf, runComponent, runUndo } from "./reconcile.ts";
import { runRollback } from "./rollback.ts";
import type { ServeEyes } from "./serve_eyes.ts";
import type { Folder } from "./serve_folder.ts";
import { type ServeOptions, TIMEOUT } from "./serve_options.ts";
import { planInOneRun } from "./serve_one_run.ts";
import { digestOf, NO_CHANGES, Told } from "./serve_plan.ts";
import { planSuspension } from "./serve_suspension.ts";
import { checksIn, runVerify } from "./verify.ts";

type Prepared = Awaited<ReturnType<Commands["prepare"]>>;
type Request<Name extends ActionName> = Extract<ActionRequest, { action: Name }>;

/** Plans actions and carries them out. */
export class ServeActions implements Commands {
  readonly #options: ServeOptions;
  readonly #eyes: ServeEyes;
  readonly #context: RunContext;
  readonly #cluster: Cluster;

  constructor(options: ServeOptions, eyes: ServeEyes, context: RunContext, cluster: Cluster) {
    this.#options = options;
    this.#eyes = eyes;
    this.#context = context;
    this.#cluster = cluster;
  }

  async prepare(
    component: string,
    request: ActionRequest,
    action: ActionContext,
  ): Promise<Prepared> {
    switch (request.action) {
      case "deploy":
        return await this.#deploy(component, request, action);
      case "diff":
        return await this.#diff(component, request, action);
      case "propose":
        return await this.#propose(component, action);
      case "verify":
        return await this.#verify(component, request, action);
      case "rollback":
        return await this.#rollback(component, request, action);
      case "undo":
        return await this.#undo(component, action);
      case "suspend":
      case "resume":
        return planSuspension(this.#cluster, component, request);
    }
  }

  async durations(component: string, action: ActionName): Promise<readonly number[]> {
    return secondsOf(await readJournal(this.#cluster, component), action);
  }

  async #deploy(
    name: string,
    request: Request<"deploy">,
    action: ActionContext,
  ): Promise<Prepared> {
    const options = await this.#optionsOf(name, request.refresh);
    const planned = await this.#plan(options, action);
    const unfinished = planned.outcome === "in-sync" &&
      (await this.#eyes.look(name)).view?.inventory?.state !== "complete";
    if (planned.outcome !== "differences" && !unfinished) return endOf(planned);
    const steps = [
      ...(unfinished ? ["What the last run began is finished."] : []),
      ...(request.verify ? ["Then its checks are run."] : []),
    ];
    return {
      plan: { ...planned.plan, steps },
      carryOut: async (going) => {
        const approved = (plan: ApprovedPlan) => {
          assertApproved(planned.approved, plan);
          return Promise.resolve();
        };
        const { verify, retry } = request;
        const { resolve, certificateAuthority } = this.#options;
        const after = { verify, retry, undo: true, resolve, certificateAuthority };
        const run = { ...options, ...after, command: "reconcile", mode: "apply" } as const;
        return await this.#run(run, going, approved);
      },
    };
  }

  async #diff(
    name: string,
    { refresh }: Request<"diff">,
    action: ActionContext,
  ): Promise<Prepared> {
    return endOf(await this.#plan(await this.#optionsOf(name, refresh), action));
  }

  async #propose(name: string, action: ActionContext): Promise<Prepared> {
    const options = await this.#optionsOf(name, false);
    const planned = await this.#plan(options, action);
    if (planned.outcome !== "differences") return endOf(planned);
    const steps = ["A pull request is opened, or brought up to date. The cluster is not written."];
    // They count what a deploy would do, which is the other way.
    const { counts: _counts, ...plan } = planned.plan;
    const objects = counted(plan.changes.length, "object");
    return {
      plan: { ...plan, steps, summary: `Propose to Git what the cluster has: ${objects}` },
      carryOut: (going) => this.#run({ ...options, command: "reconcile", mode: "pr" }, going),
    };
  }

  async #verify(
    name: string,
    { only, skip }: Request<"verify">,
    action: ActionContext,
  ): Promise<Prepared> {
    const folder = this.#folderOf(name);
    const options = { ...await this.#eyes.optionsOf(folder), partial: true };
    const { component } = folder;
    if (component === undefined) throw folder.error;
    const parameters = await parametersOf(
      component,
      options,
      this.#contextOf(action),
      this.#cluster,
    );
    const checks = checksIn(settleComponent(component, parameters), { only, skip });
    const steps = checks.map((check) => `${titleOf(check)}: ${check.check.proves}`);
    return {
      plan: {
        ...NO_CHANGES,
        digest: digestOf([name, steps]),
        summary: `${counted(checks.length, "check")}. Whatever a check makes, it removes.`,
        steps,
      },
      carryOut: (going) => this.#runChecks(name, only, skip, going),
    };
  }

  async #rollback(
    component: string,
    { deleteData }: Request<"rollback">,
    action: ActionContext,
  ): Promise<Prepared> {
    const options = { component, deleteData, keepNamespace: false, yes: false, timeout: TIMEOUT };
    const data = deleteData ? "delete its data for good" : "keep its data for the next deploy";
    return await planInOneRun(action, {
      run: (emit, agree) =>
        runRollback(this.#cluster, options, this.#contextOf(action, emit), agree),
      result: "rolled-back",
      plan: {
        summary: `Take ${component} out of the cluster, and ${data}`,
        confirm: deleteData ? "name" : "click",
      },
    });
  }

  async #undo(name: string, action: ActionContext): Promise<Prepared> {
    const options = await this.#optionsOf(name, false);
    return await planInOneRun(action, {
      run: (emit, agree) => {
        const run = { ...options, command: "undo", mode: "apply" } as const;
        return runUndo(run, this.#contextOf(action, emit), agree);
      },
      result: "undone",
      plan: { summary: "Go back to the revision that was good before", confirm: "click" },
    });
  }

  /** Plans a run, as `diff` does. */
  async #plan(options: RunOptions, action: ActionContext): Promise<Planned> {
    const told = new Told(action);
    let approved: ApprovedPlan | undefined;
    const outcome = await runComponent(
      { ...options, command: "diff", mode: "observe" },
      this.#contextOf(action, told.emit),
      (plan) => {
        approved = plan;
        return Promise.resolve();
      },
    );
    if (approved === undefined) throw new Error("a run ended well without a plan");
    return { outcome, approved, plan: told.planOf(approved), message: told.message };
  }

  async #run(
    options: ReconcileOptions,
    action: ActionContext,
    inspect?: (plan: ApprovedPlan) => Promise<void>,
  ): Promise<Ended> {
    const told = new Told(action);
    const result = await runComponent(options, this.#contextOf(action, told.emit), inspect);
    return { result, message: told.message };
  }

  async #runChecks(
    name: string,
    only: readonly string[],
    skip: readonly string[],
    action: ActionContext,
  ): Promise<Ended> {
    const { resolve, certificateAuthority } = this.#options;
    const options = await this.#eyes.optionsOf(this.#folderOf(name));
    const way = { resolve, certificateAuthority };
    const told = new Told(action);
    const good = await runVerify(
      { ...options, ...way, only, skip, failFast: false, repeat: 1 },
      this.#contextOf(action, told.emit),
    );
    action.signal.throwIfAborted();
    return { result: good ? "verified" : "unverified", message: told.message };
  }

  async #optionsOf(name: string, refresh: boolean): Promise<RunOptions> {
    return { ...await this.#eyes.optionsOf(this.#folderOf(name)), refresh };
  }

  #folderOf(name: string): Folder {
    const folder = this.#eyes.folder(name);
    if (folder !== undefined) return folder;
    throw new PlumbError("not-in-git", `Git does not have ${name}`, {
      hint: "Put its folder back, or roll it back.",
    });
  }

  #contextOf({ by, run, signal, emit }: ActionContext, tell = emit): RunContext {
    return {
      ...this.#context,
      signal,
      emit: tell,
      actor: by,
      run,
      interactive: false,
      // What is to be deleted stands in the plan that was confirmed.
      confirm: () => Promise.resolve(true),
    };
  }
}

type RunOptions = Omit<ReconcileOptions, "command" | "mode">;

interface Planned {
  readonly outcome: Outcome;
  readonly approved: ApprovedPlan;
  readonly plan: RunPlan;
  readonly message: string;
}

function endOf({ outcome, message, plan }: Planned): Prepared {
  return { ended: { result: outcome, message }, plan };
}

/** How long an action took, each time that it ended well. */
function secondsOf({ runs }: Journal, action: ActionName): number[] {
  return runs.flatMap(({ command, result, seconds, verified }) => {
    if (action === "verify") return verified === undefined ? [] : [verified.seconds];
    if (action === "deploy") {
      return command === "reconcile" && result === "applied" ? [seconds] : [];
    }
    return command === action ? [seconds] : [];
  });
}
