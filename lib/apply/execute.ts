/**
 * Carries out a plan: wave after wave, with the record of what became of each object.
 * @module
 */
import { type Cluster, ClusterError } from "../cluster/mod.ts";
import type { Action, Emit } from "../event.ts";
import { messageOf, PlumbError } from "../errors.ts";
import { keyOf, type KubernetesObject } from "../object.ts";
import { type AdoptionPolicy, expires, type Member, takenFields } from "../plan/mod.ts";
import type { Decision } from "./decide.ts";
import { liveObject } from "./external.ts";
import type { Lease } from "./lease.ts";
import type { PreparedObject } from "./prepare.ts";
import { forEachLimited } from "./pool.ts";
import { memberOf } from "./record.ts";
import { replace } from "./replace.ts";
import { takeOver } from "./take_over.ts";
import { waitForHealth } from "./wait.ts";

/** A few more than the cluster sends at once, so that none of its places stays empty. */
const WRITES_AT_ONCE = 32;

/** How to carry out a plan. */
export interface ExecuteOptions {
  readonly lease: Lease;
  /** Asked before each wave; throws when no further one may begin. */
  readonly proceed: () => Promise<void>;
  readonly adoption: AdoptionPolicy;
  /** Objects that each object needs, by key: it is left alone when one of them failed. */
  readonly dependencies: ReadonlyMap<string, readonly string[]>;
  /** Wait until everything is healthy; otherwise only for what later waves can't do without. */
  readonly wait: boolean;
  /** Wait for unchanged objects too: the run that applied them never saw them healthy. */
  readonly waitForUnchanged: boolean;
  /** For one wave, in milliseconds. */
  readonly timeout: number;
  readonly emit: Emit;
  readonly redact: (text: string) => string;
  /** Called before an object is created. */
  readonly beforeCreation?: (item: PreparedObject) => Promise<void>;
  readonly signal?: AbortSignal | undefined;
}

/** What became of a plan. */
export interface Execution {
  /** Records of the objects as they are now, by key: of those that were applied. */
  readonly applied: ReadonlyMap<string, Member>;
  /** Keys of what failed, was skipped, or is not healthy. */
  readonly failed: ReadonlySet<string>;
  /** Whether what Git wants is wrong: it was refused or did not become healthy. A cluster that gave no answer does not count. */
  readonly isAtFault: boolean;
  /** Why the run stopped before its end, if it did. */
  readonly stopped?: unknown;
}

/**
 * Applies the waves of a plan in order. A failed object stops what depends on it; an unhealthy one stops the
 * waves after its own; the others go on.
 *
 * Never throws: what stopped it is in the result, beside the records of what was done until then.
 */
export async function execute(
  cluster: Cluster,
  waves: readonly (readonly Decision[])[],
  options: ExecuteOptions,
): Promise<Execution> {
  const run = new Run(cluster, options);
  try {
    for (const [index, decisions] of waves.entries()) {
      options.signal?.throwIfAborted();
      await options.proceed();
      const acting = decisions.filter(({ change }) => change.action !== "unchanged");
      options.emit({ type: "wave", wave: index + 1, waves: waves.length, objects: acting.length });
      await run.applyAll(decisions);
      await run.waitFor(decisions);
      if (run.unhealthy) {
        run.skip(waves.slice(index + 1).flat(), "an earlier wave is not healthy");
        break;
      }
    }
  } catch (stopped) {
    return { applied: run.applied, failed: run.failed, isAtFault: run.isAtFault, stopped };
  }
  return { applied: run.applied, failed: run.failed, isAtFault: run.isAtFault };
}

/** The state of one execution. */
class Run {
  readonly applied = new Map<string, Member>();
  readonly failed = new Set<string>();
  readonly #answers = new Map<string, KubernetesObject>();
  unhealthy = false;
  isAtFault = false;

  readonly #needed: ReadonlySet<string>;

  constructor(readonly cluster: Cluster, readonly options: ExecuteOptions) {
    this.#needed = new Set([...options.dependencies.values()].flat());
  }

  /** Without waiting, only for what others depend on. */
  #isAwaited(key: string): boolean {
    return this.options.wait || this.#needed.has(key);
  }

  /** Applies everything in a wave. Each write is begun only when its turn has come, so that it can still be stopped. */
  async applyAll(decisions: readonly Decision[]): Promise<void> {
    await forEachLimited(decisions, WRITES_AT_ONCE, (decision) => this.#apply(decision));
  }

  async #apply(decision: Decision): Promise<void> {
    const { change, item, live } = decision;
    const key = keyOf(item.reference);
    if (change.action === "unchanged") {
      if (live !== undefined) this.applied.set(key, memberOf(decision, live));
      return;
    }
    if (change.action === "conflict") {
      this.#fail(item, change.action, change.reason, change.hint);
      if (!decision.isBlameless) this.isAtFault = true;
      return;
    }
    const missing = this.options.dependencies.get(key)?.find((needed) => this.failed.has(needed));
    if (missing !== undefined) {
      this.#skipOne(
        item,
        change.action,
        `it needs ${missing.split("/").filter(Boolean).join("/")}, which failed`,
      );
      return;
    }
    this.options.signal?.throwIfAborted();
    this.options.lease.assertHeld();
    try {
      const answer = await this.#write({ change, item, live });
      this.applied.set(key, memberOf(decision, answer));
      if (this.#isAwaited(key)) this.#answers.set(key, answer);
      const taken = "differences" in change ? takenFields(change.differences) : [];
      this.options.emit({
        type: "change",
        action: change.action,
        object: item.reference,
        result: "done",
        ...(taken.length === 0 ? {} : { taken }),
      });
    } catch (error) {
      if (endsTheRun(error, this.options.signal)) throw error;
      this.#fail(
        item,
        change.action,
        messageOf(error),
        error instanceof PlumbError ? error.hint : undefined,
      );
      if (isRefusalOfGit(error)) this.isAtFault = true;
    }
  }

  async #write({ change, item, live }: Decision): Promise<KubernetesObject> {
    const { cluster, options } = this;
    if (item.external !== undefined) return liveObject(item, await item.external.apply());
    if (change.action === "replace" && live !== undefined) {
      return await replace(cluster, item, live, options);
    }
    if (change.action === "adopt" && live !== undefined) {
      await takeOver(cluster, item, live, options.adoption);
    }
    if (change.action === "create") await options.beforeCreation?.(item);
    return await cluster.apply(item.resource, item.object, {});
  }

  #fail(item: PreparedObject, action: Action, message: string, hint: string | undefined): void {
    this.failed.add(keyOf(item.reference));
    this.options.emit({
      type: "change",
      action,
      object: item.reference,
      result: "failed",
      message,
      ...(hint === undefined ? {} : { hint }),
    });
  }

  #skipOne(item: PreparedObject, action: Action, message: string): void {
    this.failed.add(keyOf(item.reference));
    this.options.emit({
      type: "change",
      action,
      object: item.reference,
      result: "skipped",
      message,
    });
  }

  /** Marks what is not even tried. */
  skip(decisions: readonly Decision[], why: string): void {
    for (const { change, item } of decisions) {
      if (change.action !== "unchanged") this.#skipOne(item, change.action, why);
    }
  }

  /** Waits for the health of a wave's objects. */
  async waitFor(decisions: readonly Decision[]): Promise<void> {
    const { options } = this;
    const targets = decisions
      .filter(({ change }) => change.action !== "unchanged" || options.waitForUnchanged)
      .filter(({ item, leftDeleted }) => item.external === undefined && !leftDeleted)
      .filter(({ item }) => !this.failed.has(keyOf(item.reference)))
      .filter(({ item }) => this.#isAwaited(keyOf(item.reference)))
      .map(({ change: { action }, item: { resource, reference, object } }) => {
        const mayBeGone = action === "unchanged" && expires(reference, object);
        return { resource, reference, mayBeGone };
      });
    if (targets.length === 0) return;
    const initial = new Map(this.#answers);
    this.#answers.clear();
    const results = await waitForHealth(this.cluster, targets, {
      timeout: options.timeout,
      initial,
      redact: options.redact,
      onChange: (report) => options.emit({ type: "health", ...report }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    for (const { object, status, wasDeleted } of results) {
      if (status === "current") continue;
      this.unhealthy = true;
      if (status === "failed" && !wasDeleted) this.isAtFault = true;
      this.failed.add(keyOf(object));
    }
  }
}

/** The API server understood the object, and does not want it. A conflict and a namespace that goes will pass. */
const REFUSALS: ReadonlySet<string> = new Set([
  "invalid",
  "admission-denied",
  "forbidden",
  "not-found",
]);

/** What is in the way is outside of Git: somebody could not answer, a volume is lost, an old object does not go. */
const BLAMELESS: ReadonlySet<string> = new Set(["unreachable", "volume-lost", "not-gone"]);

/** Whether it takes another revision to mend it. */
function isRefusalOfGit(error: unknown): boolean {
  if (error instanceof ClusterError) return REFUSALS.has(error.code);
  return error instanceof PlumbError && !BLAMELESS.has(error.code);
}

/** Whether an error is about the run, not about the object at hand. */
export function endsTheRun(error: unknown, signal?: AbortSignal): boolean {
  if (signal?.aborted) return true;
  if (error instanceof ClusterError) {
    return error.code === "unreachable" || error.code === "unauthorized";
  }
  return error instanceof PlumbError ? error.code === "lease-lost" : true;
}
