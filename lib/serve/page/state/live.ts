/** All components and runs, as the server's stream tells of them. @module */
import type { Component, LiveMessage, Problem, Run } from "../../contract.ts";

/** What is known of everything. */
export interface Live {
  readonly components: ReadonlyMap<string, Component>;
  readonly runs: ReadonlyMap<string, Run>;
  /** Why the cluster, or the source, can't be reached. */
  readonly cluster?: Problem | undefined;
  readonly source?: Problem | undefined;
  /** The server's clock minus this one's, in milliseconds. */
  readonly clock: number;
}

/** Before the server has said anything. */
export const NOTHING: Live = { components: new Map(), runs: new Map(), clock: 0 };

/** @param now This machine's clock, in milliseconds. */
export function applyLive(live: Live, message: LiveMessage, now: number): Live {
  switch (message.type) {
    case "hello": {
      const clock = Date.parse(message.time) - now;
      // Not resumed: everything is told anew, so what is not told is gone.
      return message.resumed ? { ...live, clock } : { ...NOTHING, clock };
    }
    case "component": {
      const { component } = message;
      return {
        ...live,
        components: withEntry(live.components, component.name, component),
      };
    }
    case "removed": {
      const components = new Map(live.components);
      components.delete(message.name);
      return { ...live, components };
    }
    case "run":
      return { ...live, runs: withEntry(live.runs, message.run.id, message.run) };
    case "reach":
      return { ...live, cluster: message.cluster, source: message.source };
  }
}

function withEntry<Value>(
  map: ReadonlyMap<string, Value>,
  key: string,
  value: Value,
): ReadonlyMap<string, Value> {
  return new Map(map).set(key, value);
}

/** The run that is at work on a component, or waits for its confirmation. */
export function activeRun(live: Live, component: string): Run | undefined {
  return [...live.runs.values()].find((run) => run.component === component && run.state !== "done");
}
