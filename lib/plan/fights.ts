/**
 * Fights: a field that is corrected again and again, because somebody else sets it back each time, or an object that is
 * made again and again, because somebody deletes it each time. Each correction adds
 * one to a rate that halves in a day. From a certain rate on the field is left as the other has it for a time that doubles
 * with each correction, so that a fight costs a few writes a day instead of one a run, and still ends by itself once
 * the other gives up.
 * @module
 */

/** A field, or an object as a whole, that is corrected again and again. */
export interface Fight {
  /** Key of the object. */
  readonly object: string;
  /** As people write it; empty for the object as a whole, which somebody deletes. */
  readonly path: string;
  /** Who set the value that was corrected last; `somebody` where the API server does not tell. */
  readonly manager: string;
  /** Corrections so far. */
  readonly corrections: number;
  /** The same, each counting for half after a day; as of `at`. */
  readonly rate: number;
  /** When it was corrected last, RFC 3339. */
  readonly at: string;
}

/** A field that was corrected, and who had changed it. */
export type Correction = Pick<Fight, "object" | "path" | "manager">;

const MINUTE = 60_000;
const HALF_LIFE = 24 * 60 * MINUTE;
/** Three corrections within a few hours are a fight; one a day is none. */
const THRESHOLD = 2.5;
const FIRST_WAIT = 15 * MINUTE;
const LONGEST_WAIT = 12 * 60 * MINUTE;
/** Below it a field is forgotten: three days after a single correction. */
const FORGOTTEN = 0.125;
/** The liveliest are kept. */
const MAX_FIGHTS = 100;

/**
 * Counts corrections.
 *
 * @param now milliseconds since 1970.
 * @example
 * ```ts
 * import { backedOffUntil, withCorrections } from "./fights.ts";
 * import assert from "node:assert/strict";
 *
 * const correction = { object: "apps/Deployment/web/web", path: "spec.replicas", manager: "autoscaler" };
 * let fights = withCorrections([], [correction], 0);
 * assert.equal(backedOffUntil(fights[0]!), undefined);
 * fights = withCorrections(withCorrections(fights, [correction], 60_000), [correction], 120_000);
 * assert.equal(new Date(backedOffUntil(fights[0]!)!).toISOString(), "1970-01-01T00:23:10.877Z");
 * ```
 */
export function withCorrections(
  fights: readonly Fight[],
  corrections: readonly Correction[],
  now: number,
): Fight[] {
  const known = new Map(fights.map((fight) => [fieldKey(fight), fight]));
  for (const correction of corrections) {
    const before = known.get(fieldKey(correction));
    known.set(fieldKey(correction), {
      ...correction,
      corrections: (before?.corrections ?? 0) + 1,
      rate: (before === undefined ? 0 : rateAt(before, now)) + 1,
      at: new Date(now).toISOString(),
    });
  }
  return [...known.values()]
    .filter((fight) => rateAt(fight, now) >= FORGOTTEN)
    .sort((left, right) => rateAt(right, now) - rateAt(left, now))
    .slice(0, MAX_FIGHTS);
}

/** Until when a field is left as it lives, in milliseconds since 1970; undefined for one that is no fight. */
export function backedOffUntil({ rate, at }: Fight): number | undefined {
  if (rate < THRESHOLD) return undefined;
  return Date.parse(at) + Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (rate - THRESHOLD));
}

/** The fight about a field, if it is left as it lives now. */
export function backedOff(
  fights: readonly Fight[],
  field: Pick<Fight, "object" | "path">,
  now: number,
): Fight | undefined {
  const fight = fights.find((known) => fieldKey(known) === fieldKey(field));
  return fight !== undefined && (backedOffUntil(fight) ?? 0) > now ? fight : undefined;
}

function rateAt({ rate, at }: Fight, now: number): number {
  return rate * 2 ** (-Math.max(0, now - Date.parse(at)) / HALF_LIFE);
}

function fieldKey({ object, path }: Pick<Fight, "object" | "path">): string {
  return `${object} ${path}`;
}
