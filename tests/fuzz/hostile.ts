/** What somebody might send who means no good, and what may come of it. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { PlumbError } from "../../lib/errors.ts";

/** A secret that is given to what is fuzzed, and must come out nowhere. */
export const CANARY = "canary-7f3a9c51e2";

/** How often each property is tried; more with the variable `PLUMB_FUZZ_RUNS`. */
export const RUNS = { numRuns: Number(Deno.env.get("PLUMB_FUZZ_RUNS") ?? 150) };

/** JSON values that no schema expects. */
export const junk: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    "",
    0,
    -1,
    1e308,
    true,
    [],
    {},
    [null],
    { metadata: null },
    "../../../../etc/passwd",
    "\u0000\u001b[2J\u202e",
    "a".repeat(10_000),
    Number.MAX_SAFE_INTEGER,
    { items: [{ metadata: { name: "x" } }] },
  ),
  // No duplicate of an own `__proto__`: JSON.parse makes it a plain key, and it must stay one.
  fc.json({ maxDepth: 3 }).map((text) => JSON.parse(text) as unknown),
);

/** A valid value of which some parts were replaced, removed or doubled. */
export function mutated(valid: unknown): fc.Arbitrary<unknown> {
  return fc.array(fc.tuple(fc.nat(), fc.nat(3), junk), { minLength: 1, maxLength: 3 })
    .map((changes) => changes.reduce<unknown>(changeAt, structuredClone(valid)));
}

/** Changes the part with that number, counted through the whole value. */
function changeAt(value: unknown, [number, how, given]: [number, number, unknown]): unknown {
  const parts = partsOf(value);
  const part = parts[number % Math.max(1, parts.length)];
  if (part === undefined) return structuredClone(given);
  const { holder, key } = part;
  const replacement = structuredClone(given);
  if (how === 0 && Array.isArray(holder)) holder.push(replacement);
  else if (how === 1 && !Array.isArray(holder)) delete holder[key];
  else Object.defineProperty(holder, key, { value: replacement, ...PLAIN });
  return value;
}

const PLAIN = { enumerable: true, configurable: true, writable: true };

interface Part {
  readonly holder: Record<string, unknown> | unknown[];
  readonly key: string;
}

function partsOf(value: unknown): Part[] {
  if (typeof value !== "object" || value === null) return [];
  const holder = value as Record<string, unknown>;
  return Object.keys(holder).flatMap((key) => [{ holder, key }, ...partsOf(holder[key])]);
}

/** A text of which some characters were replaced, removed, doubled or put in. */
export function garbled(valid: string): fc.Arbitrary<string> {
  const piece = fc.oneof(
    fc.constantFrom(
      ..."{}[]&*!|>%@`'\"#:-?,\t\r\n \u0000\ufeff\u2028",
      "${",
      "}",
      "---\n",
      "<<: ",
      "&a ",
      "*a",
    ),
    fc.string({ maxLength: 6, unit: "binary" }),
  );
  const change = fc.tuple(fc.nat(), fc.nat(40), piece);
  return fc.array(change, { minLength: 1, maxLength: 4 }).map((changes) =>
    changes.reduce((text, [at, length, put]) => {
      const start = at % (text.length + 1);
      return text.slice(0, start) + put + text.slice(start + length);
    }, valid)
  );
}

/**
 * Asserts that something worked, or failed as a user can understand it: by an error of ours, with words, and without
 * the secret.
 */
export async function assertClear<Result>(
  work: () => Result | Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await work();
  } catch (error) {
    assert.ok(error instanceof PlumbError, `not an error of ours: ${inFull(error)}`);
    assert.notEqual(error.message.trim(), "", `${error.code} says nothing`);
    const { message, hint, place } = error;
    assert.ok(
      !JSON.stringify({ message, hint, place }).includes(CANARY),
      `the secret shows: ${message}`,
    );
    return undefined;
  }
}

function inFull(error: unknown): string {
  return error instanceof Error ? error.stack ?? error.message : String(error);
}
