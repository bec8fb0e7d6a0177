/** Waits until objects are healthy, and says what it waits for. @module */
import { type Cluster, watch } from "../cluster/mod.ts";
import { PlumbError } from "../errors.ts";
import type { HealthStatus } from "../event.ts";
import { keyOf, type KubernetesObject, type ObjectReference, referenceOf } from "../object.ts";
import { explain } from "./explain.ts";
import { type Health, healthOf } from "./health.ts";
import type { Target } from "./observe.ts";

/** The state of one object that is waited for. */
export interface HealthReport {
  readonly object: ObjectReference;
  readonly status: HealthStatus;
  readonly message: string;
  readonly evidence?: readonly string[];
}

/** An object to wait for. */
export interface WaitTarget extends Target {
  /** It is no news, and Kubernetes removes it when it has finished. */
  readonly mayBeGone: boolean;
}

/** The last state of an object that was waited for. */
export interface WaitResult extends HealthReport {
  /** Somebody has deleted it meanwhile. */
  readonly wasDeleted: boolean;
}

/** How to wait. */
export interface WaitOptions {
  /** In milliseconds. */
  readonly timeout: number;
  /** Called when the status or the message of an object changes. */
  readonly onChange?: (report: HealthReport) => void;
  readonly signal?: AbortSignal | undefined;
}

const EXPLAIN_MILLISECONDS = 2_000;
/** An explanation takes a few requests, and hundreds of workloads may be waited for. */
const EXPLAIN_AT_ONCE = 8;

/**
 * Waits until every target is current. Ends early once one has failed for good: no waiting can mend that.
 *
 * @param options `initial`: the objects as an apply answered them, by key; those that are current need no watch.
 * @returns the last known state of every target.
 */
export async function waitForHealth(
  cluster: Cluster,
  targets: readonly WaitTarget[],
  options: WaitOptions & {
    readonly initial: ReadonlyMap<string, KubernetesObject>;
    readonly redact: (text: string) => string;
  },
): Promise<WaitResult[]> {
  const waiting = new Waiting(cluster, targets, options);
  return await waiting.run();
}

interface Watched {
  readonly target: WaitTarget;
  object: KubernetesObject | undefined;
  report: HealthReport;
  /** When an explanation was last looked for, in milliseconds. */
  asked: number;
  /** Whether one was found. */
  explained: boolean;
  /** Whether it is being asked for, since a list did not have it. */
  missed: boolean;
  wasDeleted: boolean;
  done: boolean;
}

class Waiting {
  readonly #watched = new Map<string, Watched>();
  readonly #stop = new AbortController();
  #explaining = false;
  /** What is still asked about those that failed; the end waits for it. */
  readonly #failing: Promise<void>[] = [];
  readonly #end = Promise.withResolvers<void>();

  constructor(
    readonly cluster: Cluster,
    targets: readonly WaitTarget[],
    readonly options: Parameters<typeof waitForHealth>[2],
  ) {
    for (const target of targets) {
      const key = keyOf(target.reference);
      // An answer to a write may be older than what a controller did since, but never healthier. Nobody needs to
      // hear of what was never waited for.
      const known = options.initial.get(key);
      const health = known === undefined ? undefined : healthOf(known);
      const done = health?.status === "current";
      this.#watched.set(key, {
        target,
        object: done ? known : undefined,
        report: {
          object: target.reference,
          status: done ? "current" : "unknown",
          message: done ? health.message : "",
        },
        asked: 0,
        explained: false,
        missed: false,
        wasDeleted: false,
        done,
      });
    }
  }

  async run(): Promise<WaitResult[]> {
    if (this.#open().length > 0) {
      const { signal, timeout } = this.options;
      signal?.throwIfAborted();
      const stop = () => this.#end.resolve();
      signal?.addEventListener("abort", stop, { once: true });
      const timer = setTimeout(stop, timeout);
      const explaining = setInterval(() => void this.#explainSome(), EXPLAIN_MILLISECONDS);
      const watches = this.#groups().map((group) => this.#watch(group));
      try {
        await Promise.race([this.#end.promise, Promise.all(watches)]);
      } finally {
        clearTimeout(timer);
        clearInterval(explaining);
        signal?.removeEventListener("abort", stop);
        this.#stop.abort();
        await Promise.allSettled(watches);
      }
      signal?.throwIfAborted();
      await Promise.all(this.#open().map((item) => this.#lookAgain(item)));
      // One may still add another.
      for (const failing of this.#failing) await failing;
      await Promise.all(this.#open().map((item) => this.#giveUp(item)));
    }
    return [...this.#watched.values()].map(({ report, wasDeleted }) => ({ ...report, wasDeleted }));
  }

  #open(): Watched[] {
    return [...this.#watched.values()].filter(({ done }) => !done);
  }

  /** One watch serves all objects of a kind in a namespace. */
  #groups(): Target[] {
    const groups = new Map<string, Target>();
    for (const { target } of this.#open()) {
      const { resource, reference } = target;
      groups.set(`${resource.group}/${resource.plural}/${reference.namespace ?? ""}`, target);
    }
    return [...groups.values()];
  }

  async #watch({ resource, reference: { namespace } }: Target): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const { items, resourceVersion } = await this.cluster.listWithVersion(resource, {
        namespace,
      });
      this.#judgeAll(resource.group, resource.kind, namespace, items);
      for await (
        const event of watch(this.cluster, resource, { namespace, resourceVersion, signal })
      ) {
        if (event.type === "expired") break;
        const key = keyOf(referenceOf(event.object));
        if (event.type === "deleted") this.#gone(key);
        else this.#judge(key, event.object);
      }
    }
  }

  #judgeAll(
    group: string,
    kind: string,
    namespace: string | undefined,
    items: readonly KubernetesObject[],
  ): void {
    const living = new Map(items.map((item) => [keyOf(referenceOf(item)), item] as const));
    for (const [key, { target }] of this.#watched) {
      const { reference } = target;
      if (
        reference.group !== group || reference.kind !== kind || reference.namespace !== namespace
      ) continue;
      const item = living.get(key);
      if (item === undefined) this.#gone(key);
      else this.#judge(key, item);
    }
  }

  #judge(key: string, object: KubernetesObject): void {
    const item = this.#watched.get(key);
    if (item === undefined || item.done) return;
    item.object = object;
    const health = healthOf(object);
    if (health.status === "failed") {
      item.done = true;
      this.#failing.push(this.#fail(item, health));
      return;
    }
    item.done = health.status === "current";
    // What an explanation found stays until the object itself says something new.
    if (item.done || !item.explained) this.#report(item, health);
    this.#finishIfDone();
  }

  /** A list or a watch does not have it. */
  #gone(key: string): void {
    const item = this.#watched.get(key);
    if (item === undefined || item.done || item.missed) return;
    item.missed = true;
    this.#failing.push(this.#confirmGone(key, item));
  }

  /** A list may be older than the object, and what is gone may have been made anew. */
  async #confirmGone(key: string, item: Watched): Promise<void> {
    const { resource, reference } = item.target;
    try {
      const object = await this.cluster.get(resource, reference);
      if (object !== undefined) return this.#judge(key, object);
      item.done = true;
      if (item.target.mayBeGone) {
        this.#report(item, { status: "current", message: "has finished, and was removed" });
        return this.#finishIfDone();
      }
      item.wasDeleted = true;
      this.#report(item, { status: "failed", message: "was deleted while waiting" });
      this.#end.resolve();
    } catch (error) {
      if (!(error instanceof PlumbError)) throw error;
    } finally {
      item.missed = false;
    }
  }

  async #fail(item: Watched, health: Health): Promise<void> {
    const explanation = item.object === undefined
      ? undefined
      : await explain(this.cluster, item.object, this.options.redact);
    const message = explanation?.message
      ? `${health.message}; ${explanation.message}`
      : health.message;
    this.#report(item, { status: "failed", message }, explanation?.evidence);
    this.#end.resolve();
  }

  /** Explains a few of the open objects, those first that were not looked at for longest. */
  async #explainSome(): Promise<void> {
    if (this.#explaining) return;
    this.#explaining = true;
    const open = this.#open().sort((left, right) => left.asked - right.asked).slice(
      0,
      EXPLAIN_AT_ONCE,
    );
    await Promise.all(open.map((item) => this.#explain(item)));
    this.#explaining = false;
  }

  async #explain(item: Watched): Promise<void> {
    item.asked = Date.now();
    if (item.object === undefined) return;
    const { message, evidence, fatal } = await explain(
      this.cluster,
      item.object,
      this.options.redact,
    );
    if (item.done || message === "" || this.#stop.signal.aborted) return;
    item.explained = true;
    if (fatal) item.done = true;
    this.#report(
      item,
      { status: fatal ? "failed" : "progressing", message },
      fatal ? evidence : undefined,
    );
    if (fatal) this.#end.resolve();
  }

  /** A watch may have fallen silent: nobody is given up who was not looked at in the end. */
  async #lookAgain({ target: { resource, reference } }: Watched): Promise<void> {
    try {
      const object = await this.cluster.get(resource, reference);
      if (object !== undefined) this.#judge(keyOf(reference), object);
    } catch (error) {
      // What was known before is told, then.
      if (!(error instanceof PlumbError)) throw error;
    }
  }

  /** The deadline has passed, or something else has failed for good. */
  async #giveUp(item: Watched): Promise<void> {
    const explanation = item.object === undefined
      ? undefined
      : await explain(this.cluster, item.object, this.options.redact);
    const failed = [...this.#watched.values()].some(({ report }) => report.status === "failed");
    const reason = explanation?.message || item.report.message || "nothing is known of it";
    this.#report(
      item,
      failed ? { status: "progressing", message: reason } : {
        status: "failed",
        message: `not ready after ${Math.round(this.options.timeout / 1000)} s: ${reason}`,
      },
      explanation?.evidence,
    );
  }

  #report(item: Watched, { status, message }: Health, evidence?: readonly string[]): void {
    const { report } = item;
    if (report.status === status && report.message === message) return;
    item.report = {
      object: item.target.reference,
      status,
      message,
      ...(evidence === undefined || evidence.length === 0 ? {} : { evidence }),
    };
    this.options.onChange?.(item.report);
  }

  #finishIfDone(): void {
    if (this.#open().length === 0) this.#end.resolve();
  }
}
