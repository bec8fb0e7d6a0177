/** What views share: values that change, time that goes by, and answers that are asked for. @module */
import { useEffect, useState } from "preact/hooks";
import type { Problem } from "../../contract.ts";
import { problemOf } from "../net/api.ts";
import { type Session, session } from "../net/session.ts";
import { type Route, routeOf } from "../state/route.ts";
import type { Store } from "../state/store.ts";

/** The value of a store, and a new look at each change. */
export function useStore<Value>(store: Store<Value>): Value {
  const [value, show] = useState(store.get);
  useEffect(() => {
    const update = () => show(() => store.get());
    // It may have changed between the first look and now.
    update();
    return store.subscribe(update);
  }, [store]);
  return value;
}

/** What all views know. */
export function useSession(): Session {
  return useStore(session);
}

/** The server's time in milliseconds, anew every so many milliseconds. */
export function useNow(milliseconds = 5_000): number {
  const [now, show] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => show(Date.now()), milliseconds);
    return () => clearInterval(timer);
  }, [milliseconds]);
  return now + session.get().live.clock;
}

/** Where the page is. */
export function useRoute(): Route {
  const [route, show] = useState(() => routeOf(location.hash));
  useEffect(() => {
    const update = () => show(routeOf(location.hash));
    addEventListener("hashchange", update);
    return () => removeEventListener("hashchange", update);
  }, []);
  return route;
}

/** What the window is called. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title === "" ? "Plumb" : `${title} – Plumb`;
  }, [title]);
}

/** An answer, the last one as long as there is no newer one. */
export interface Asked<Answer> {
  readonly value: Answer | undefined;
  readonly problem: Problem | undefined;
}

/**
 * Asks, and asks again when one of the keys changes. Another first key is another question, whose old answer says nothing.
 */
export function useAnswer<Answer>(
  ask: (signal: AbortSignal) => Promise<Answer>,
  keys: readonly [string, ...(string | number | undefined)[]],
): Asked<Answer> {
  const [asked, show] = useState<Asked<Answer> & { readonly of: string }>({
    of: keys[0],
    value: undefined,
    problem: undefined,
  });
  useEffect(() => {
    const stop = new AbortController();
    ask(stop.signal).then(
      (value) => show({ of: keys[0], value, problem: undefined }),
      (error) => {
        if (stop.signal.aborted) return;
        const problem = problemOf(error);
        show((before) => ({
          of: keys[0],
          value: before.of === keys[0] ? before.value : undefined,
          problem,
        }));
      },
    );
    return () => stop.abort();
  }, keys);
  return asked.of === keys[0] ? asked : { value: undefined, problem: undefined };
}
