import assert from "node:assert/strict";
import fc from "fast-check";
import {
  backedOff,
  backedOffUntil,
  type Fight,
  withCorrections,
} from "../../../lib/plan/fights.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const field = { object: "apps/Deployment/web/web", path: "spec.replicas" };
const correction = { ...field, manager: "autoscaler" };

/** Runs once in each period against somebody who sets the field back at once. @returns when it was corrected. */
function fight(period: number, days: number): number[] {
  const corrected: number[] = [];
  let fights: Fight[] = [];
  for (let now = 0; now < days * DAY; now += period) {
    if (backedOff(fights, field, now) !== undefined) continue;
    fights = withCorrections(fights, [correction], now);
    corrected.push(now);
  }
  return corrected;
}

Deno.test("who fights for days is corrected a few times a day, however often runs come, and never given up", () => {
  fc.assert(fc.property(fc.integer({ min: 10_000, max: 30 * MINUTE }), (period) => {
    const corrected = fight(period, 14);
    const [first, second, third] = corrected;
    assert.deepEqual([first, second, third], [0, period, 2 * period]);
    assert.ok(corrected.length < 3 + 14 * 9, `${corrected.length} corrections`);
    const gaps = corrected.slice(1).map((time, index) => time - (corrected[index] ?? 0));
    assert.ok(Math.max(...gaps) <= 12 * 60 * MINUTE + period);
    const lastDays = corrected.filter((time) => time > 7 * DAY);
    assert.ok(lastDays.length >= 7 && lastDays.length <= 7 * 6, `${lastDays.length} in a week`);
  }));
});

Deno.test("the wait doubles with each correction, up to half a day", () => {
  fc.assert(fc.property(fc.integer({ min: 3, max: 400 }), (corrections) => {
    let fights: Fight[] = [];
    const waits: number[] = [];
    for (let count = 0; count < corrections; count++) {
      fights = withCorrections(fights, [correction], 0);
      const until = fights[0] === undefined ? undefined : backedOffUntil(fights[0]);
      if (until !== undefined) waits.push(until);
    }
    for (const [index, wait] of waits.entries()) {
      assert.ok(wait <= 12 * 60 * MINUTE);
      const before = waits[index - 1];
      if (before !== undefined) assert.equal(wait, Math.min(12 * 60 * MINUTE, before * 2));
    }
    assert.equal(waits.length, corrections - 2);
  }));
});

Deno.test("one correction a day is no fight, and a field that stays as it is is forgotten", () => {
  let fights: Fight[] = [];
  for (let day = 0; day < 100; day++) {
    fights = withCorrections(fights, [correction], day * DAY);
    assert.equal(backedOff(fights, field, day * DAY), undefined);
  }
  assert.equal(fights[0]?.corrections, 100);
  assert.deepEqual(withCorrections(fights, [], 105 * DAY), []);
});

Deno.test("however many fields are fought over, the record stays small and keeps the liveliest", () => {
  const many = Array.from(
    { length: 500 },
    (_, index) => ({ ...correction, path: `spec.f${index}` }),
  );
  const lively = { ...correction, path: "spec.lively" };
  const fights = withCorrections(withCorrections([], [lively], 0), [...many, lively], MINUTE);
  assert.equal(fights.length, 100);
  assert.deepEqual([fights[0]?.path, fights[0]?.corrections], ["spec.lively", 2]);
});

Deno.test("a clock that runs backwards neither adds to a rate nor loses it", () => {
  const fights = withCorrections(withCorrections([], [correction], DAY), [correction], 0);
  assert.equal(fights[0]?.rate, 2);
});
