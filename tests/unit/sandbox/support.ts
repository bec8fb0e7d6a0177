/** What several tests of lib/sandbox need. */

import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";

const LONGEST_SECONDS = 60;

/** Repeats a check until its assertions hold; after a minute its last failure is the test's. */
export async function until<T>(check: () => Promise<T> | T): Promise<T> {
  const end = performance.now() + LONGEST_SECONDS * 1000;
  while (true) {
    try {
      return await check();
    } catch (error) {
      if (!(error instanceof assert.AssertionError) || performance.now() > end) throw error;
    }
    await delay(50);
  }
}

/** Fails while a process with this id runs. */
export function assertGone(processId: number): void {
  assert.throws(() => Deno.kill(processId, "SIGCONT"), Deno.errors.NotFound);
}

/** Fails while a file or folder is there. */
export async function assertAbsent(path: string): Promise<void> {
  await assert.rejects(Deno.stat(path), Deno.errors.NotFound);
}
