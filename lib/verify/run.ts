/** Runs checks: each as soon as what it needs has passed, each within its deadline. @module */
import { setTimeout as delay } from "node:timers/promises";
import type { CheckEvidence, Emit, Event } from "../event.ts";
import { messageOf } from "../errors.ts";
import { type CheckContext, CheckFailure, type DeclaredWorkload, type Ways } from "./check.ts";
import type { Reach } from "./reach.ts";
import type { PlannedCheck } from "./settings.ts";

/** How one check ended. */
export type CheckResult = Extract<Event, { type: "check" }> & {
  readonly status: "passed" | "failed" | "not-judged";
};

/** How to run. */
export interface VerifyOptions {
  readonly reach: Reach;
  readonly emit: Emit;
  readonly signal?: AbortSignal | undefined;
  /** What the component declares to run, for checks that compare it with what does. */
  readonly declared?: readonly DeclaredWorkload[] | undefined;
  /** Why a check of this name can't be judged here; undefined for those that can. */
  readonly unjudged?: ((check: string) => string | undefined) | undefined;
  /** Begin nothing more after the first failure. */
  readonly failFast?: boolean;
}

/** For what checks leave behind. */
const CLEANUP_MILLISECONDS = 30_000;

/** Of a check that says nothing else. */
const RETRIES = 2;
const PAUSE_MILLISECONDS = 500;

/**
 * Runs the checks of a component.
 *
 * @returns how each ended, in the order in which they were given.
 */
export async function verify(
  planned: readonly PlannedCheck[],
  options: VerifyOptions,
): Promise<CheckResult[]> {
  const run = new Run(planned, options);
  try {
    return await run.all();
  } finally {
    await run.cleanUp();
  }
}

/** A check that a component has twice is told apart by its name. */
export function titleOf({ name, check: { id, title } }: PlannedCheck): string {
  return name === id ? title : `${title} (${name})`;
}

/** Runs a check, and again when what it failed of may pass by itself. */
async function attempt(
  { check: { run, retries = RETRIES }, settings }: PlannedCheck,
  context: CheckContext,
  forget: () => void,
): Promise<unknown> {
  for (let attempt = 1;; attempt++) {
    try {
      const output = await run(settings, context);
      if (attempt > 1) context.evidence("attempts", attempt);
      return output;
    } catch (error) {
      if (!(error instanceof CheckFailure && error.transient) || attempt > retries) throw error;
      forget();
      await delay(PAUSE_MILLISECONDS, undefined, { signal: context.signal });
    }
  }
}

class Run {
  readonly #planned: readonly PlannedCheck[];
  readonly #options: VerifyOptions;
  readonly #results = new Map<string, Promise<CheckResult>>();
  readonly #outputs = new Map<string, unknown>();
  readonly #cleanups: { readonly what: string; readonly work: (ways: Ways) => Promise<void> }[] =
    [];
  readonly #marker = `plumb-verify-${crypto.randomUUID().slice(0, 8)}`;
  #failed = false;

  constructor(planned: readonly PlannedCheck[], options: VerifyOptions) {
    this.#planned = planned;
    this.#options = options;
  }

  async all(): Promise<CheckResult[]> {
    for (const item of this.#planned) this.#resultOf(item);
    return await Promise.all(this.#planned.map((item) => this.#resultOf(item)));
  }

  #resultOf(item: PlannedCheck): Promise<CheckResult> {
    const known = this.#results.get(item.name);
    if (known !== undefined) return known;
    const result = this.#judge(item);
    this.#results.set(item.name, result);
    return result;
  }

  async #judge(item: PlannedCheck): Promise<CheckResult> {
    const needed = this.#planned.filter(({ check, name }) =>
      name !== item.name && item.check.needs.includes(check.id)
    );
    const failed = (await Promise.all(needed.map((other) => this.#resultOf(other))))
      .filter(({ status }) => status !== "passed").map(({ name }) => name);
    const why = this.#options.unjudged?.(item.name);
    if (why !== undefined) return this.#tell(item, "not-judged", { message: why });
    if (failed.length > 0) {
      return this.#tell(item, "not-judged", { message: `It presupposes ${failed.join(", ")}` });
    }
    if (this.#options.signal?.aborted) {
      return this.#tell(item, "not-judged", { message: "Interrupted" });
    }
    if (this.#failed && this.#options.failFast) {
      return this.#tell(item, "not-judged", { message: "Another check has failed before" });
    }
    return await this.#run(item);
  }

  async #run(item: PlannedCheck): Promise<CheckResult> {
    const { check, name } = item;
    const started = performance.now();
    const evidence: CheckEvidence[] = [];
    const secrets: string[] = [];
    const hide = (text: string) =>
      secrets.reduce((hidden, secret) => hidden.replaceAll(secret, "(secret)"), text);
    this.#options.emit({ type: "check", name, title: titleOf(item), status: "running" });
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), check.deadline * 1000);
    const signals = [deadline.signal, ...(this.#options.signal ? [this.#options.signal] : [])];
    const signal = AbortSignal.any(signals);
    const rest = () => ({
      seconds: (performance.now() - started) / 1000,
      evidence: evidence.map((item) => ({ ...item, value: hide(item.value) })),
    });
    try {
      const reached = this.#options.reach.for(signal);
      const context: CheckContext = {
        signal,
        marker: this.#marker,
        declared: this.#options.declared,
        ...reached,
        secret: async (key) => {
          const value = await reached.secret(key);
          if (value.length > 3) secrets.push(value, encodeURIComponent(value));
          return value;
        },
        evidence: (name, value) => evidence.push({ name, value: String(value) }),
        cleanup: (what, work) => this.#cleanups.push({ what, work }),
        output: (id) => this.#outputs.get(id),
      };
      const aborted = Promise.withResolvers<never>();
      signal.addEventListener("abort", () => aborted.reject(signal.reason), { once: true });
      // What hangs in spite of its signal must not hang the run.
      const output = await Promise.race([
        attempt(item, context, () => evidence.splice(0)),
        aborted.promise,
      ]);
      this.#outputs.set(check.id, output);
      return this.#tell(item, "passed", rest());
    } catch (error) {
      this.#failed = true;
      if (this.#options.signal?.aborted) {
        return this.#tell(item, "not-judged", { ...rest(), message: "Interrupted" });
      }
      if (deadline.signal.aborted) {
        return this.#tell(item, "failed", {
          ...rest(),
          message: `It has not ended within ${check.deadline} s`,
          hint: "Something answers too slowly or not at all; the evidence says how far it came.",
        });
      }
      const known = error instanceof CheckFailure ? error : undefined;
      return this.#tell(item, "failed", {
        ...rest(),
        message: hide(messageOf(error)),
        ...(known?.probably === undefined ? {} : { probably: hide(known.probably) }),
        ...(known?.hint === undefined ? {} : { hint: hide(known.hint) }),
      });
    } finally {
      clearTimeout(timer);
    }
  }

  #tell(
    item: PlannedCheck,
    status: CheckResult["status"],
    rest: Partial<Omit<CheckResult, "type" | "name" | "status">>,
  ): CheckResult {
    const { name, check: { proves } } = item;
    const result: CheckResult = {
      type: "check",
      name,
      title: titleOf(item),
      proves,
      status,
      ...rest,
    };
    this.#options.emit(result);
    return result;
  }

  /** Undoes what checks have made, the last first. What can't be undone is told. */
  async cleanUp(): Promise<void> {
    const signal = AbortSignal.timeout(CLEANUP_MILLISECONDS);
    const ways = { ...this.#options.reach.for(signal), signal };
    const late = Promise.withResolvers<never>();
    late.promise.catch(() => {});
    signal.addEventListener("abort", () => late.reject(new Error("it takes too long")));
    for (const { what, work } of this.#cleanups.toReversed()) {
      try {
        await Promise.race([work(ways), late.promise]);
      } catch (error) {
        this.#options.emit({
          type: "warning",
          message: `${what} could not be removed: ${messageOf(error)}. The next run tries again.`,
        });
      }
    }
  }
}
