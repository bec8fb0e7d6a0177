import assert from "node:assert/strict";
import fc from "fast-check";
import { LIMITS, LogBuffer } from "../../../../lib/serve/page/state/log_buffer.ts";
import { markedParts, plainText } from "../../../../lib/serve/page/state/log_text.ts";

const line = (text: string) => ({ time: "2026-01-01T00:00:00Z", text });
const shown = (log: LogBuffer) =>
  Array.from({ length: log.shown }, (_, index) => log.at(log.numberAt(index))?.text);

Deno.test("the newest lines are kept, and a search finds the same whether it comes before or after them", () => {
  const text = fc.stringMatching(/^[aAbB…]{0,6}$/);
  // Times of as many lines fill several chunks.
  const batches = fc.array(fc.array(fc.tuple(text, fc.nat({ max: 60 })), { maxLength: 9 }));
  fc.assert(fc.property(batches, (given) => {
    const limits = { lines: 600, bytes: 15_000, lineCharacters: 5 };
    const [early, late] = [new LogBuffer(limits), new LogBuffer(limits)];
    const texts = given.map((batch) => batch.flatMap(([text, times]) => Array(times).fill(text)));
    early.search("AB");
    for (const batch of texts) for (const log of [early, late]) log.append(batch.map(line));
    const all = texts.flat().map((text) =>
      text.length > 5 ? `${text.slice(0, 5)} … ${text.length - 5} more` : text
    );
    assert.deepEqual(shown(late), all.slice(late.first));
    assert.equal(late.end, all.length);
    assert.ok(late.shown <= limits.lines && late.bytes <= limits.bytes);
    assert.ok(
      late.first === 0 || late.shown === limits.lines || late.bytes > 0.9 * limits.bytes,
      "more was let go than needed",
    );
    late.search("ab");
    assert.deepEqual(shown(early), shown(late));
    assert.deepEqual(shown(late), all.slice(late.first).filter((text) => /ab/i.test(text)));
  }));
});

Deno.test("long lines take no more memory than short ones, and the newest of them is kept", () => {
  const log = new LogBuffer();
  for (let batch = 0; batch < 4; batch++) {
    const lines = Array.from(
      { length: 500 },
      (_, index) => `${batch * 500 + index} ${"…".repeat(20_000)}`,
    );
    log.append(lines.map(line));
    assert.ok(log.bytes <= LIMITS.bytes);
    assert.match(
      log.at(log.end - 1)?.text ?? "",
      new RegExp(`^${batch * 500 + 499} …+ … \\d+ more$`),
    );
  }
  assert.ok(log.bytes > 0.9 * LIMITS.bytes);
  assert.match(log.at(log.first)?.text ?? "", new RegExp(`^${log.first} …`));
});

Deno.test("a flood leaves no more than the limits, and the place of a line stays", () => {
  const log = new LogBuffer();
  log.search("7");
  const count = 500_000;
  for (let from = 0; from < count; from += 5_000) {
    log.append(Array.from({ length: 5_000 }, (_, index) => line(`line ${from + index}`)));
  }
  assert.deepEqual([log.first, log.end], [count - LIMITS.lines, count]);
  assert.equal(log.at(log.first)?.text, `line ${log.first}`);
  assert.equal(log.at(log.first - 1), undefined);
  assert.equal(log.at(log.numberAt(0))?.text, `line ${log.numberAt(0)}`);
  log.clear();
  assert.deepEqual([log.first, log.end, log.shown, log.at(0)], [0, 0, 0, undefined]);
});

Deno.test("what a terminal would do is neither done nor shown", () => {
  assert.equal(plainText("\u001b[1;31mred\u001b[0m\u0007 \u202eleft\ttab"), "red left\ttab");
});

Deno.test("found parts are apart, and all parts together are the line", () => {
  assert.deepEqual(markedParts("Error: no error", "error"), [
    { text: "Error", found: true },
    { text: ": no ", found: false },
    { text: "error", found: true },
  ]);
  assert.deepEqual(markedParts("", "x"), []);
});
