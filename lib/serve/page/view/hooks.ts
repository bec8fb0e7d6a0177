/** What views share: values that change, time that goes by, and answers that are asked for. @module */
import { useEffect, useRef, useState } from "preact/hooks";
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
 * What is asked already is waited for: the answer of a large component may take longer than its next change to come.
 */
export function useAnswer<Answer>(
  ask: (signal: AbortSignal) => Promise<Answer>,
  keys: readonly [string, ...(string | number | undefined)[]],
): Asked<Answer> {
  const [of] = keys;
  const [asked, show] = useState<Asked<Answer> & { readonly of: string }>({
    of,
    value: undefined,
    problem: undefined,
  });
  const latest = useRef(ask);
  latest.current = ask;
  const asking = useRef<Asking>();
  useEffect(() => () => {
    asking.current?.stop.abort();
    asking.current = undefined;
  }, [of]);
  useEffect(() => {
    if (asking.current !== undefined) {
      asking.current.again = true;
      return;
    }
    const own: Asking = { stop: new AbortController(), again: true };
    asking.current = own;
    const { signal } = own.stop;
    const answerAll = async () => {
      while (own.again && !signal.aborted) {
        own.again = false;
        try {
          const value = await latest.current(signal);
          if (!signal.aborted) show({ of, value, problem: undefined });
        } catch (error) {
          if (signal.aborted) return;
          const problem = problemOf(error);
          show((before) => ({ of, value: before.of === of ? before.value : undefined, problem }));
        }
      }
      if (asking.current === own) asking.current = undefined;
    };
    void answerAll();
  }, keys);
  return asked.of === of ? asked : { value: undefined, problem: undefined };
}

/** A question that is not answered yet. */
interface Asking {
  readonly stop: AbortController;
  /** Something has changed since it was asked. */
  again: boolean;
}
