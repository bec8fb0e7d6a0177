import assert from "node:assert/strict";
import fc from "fast-check";
import {
  compareLines,
  fieldRows,
  inlineLines,
} from "../../../../lib/serve/page/state/diff_rows.ts";

const lines = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 12 });

Deno.test("each side reads as it is, but for what is the same on both", () => {
  fc.assert(fc.property(lines, lines, (live, desired) => {
    const rows = compareLines(live, desired);
    const side = (name: "live" | "desired") => rows.flatMap((row) => row[name] ?? []);
    const skipped = rows.some(({ kind }) => kind === "skipped");
    if (!skipped) assert.deepEqual([side("live"), side("desired")], [live, desired]);
    for (const { kind, live, desired } of rows) {
      if (kind === "same") assert.equal(live, desired);
      if (kind === "changed") assert.notEqual(live, undefined);
    }
    const changed = rows.filter(({ kind }) => !["same", "skipped"].includes(kind));
    assert.equal(changed.length === 0, live.join() === desired.join());
  }));
});

Deno.test("one changed line of many is shown with its surroundings", () => {
  const live = Array.from({ length: 1_000 }, (_, index) => `line ${index}`);
  const rows = compareLines(live, live.with(500, "other"));
  assert.deepEqual(rows.map(({ kind }) => kind), [
    "skipped",
    "same",
    "same",
    "same",
    "changed",
    "same",
    "same",
    "same",
    "skipped",
  ]);
});

Deno.test("texts too long to be compared line by line are shown as a whole", () => {
  const text = (word: string) => Array.from({ length: 3_000 }, (_, index) => `${word} ${index}`);
  assert.equal(compareLines(text("old"), text("new")).length, 3_000);
});

Deno.test("inline, what goes comes before what comes", () => {
  const field = {
    path: "data.a",
    difference: "changed",
    live: "1\n2\n3",
    desired: "1\n4\n5",
  } as const;
  assert.deepEqual(inlineLines(fieldRows(field)).map(({ sign, text }) => sign + text), [
    " 1",
    "-2",
    "-3",
    "+4",
    "+5",
  ]);
});

Deno.test("an absent side is empty, and other values are written as JSON", () => {
  assert.deepEqual(
    fieldRows({ path: "spec", difference: "added", desired: { a: [1] } }),
    [
      "{",
      '  "a": [',
      "    1",
      "  ]",
      "}",
    ].map((desired) => ({ kind: "added", desired })),
  );
});
