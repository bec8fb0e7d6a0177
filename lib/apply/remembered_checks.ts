/** What the journal keeps of single checks: of the last verification all that people need, of earlier ones how each ended. @module */
import { z } from "zod";
import type { Event } from "../event.ts";

const MAX_CHECKS = 100;
const MAX_TEXT = 500;
const MAX_EVIDENCE = 12;

const cut = (length: number) => z.string().transform((value) => value.slice(0, length));
const text = cut(MAX_TEXT);

/** How one check ended. */
const rememberedCheck = z.object({
  name: cut(100),
  status: z.enum(["passed", "failed", "not-judged"]),
  seconds: z.exactOptional(z.number()),
  title: z.exactOptional(text),
  message: z.exactOptional(text),
  probably: z.exactOptional(text),
  hint: z.exactOptional(text),
  evidence: z.exactOptional(
    z.array(z.object({ name: cut(100), value: text }))
      .transform((all) => all.slice(0, MAX_EVIDENCE)),
  ),
});
export type RememberedCheck = Readonly<z.output<typeof rememberedCheck>>;

/** All checks of a verification. */
export const rememberedChecks = z.array(rememberedCheck)
  .transform((all) => all.slice(0, MAX_CHECKS));

/** A check that has ended, as it is remembered; undefined while it runs. */
export function rememberedOf(
  { type: _, proves: __, status, ...told }: Extract<Event, { type: "check" }>,
): RememberedCheck | undefined {
  if (status === "running") return undefined;
  const { evidence, ...rest } = told;
  return { ...rest, status, ...(evidence === undefined ? {} : { evidence: [...evidence] }) };
}

/**
 * How each check ended, and no more.
 *
 * @example
 * ```ts
 * import { inShort } from "./remembered_checks.ts";
 * import assert from "node:assert/strict";
 *
 * const told = { name: "http", status: "failed", seconds: 2, message: "502" } as const;
 * assert.deepEqual(inShort([told]), [{ name: "http", status: "failed", seconds: 2 }]);
 * ```
 */
export function inShort(checks: readonly RememberedCheck[]): RememberedCheck[] {
  return checks.map(({ name, status, seconds }) => ({
    name,
    status,
    ...(seconds === undefined ? {} : { seconds }),
  }));
}
