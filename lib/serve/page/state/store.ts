/** A value that changes, and who wants to know. @module */

/** Holds one value. */
export interface Store<Value> {
  readonly get: () => Value;
  /** Replaces the value by what a function makes of it. */
  readonly update: (change: (value: Value) => Value) => void;
  /** Calls a function at each change. @returns what ends it. */
  readonly subscribe: (listener: () => void) => () => void;
}

/**
 * Makes a store.
 *
 * @example
 * ```ts
 * import { createStore } from "./store.ts";
 * import assert from "node:assert/strict";
 *
 * const count = createStore(1);
 * count.update((value) => value + 1);
 * assert.equal(count.get(), 2);
 * ```
 */
export function createStore<Value>(initial: Value): Store<Value> {
  let value = initial;
  const listeners = new Set<() => void>();
  return {
    get: () => value,
    update: (change) => {
      const next = change(value);
      if (Object.is(next, value)) return;
      value = next;
      for (const listener of listeners) listener();
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
