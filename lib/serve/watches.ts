/** Watches of what components consist of, so that a change by hand is seen as it happens. @module */
import type { ObjectView } from "../apply/mod.ts";
import type { Resource } from "../cluster/mod.ts";

/** What is watched: a kind in a namespace. */
export interface Watched {
  readonly resource: Resource;
  readonly namespace: string | undefined;
}

/** Calls back whenever something of a kind in a namespace changes, until the signal's abort. */
export type Alarm = (
  watched: Watched,
  changed: (name: string) => void,
  signal: AbortSignal,
) => Promise<void>;

/** Each watch is a connection. What is beyond this is seen by the poll. */
const MAX_WATCHES = 60;
/** Who may not watch, or can't reach the cluster, tries again after this. */
const PAUSE_MILLISECONDS = 30_000;
/** Plumb's own kinds are not the cluster's. */
const OWN_GROUP = "plumb.thinkube.io";

interface Watch {
  readonly components: Map<string, ReadonlySet<string>>;
  readonly abort: AbortController;
  readonly ended: Promise<void>;
}

/** All watches; one serves all components that have objects of that kind in that namespace. */
export class Watches implements AsyncDisposable {
  readonly #alarm: Alarm;
  readonly #changed: (component: string) => void;
  readonly #watches = new Map<string, Watch>();

  /** @param changed called with the component to which something has happened. */
  constructor(alarm: Alarm, changed: (component: string) => void) {
    this.#alarm = alarm;
    this.#changed = changed;
  }

  /** Watches these objects of a component, and no longer what it had before. */
  follow(component: string, objects: readonly ObjectView[]): void {
    const names = new Map<string, { readonly watched: Watched; readonly names: Set<string> }>();
    for (const { resource, reference: { namespace, name } } of objects) {
      if (resource.group === OWN_GROUP) continue;
      const key = `${resource.group}/${resource.plural}/${namespace ?? ""}`;
      const group = names.get(key) ?? { watched: { resource, namespace }, names: new Set() };
      group.names.add(name);
      names.set(key, group);
    }
    for (const [key, watch] of this.#watches) {
      if (!names.has(key) && watch.components.delete(component)) this.#endUnused(key, watch);
    }
    for (const [key, { watched, names: wanted }] of names) {
      if (!this.#watches.has(key) && this.#watches.size >= MAX_WATCHES) continue;
      const watch = this.#watches.get(key) ?? this.#begin(watched);
      watch.components.set(component, wanted);
      this.#watches.set(key, watch);
    }
  }

  /** A component is no longer there. */
  forget(component: string): void {
    this.follow(component, []);
  }

  /** Nobody looks any more. */
  stop(): void {
    for (const { abort } of this.#watches.values()) abort.abort();
    this.#watches.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = [...this.#watches.values()].map((watch) => watch.ended);
    this.stop();
    await Promise.all(ended);
  }

  #begin(watched: Watched): Watch {
    const abort = new AbortController();
    const components = new Map<string, ReadonlySet<string>>();
    const changed = (name: string) => {
      for (const [component, names] of components) if (names.has(name)) this.#changed(component);
    };
    return { components, abort, ended: this.#keepUp(watched, changed, abort.signal) };
  }

  async #keepUp(
    watched: Watched,
    changed: (name: string) => void,
    signal: AbortSignal,
  ): Promise<void> {
    while (!signal.aborted) {
      // Whatever it ends of, the poll goes on; and who may not watch now, may be allowed to later.
      await this.#alarm(watched, changed, signal).catch(() => {});
      await pause(PAUSE_MILLISECONDS, signal);
    }
  }

  #endUnused(key: string, { components, abort }: Watch): void {
    if (components.size > 0) return;
    abort.abort();
    this.#watches.delete(key);
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}
