// deno-lint-ignore-file no-console
/**
 * The long run: many fault schedules against the real API server. `--schedules N`, `--seed N` for the first one;
 * a schedule that fails prints its seed, and `--schedules 1 --seed THAT` lets it happen again.
 */
import { parseArgs } from "node:util";
import { startSandbox } from "../../lib/sandbox/mod.ts";
import { scheduleOf } from "./schedule.ts";
import { happen } from "./world.ts";

const { values } = parseArgs({
  options: {
    schedules: { type: "string", default: "500" },
    seed: { type: "string", default: "1" },
    "at-once": { type: "string", default: "20" },
  },
});
const first = Number(values.seed);
const seeds = Array.from({ length: Number(values.schedules) }, (_, index) => first + index);
const total = seeds.length;
let failed = 0;
let done = 0;

await using sandbox = await startSandbox({ progress: (line) => console.log(line) });
Deno.env.set("PLUMB_TEST_KUBECONFIG", sandbox.kubeconfig);

/** Takes seeds until none is left. */
async function work(): Promise<void> {
  for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift()) {
    try {
      await happen(scheduleOf(seed));
    } catch (error) {
      failed++;
      console.log((error as Error).message);
    }
    if (++done % 25 === 0) console.log(`${done} of ${total} schedules, ${failed} failed`);
  }
}

await Promise.all(Array.from({ length: Number(values["at-once"]) }, work));
console.log(`\n${total - failed} passed, ${failed} failed`);
Deno.exitCode = failed === 0 ? 0 : 1;
