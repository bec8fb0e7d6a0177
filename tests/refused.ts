import assert from "node:assert/strict";
import { errorOf, type Run } from "./plumb.ts";

/** Asserts a clear refusal: exit code 1, a code, where, and what to do. */
export function assertRefused(run: Run, code: string, place?: RegExp): void {
  assert.equal(run.code, 1, run.output);
  const error = errorOf(run);
  assert.equal(error.code, code, error.message);
  assert.ok(error.hint, `no hint: ${error.message}`);
  if (place !== undefined) assert.match(error.place ?? "", place);
}
