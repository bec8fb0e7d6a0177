/** A short selection of fault schedules; `deno task faults` is the long run. */
import assert from "node:assert/strict";
import { scheduleOf } from "./schedule.ts";
import { happen } from "./world.ts";

// The last two have pull requests.
const SEEDS = [1, 2, 3, 4, 5, 6, 15, 184];

Deno.test("whatever breaks on the way, the next run makes everything as Git says, and nothing is lost", async () => {
  const results = await Promise.allSettled(SEEDS.map((seed) => happen(scheduleOf(seed))));
  const failed = results.flatMap((result) => result.status === "rejected" ? [result.reason] : []);
  assert.deepEqual(failed.map((error) => (error as Error).message), []);
});

Deno.test("a seed always gives the same schedule", () => {
  const told = (seed: number) => JSON.stringify(scheduleOf(seed));
  assert.equal(told(7), told(7));
  assert.notEqual(told(7), told(8));
});
