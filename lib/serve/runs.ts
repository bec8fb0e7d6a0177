/** Runs: they live here, not in a page. Whoever looks, looks at the same run; whoever goes away stops nothing. @module */
import type { Commands, Ended, PreparedAction } from "./commands.ts";
import type { ActionName, ActionRequest, Confirmation, Run, RunMessage } from "./contract.ts";
import { Backlog } from "./backlog.ts";
import { problemOf, ServeError } from "./errors.ts";
import { randomToken } from "./sessions.ts";
import { expectationOf, withoutPlan } from "./told_run.ts";

/** What is kept of one run, of all runs together, and how many runs are. */
const MAX_MESSAGES = 20_000;
const MAX_ALL_MESSAGES = 100_000;
const MAX_RUNS = 50;
/** Plans that wait, or are being made. */
const MAX_OPEN = 8;
/** A plan that nobody has confirmed for so long is not what anybody would see now. */
const CONFIRM_MILLISECONDS = 15 * 60_000;

/** These only look, or only note something: they don't keep others from acting. */
const ALONE: ReadonlySet<ActionName> = new Set(["diff", "suspend", "resume"]);

/** One line for whoever must know later who did what. */
export interface AuditEntry {
  readonly time: string;
  readonly by: string;
  readonly action: ActionName;
  readonly component: string;
  readonly run: string;
  /** asked, confirmed, cancelled, or how it ended. */
  readonly what: string;
  readonly message?: string;
}

/** Who is told. */
export interface RunsOptions {
  readonly commands: Commands;
  readonly audit: (entry: AuditEntry) => void;
  /** Called whenever a run is in another state. */
  readonly changed: (run: Run) => void;
}

interface Kept {
  run: Run;
  readonly messages: Backlog<RunMessage>;
  readonly abort: AbortController;
  prepared?: PreparedAction;
  timer?: ReturnType<typeof setTimeout>;
  /** Settles when nothing goes on any more. */
  going: Promise<void>;
}

/** All runs of this server. */
export class Runs {
  readonly #options: RunsOptions;
  readonly #runs = new Map<string, Kept>();
  #stopping = false;

  constructor(options: RunsOptions) {
    this.#options = options;
  }

  /** All that are kept, the newest first, without their plans: each may have thousands of changes. */
  list(component?: string): Run[] {
    const runs = [...this.#runs.values()].map((kept) => withoutPlan(shown(kept))).reverse();
    return component === undefined ? runs : runs.filter((run) => run.component === component);
  }

  /** @throws {ServeError} `not-found` */
  get(id: string): Run {
    return shown(this.#find(id));
  }

  /** The messages of a run from a number on. @throws {ServeError} `not-found` */
  messages(id: string): Backlog<RunMessage> {
    return this.#find(id).messages;
  }

  /** The run that acts on a component right now. */
  acting(component: string): Run | undefined {
    return this.list(component).find(({ state, action }) =>
      (state === "running" || state === "stopping") && !ALONE.has(action)
    );
  }

  /**
   * Asks for an action; it is planned at once.
   *
   * @throws {ServeError} `busy`, `too-many`, `stopping`
   */
  ask(component: string, request: ActionRequest, by: string): Run {
    const { action } = request;
    if (this.#stopping) throw new ServeError("stopping", "The server is being stopped");
    if (!ALONE.has(action)) this.#assertFree(component);
    this.#makeRoom(component, action, by);
    const run: Run = {
      id: randomToken().slice(0, 16),
      component,
      action,
      request,
      state: "planning",
      by,
      asked: new Date().toISOString(),
      last: 0,
    };
    const kept: Kept = {
      run,
      messages: new Backlog(MAX_MESSAGES),
      abort: new AbortController(),
      going: Promise.resolve(),
    };
    this.#runs.set(run.id, kept);
    this.#forgetOldest();
    this.#audit(kept, by, "asked");
    this.#change(kept, {});
    kept.going = this.#plan(kept);
    return kept.run;
  }

  /**
   * Carries out what was planned.
   *
   * @throws {ServeError} `not-found`, `not-now`, `plan-moved`, `busy`
   */
  confirm(id: string, { digest, name }: Confirmation, by: string): Run {
    const kept = this.#find(id);
    const { run, prepared } = kept;
    if (run.state !== "waiting" || prepared === undefined) {
      throw new ServeError("not-now", `The run does not wait: it is ${run.state}`, {
        hint: "Ask for the action again.",
      });
    }
    if (prepared.plan.digest !== digest) {
      throw new ServeError("plan-moved", "This is not the plan that was confirmed", {
        hint: "Look at the plan as it is now.",
      });
    }
    if (prepared.plan.confirm === "name" && name !== run.component) {
      throw new ServeError("not-now", "The component's name was not typed", {
        hint: `Data will be lost: type ${run.component} to confirm.`,
      });
    }
    if (!ALONE.has(run.action)) this.#assertFree(run.component);
    clearTimeout(kept.timer);
    this.#audit(kept, by, "confirmed");
    this.#change(kept, { state: "running", by, started: new Date().toISOString() });
    kept.going = this.#carryOut(kept, prepared);
    return kept.run;
  }

  /** Stops a run: a plan is dropped; of what is done, nothing more is begun. @throws {ServeError} `not-now` */
  cancel(id: string, by: string): Run {
    const kept = this.#find(id);
    if (kept.run.state === "done") throw new ServeError("not-now", "The run is done");
    this.#audit(kept, by, "cancelled");
    this.#stop(kept, { result: "cancelled", message: `${by} has cancelled it` });
    return kept.run;
  }

  /** Ends everything, as Ctrl-C ends a run of the CLI: what is under way is finished and recorded. */
  async drain(): Promise<void> {
    this.#stopping = true;
    const ended: Ended = { result: "cancelled", message: "The server was stopped" };
    for (const kept of this.#runs.values()) {
      if (kept.run.state !== "done") this.#stop(kept, ended);
    }
    await Promise.all([...this.#runs.values()].map(({ going }) => going));
  }

  async #plan(kept: Kept): Promise<void> {
    const { commands } = this.#options;
    const { component, request, action } = kept.run;
    try {
      const [prepared, durations] = await Promise.all([
        commands.prepare(component, request, this.#contextOf(kept)),
        commands.durations(component, action).catch(() => []),
      ]);
      if (kept.run.state !== "planning") return;
      if ("ended" in prepared) {
        const { ended, plan } = prepared;
        return this.#end(kept, ended, plan === undefined ? {} : { plan });
      }
      kept.prepared = prepared;
      const expected = expectationOf(durations);
      this.#change(kept, {
        state: "waiting",
        plan: prepared.plan,
        ...(expected === undefined ? {} : { expected }),
      });
      const expire = () =>
        this.#stop(kept, { result: "expired", message: "Nobody has confirmed the plan" });
      kept.timer = setTimeout(expire, CONFIRM_MILLISECONDS);
    } catch (error) {
      this.#fail(kept, error);
    }
  }

  async #carryOut(kept: Kept, prepared: PreparedAction): Promise<void> {
    try {
      this.#end(kept, await prepared.carryOut(this.#contextOf(kept)));
    } catch (error) {
      this.#fail(kept, error);
    }
  }

  #contextOf(kept: Kept): Parameters<Commands["prepare"]>[2] {
    const { messages, abort: { signal } } = kept;
    return {
      by: kept.run.by,
      run: kept.run.id,
      signal,
      emit: (event) =>
        messages.add((id) => ({ type: "event", id, time: new Date().toISOString(), event })),
    };
  }

  #stop(kept: Kept, ended: Ended): void {
    const { state } = kept.run;
    if (state === "running") this.#change(kept, { state: "stopping", message: ended.message });
    kept.abort.abort(new DOMException("cancelled", "AbortError"));
    if (state === "planning" || state === "waiting") this.#end(kept, ended);
  }

  #fail(kept: Kept, error: unknown): void {
    if (kept.run.state === "done") return;
    if (kept.abort.signal.aborted) {
      const what = "What was done is recorded; the next run goes on from there";
      const message = `${kept.run.message ?? "It was stopped"}. ${what}`;
      return this.#end(kept, { result: "cancelled", message });
    }
    const problem = problemOf(error);
    this.#end(kept, { result: "error", message: problem.message }, { error: problem });
  }

  #end(kept: Kept, { result, message }: Ended, rest: Partial<Run> = {}): void {
    if (kept.run.state === "done") return;
    clearTimeout(kept.timer);
    const finished = new Date().toISOString();
    this.#change(kept, { ...rest, state: "done", finished, result, message });
    kept.messages.end();
    delete kept.prepared;
    this.#audit(kept, kept.run.by, result, message);
  }

  #change(kept: Kept, change: Partial<Run>): void {
    kept.messages.add((id) => {
      kept.run = { ...kept.run, ...change, last: id };
      return { type: "state", id, time: new Date().toISOString(), run: kept.run };
    });
    this.#options.changed(kept.run);
  }

  #audit({ run }: Kept, by: string, what: string, message?: string): void {
    const { action, component, id } = run;
    this.#options.audit({
      time: new Date().toISOString(),
      by,
      action,
      component,
      run: id,
      what,
      ...(message === undefined ? {} : { message }),
    });
  }

  #assertFree(component: string): void {
    const other = this.acting(component);
    if (other === undefined) return;
    throw new ServeError("busy", `${other.by} is at work on ${component}: ${other.action}`, {
      hint: `Look at what is done, or cancel it. It is run ${other.id}.`,
    });
  }

  /** Who asks again for the same takes back what he asked for before. */
  #makeRoom(component: string, action: ActionName, by: string): void {
    const open = [...this.#runs.values()].filter(({ run: { state } }) =>
      state === "planning" || state === "waiting"
    );
    const own = open.filter(({ run }) =>
      run.component === component && run.action === action && run.by === by
    );
    for (const kept of own) this.#stop(kept, { result: "cancelled", message: "Asked for again" });
    if (open.length - own.length >= MAX_OPEN) {
      throw new ServeError("too-many", `${MAX_OPEN} plans wait to be confirmed`, {
        hint: "Confirm or cancel one of them.",
      });
    }
  }

  #forgetOldest(): void {
    let messages = 0;
    for (const kept of this.#runs.values()) messages += kept.messages.kept.length;
    for (const [id, { run, messages: { kept } }] of this.#runs) {
      if (this.#runs.size <= MAX_RUNS && messages <= MAX_ALL_MESSAGES) return;
      if (run.state !== "done") continue;
      this.#runs.delete(id);
      messages -= kept.length;
    }
  }

  #find(id: string): Kept {
    const kept = this.#runs.get(id);
    if (kept !== undefined) return kept;
    throw new ServeError("not-found", "There is no such run", {
      hint: "It was long ago, or before the server was started again. The history has its result.",
    });
  }
}

function shown({ run, messages }: Kept): Run {
  return { ...run, last: messages.last };
}
