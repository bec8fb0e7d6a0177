/** Numbers and times in words. @module */
import type { Action, Counts } from "../event.ts";

const ORDER: readonly Action[] = [
  "create",
  "update",
  "adopt",
  "replace",
  "delete",
  "conflict",
  "unchanged",
];
const INFINITIVE: Readonly<Record<Action, string>> = {
  create: "to create",
  update: "to update",
  adopt: "to adopt",
  replace: "to replace",
  delete: "to delete",
  conflict: "in conflict",
  unchanged: "unchanged",
};

/**
 * What a plan has, in words.
 *
 * @example
 * ```ts
 * import { countsInWords } from "./words.ts";
 * import { noCounts } from "../event.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(countsInWords({ ...noCounts(), create: 2, unchanged: 30 }), "2 to create, 30 unchanged");
 * ```
 */
export function countsInWords(counts: Counts): string {
  const parts = ORDER.filter((action) => counts[action] > 0).map((action) =>
    `${counts[action]} ${INFINITIVE[action]}`
  );
  return parts.length === 0 ? "nothing" : parts.join(", ");
}

/**
 * A number of things, grouped by thousands.
 *
 * @param noun Of one, with a plural by `s`.
 * @example
 * ```ts
 * import { counted } from "./words.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(counted(1, "object"), "1 object");
 * assert.equal(counted(12_000, "line"), "12,000 lines");
 * ```
 */
export function counted(number: number, noun: string): string {
  return `${number.toLocaleString("en-US")} ${noun}${number === 1 ? "" : "s"}`;
}

/**
 * How long ago a time was.
 *
 * @param time RFC 3339.
 * @example
 * ```ts
 * import { agoInWords } from "./words.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(agoInWords("2026-01-01T00:00:00Z", Date.parse("2026-01-01T00:03:10Z")), "3 minutes ago");
 * ```
 */
export function agoInWords(time: string, now: number): string {
  return `${spanInWords(now - Date.parse(time))} ago`;
}

/**
 * A time for people: in UTC, since readers and machines are in different zones, and as a span beside it.
 *
 * @param time RFC 3339, in the future.
 * @example
 * ```ts
 * import { untilInWords } from "./words.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(
 *   untilInWords("2026-01-01T02:00:00Z", Date.parse("2026-01-01T00:30:00Z")),
 *   "until 2026-01-01 02:00 UTC, in 2 hours",
 * );
 * ```
 */
export function untilInWords(time: string, now: number): string {
  return `until ${clockInWords(time)}, in ${spanInWords(Date.parse(time) - now)}`;
}

/** A time in UTC, to the minute. */
export function clockInWords(time: string): string {
  return `${new Date(time).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/**
 * How long something takes or took, rounded to its largest unit.
 *
 * @example
 * ```ts
 * import { spanInWords } from "./words.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(spanInWords(2 * 3_600_000 - 900), "2 hours");
 * ```
 */
export function spanInWords(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  const minutes = Math.round(seconds / 60);
  const hours = Math.round(minutes / 60);
  const [amount, unit] = seconds < 60
    ? [seconds, "second"]
    : minutes < 60
    ? [minutes, "minute"]
    : hours < 24
    ? [hours, "hour"]
    : [Math.round(hours / 24), "day"];
  return counted(amount, unit);
}

/** Seconds, short. */
export function secondsInWords(seconds: number): string {
  return seconds < 10 ? `${seconds.toFixed(1)} s` : `${Math.round(seconds)} s`;
}

/**
 * Who ran, without the number of the process and of the run, which tell people nothing.
 *
 * @param identity as the lease and the journal have it.
 * @example
 * ```ts
 * import { whoInWords } from "./words.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(whoInWords("ann@laptop/4711/0c0ffee0"), "ann@laptop");
 * ```
 */
export function whoInWords(identity: string): string {
  return identity.replace(/\/\d+\/[\w-]+$/, "");
}
