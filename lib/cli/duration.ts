/** Durations as people write them. @module */
import { PlumbError } from "../errors.ts";

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/**
 * Milliseconds of `90s`, `5m`, `1h`, `2d` or `500ms`.
 *
 * @throws {PlumbError} `usage`
 * @example
 * ```ts
 * import { parseDuration } from "./duration.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(parseDuration("5m"), 300_000);
 * ```
 */
export function parseDuration(text: string): number {
  const match = /^(\d{1,6})(ms|s|m|h|d)$/.exec(text);
  const unit = UNITS[match?.[2] ?? ""];
  if (match === null || unit === undefined) {
    throw new PlumbError("usage", `\`${text}\` is not a duration`, {
      hint: "Write a number with its unit, such as 90s, 5m or 1h.",
    });
  }
  return Number(match[1]) * unit;
}
