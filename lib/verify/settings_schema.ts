/** Parts that the settings of several checks have. @module */
import { z } from "zod";
import type { CheckContext } from "./check.ts";

/** `namespace/name:port` of a Service; without a namespace, of the component's. */
export const service = z.string().regex(
  /^([-a-z0-9]+\/)?[-a-z0-9]+:[0-9]+$/,
  "must be NAMESPACE/NAME:PORT of a Service, or NAME:PORT",
);

/** A text, or a key of a Secret. */
export const credential = z.union([
  z.string(),
  z.strictObject({ namespace: z.string().optional(), secret: z.string(), key: z.string() }),
]);

/** Name and password, or the name of a Secret that has both under these keys. */
export const login = z.union([
  z.strictObject({ username: credential, password: credential }),
  z.string().min(1).transform((secret) => (
    { username: { secret, key: "username" }, password: { secret, key: "password" } }
  )),
]);

/** A login that need not be given; the empty text is none, so that it may come from a parameter. */
export const optionalLogin = z.union([z.literal("").transform(() => undefined), login]).optional();

/** An address without a path. */
export const baseUrl = z.url({ protocol: /^https?$/ });

/** The text itself, or what the Secret holds. */
export async function valueOf(
  given: z.output<typeof credential>,
  context: Pick<CheckContext, "secret">,
): Promise<string> {
  return typeof given === "string" ? given : await context.secret(given);
}

/**
 * Whether a version is new enough, by its leading numbers.
 *
 * @example
 * ```ts
 * import { versionAtLeast } from "./settings_schema.ts";
 * import assert from "node:assert/strict";
 *
 * assert.ok(versionAtLeast("18.1 (Debian)", 18));
 * assert.ok(versionAtLeast("8.0.2", "8.0"));
 * assert.ok(!versionAtLeast("7.2.4", 8));
 * ```
 */
export function versionAtLeast(version: string, least: number | string): boolean {
  const numbers = (text: string) => (/\d+(\.\d+)*/.exec(text)?.[0] ?? "0").split(".").map(Number);
  const [have, want] = [numbers(version), numbers(String(least))];
  for (const [index, wanted] of want.entries()) {
    const had = have[index] ?? 0;
    if (had !== wanted) return had > wanted;
  }
  return true;
}
