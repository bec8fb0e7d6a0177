/**
 * Keeps up with how everything is, for all viewers together: one poll and one set of watches, however many look, and
 * none while nobody does.
 * @module
 */
import { Backlog } from "./backlog.ts";
import type { Component, ComponentDetail, ComponentList, LiveMessage, Run } from "./contract.ts";
import { describeComponent } from "./describe.ts";
import { problemOf, ServeError } from "./errors.ts";
import type { Eyes, Listing, Look } from "./look.ts";
import type { Runs } from "./runs.ts";
import { withoutPlan } from "./told_run.ts";
import { type Alarm, Watches } from "./watches.ts";

const POLL_MILLISECONDS = 10_000;
/** A component in which much happens is looked at as often as this. */
const SETTLE_MILLISECONDS = 700;
/** Who asks without watching gets what is at the most this old. */
const FRESH_MILLISECONDS = 3_000;
/** A page that reloads is gone for a moment. */
const LEAVE_MILLISECONDS = 10_000;
const MAX_MESSAGES = 1_000;

/** How it is known, and of what. */
export interface ObserverOptions {
  readonly eyes: Eyes;
  readonly runs: Pick<Runs, "acting" | "list">;
  readonly cluster: Pick<ComponentList["cluster"], "server" | "context">;
  /** Watches what a component consists of. */
  readonly alarm?: Alarm | undefined;
}

interface Seen {
  readonly look: Look;
  readonly detail: ComponentDetail;
  /** When the look began, in milliseconds. */
  readonly at: number;
}

/** How everything is. */
export class Observer implements AsyncDisposable {
  readonly #options: ObserverOptions;
  readonly #seen = new Map<string, Seen>();
  readonly #looking = new Map<string, Promise<Seen>>();
  /** When something last happened to a component: what was seen before is out of date. */
  readonly #moved = new Map<string, number>();
  readonly #dirty = new Map<string, ReturnType<typeof setTimeout>>();
  readonly #watches: Watches | undefined;
  readonly messages = new Backlog<LiveMessage>(MAX_MESSAGES);
  #listing: { readonly listing: Listing; readonly at: number } | undefined;
  #listed: Promise<Listing> | undefined;
  #reach = "";
  #viewers = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #round: Promise<void> = Promise.resolve();
  #polling = false;
  #closed = false;

  constructor(options: ObserverOptions) {
    this.#options = options;
    const { alarm } = options;
    this.#watches = alarm && new Watches(alarm, (component) => this.touch(component));
  }

  /** Somebody watches, until what is returned is called. */
  attend(): () => void {
    this.#viewers++;
    if (this.#viewers === 1 && !this.#closed) {
      clearTimeout(this.#timer);
      if (!this.#polling) this.#timer = setTimeout(() => this.#poll(), 0);
    }
    let left = false;
    return () => {
      if (left) return;
      left = true;
      if (--this.#viewers > 0 || this.#closed) return;
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#watches?.stop(), LEAVE_MILLISECONDS);
    };
  }

  /** All components, as they are or were a moment ago. */
  async list(): Promise<ComponentList> {
    const listing = await this.#list(FRESH_MILLISECONDS);
    const names = namesIn(listing);
    const seen = await Promise.all(names.map((name) => this.#fresh(name)));
    const { sourceError, clusterError } = listing;
    return {
      components: seen.map(({ detail }) => detail.component),
      cluster: {
        ...this.#options.cluster,
        ...(clusterError === undefined ? {} : { error: problemOf(clusterError) }),
      },
      source: {
        ...listing.source,
        ...(sourceError === undefined ? {} : { error: problemOf(sourceError) }),
      },
      observed: new Date().toISOString(),
    };
  }

  /** One component. @throws {ServeError} `not-found` */
  async detail(name: string): Promise<ComponentDetail> {
    return (await this.#known(name)).detail;
  }

  /** What was found out about a component. @throws {ServeError} `not-found` */
  async look(name: string): Promise<Look> {
    return (await this.#known(name)).look;
  }

  /** What is known right now, without looking. */
  get rows(): Component[] {
    return [...this.#seen.values()].map(({ detail }) => detail.component);
  }

  /** Something has happened to a component: it is looked at soon. */
  touch(name: string): void {
    this.#moved.set(name, Date.now());
    if (this.#closed || this.#dirty.has(name)) return;
    const look = () => {
      this.#dirty.delete(name);
      void this.#look(name);
    };
    this.#dirty.set(name, setTimeout(look, SETTLE_MILLISECONDS));
  }

  /** A run is in another state. */
  tell(run: Run): void {
    this.messages.add({ type: "run", run: withoutPlan(run) });
    if (this.#seen.has(run.component)) this.#describe(run.component);
    if (run.state === "done" || run.state === "running") this.touch(run.component);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#dirty.forEach(clearTimeout);
    this.messages.end();
    await this.#watches?.[Symbol.asyncDispose]();
    await this.#round;
    await Promise.allSettled(this.#looking.values());
  }

  #poll(): void {
    this.#polling = true;
    this.#round = this.#lookAtAll().finally(() => {
      this.#polling = false;
      if (this.#closed || this.#viewers === 0) return;
      this.#timer = setTimeout(() => this.#poll(), POLL_MILLISECONDS);
    });
  }

  async #lookAtAll(): Promise<void> {
    const names = namesIn(await this.#list(0));
    for (const name of this.#seen.keys()) {
      if (names.includes(name)) continue;
      this.#seen.delete(name);
      this.#watches?.forget(name);
      this.messages.add({ type: "removed", name });
    }
    await Promise.all(names.map((name) => this.#look(name)));
  }

  async #list(age: number): Promise<Listing> {
    const { at, listing } = this.#listing ?? {};
    if (listing !== undefined && at !== undefined && Date.now() - at < age) return listing;
    this.#listed ??= this.#options.eyes.list().finally(() => this.#listed = undefined);
    const found = await this.#listed;
    this.#listing = { listing: found, at: Date.now() };
    this.#tellReach(found);
    return found;
  }

  #tellReach({ clusterError, sourceError }: Listing): void {
    const reach = {
      ...(clusterError === undefined ? {} : { cluster: problemOf(clusterError) }),
      ...(sourceError === undefined ? {} : { source: problemOf(sourceError) }),
    };
    const text = JSON.stringify(reach);
    if (text === this.#reach || (this.#reach === "" && text === "{}")) return;
    this.#reach = text;
    this.messages.add({ type: "reach", ...reach });
  }

  async #known(name: string): Promise<Seen> {
    const listing = await this.#list(FRESH_MILLISECONDS);
    if (namesIn(listing).includes(name)) return await this.#fresh(name);
    throw new ServeError("not-found", `There is no component ${name}`, {
      hint: `There are ${namesIn(listing).join(", ") || "none"}.`,
    });
  }

  /** While somebody watches, what is known is kept up, and a second look would find the same. */
  async #fresh(name: string): Promise<Seen> {
    const patience = this.#viewers > 0 ? 2 * POLL_MILLISECONDS : FRESH_MILLISECONDS;
    const needed = Math.max(Date.now() - patience, this.#moved.get(name) ?? 0);
    let seen = this.#seen.get(name);
    // A look that is under way may have begun too early.
    for (let tries = 0; (seen === undefined || seen.at < needed) && tries < 2; tries++) {
      seen = await this.#look(name);
    }
    return seen ?? await this.#look(name);
  }

  #look(name: string): Promise<Seen> {
    const looking = this.#looking.get(name) ??
      this.#lookNow(name).finally(() => this.#looking.delete(name));
    this.#looking.set(name, looking);
    return looking;
  }

  async #lookNow(name: string): Promise<Seen> {
    const at = Date.now();
    const look = await this.#options.eyes.look(name);
    if (this.#viewers > 0 && !this.#closed) {
      this.#watches?.follow(name, look.view?.objects ?? []);
    }
    return this.#describe(name, { look, at });
  }

  /** Describes a component anew, and tells it if it is other than before. */
  #describe(name: string, found: Omit<Seen, "detail"> | undefined = this.#seen.get(name)): Seen {
    const before = this.#seen.get(name);
    if (found === undefined) throw new ServeError("not-found", `There is no component ${name}`);
    const { look, at } = found;
    const detail = describeComponent(look, {
      acting: this.#options.runs.acting(name),
      before: before?.detail.component,
      now: new Date(),
    });
    const seen = { look, detail, at };
    this.#seen.set(name, seen);
    if (before?.detail.component.version !== detail.component.version) {
      this.messages.add({ type: "component", component: detail.component });
    }
    return seen;
  }
}

function namesIn({ declared, deployed }: Listing): string[] {
  return [...new Set([...declared, ...deployed])].sort();
}
