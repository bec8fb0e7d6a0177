/** Work on many things, a few at a time. @module */

/**
 * Does something with every item, at most `limit` at a time, each begun only when its turn has come.
 *
 * @throws the first error; what is under way then is waited for, the rest is not begun.
 * @example
 * ```ts
 * import { forEachLimited } from "./pool.ts";
 * import assert from "node:assert/strict";
 *
 * const seen: number[] = [];
 * await forEachLimited([1, 2, 3], 2, (item) => Promise.resolve(void seen.push(item)));
 * assert.deepEqual(seen, [1, 2, 3]);
 * ```
 */
export async function forEachLimited<Item>(
  items: readonly Item[],
  limit: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  let failed = false;
  const worker = async () => {
    for (const item of queue) {
      if (failed) return;
      try {
        await work(item);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const workers = Array.from({ length: Math.min(limit, items.length) }, worker);
  const results = await Promise.allSettled(workers);
  const broken = results.find((result) => result.status === "rejected");
  if (broken !== undefined) throw broken.reason;
}
