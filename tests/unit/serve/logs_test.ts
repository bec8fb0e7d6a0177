import assert from "node:assert/strict";
import fc from "fast-check";
import type { LogMessage } from "../../../lib/serve/contract.ts";
import type { LogPart } from "../../../lib/serve/log_follow.ts";
import { formatPosition, LogCursor, parsePosition } from "../../../lib/serve/log_position.ts";
import { LogSender } from "../../../lib/serve/log_sender.ts";
import { lineBatches } from "../../../lib/cluster/line_batches.ts";

const START = Date.parse("2026-01-01T00:00:00Z");

/** A line some nanoseconds after the start. */
const lineAt = (nanoseconds: number, text: string) => {
  const second = new Date(START + Math.floor(nanoseconds / 1e9) * 1000).toISOString().slice(0, 19);
  return `${second}.${String(nanoseconds % 1e9).padStart(9, "0")}Z ${text}`;
};

/** The lines that Kubernetes gives from the second of a position on. */
function since(lines: readonly string[], time: string): string[] {
  const second = Math.floor(Date.parse(time) / 1000) * 1000;
  return lines.filter((line) => Date.parse(line.split(" ")[0] ?? "") >= second);
}

Deno.test("wherever a connection breaks, each line is read exactly once", () => {
  const steps = fc.array(fc.constantFrom(0, 0, 1, 3e8, 1e9, 5e9), { minLength: 1, maxLength: 60 });
  const breaks = fc.array(fc.nat({ max: 20 }), { maxLength: 10 });
  fc.assert(fc.property(steps, breaks, (steps, breaks) => {
    let now = 0;
    const all = steps.map((step, index) => lineAt(now += step, `line ${index}`));
    const read: string[] = [];
    let cursor = new LogCursor();
    for (const count of [...breaks, all.length + 1]) {
      // Another connection, which knows nothing but the position as text.
      const position = cursor.position && parsePosition(formatPosition(cursor.position));
      cursor = new LogCursor(position);
      cursor.reopen();
      const given = position === undefined ? all : since(all, position.time);
      const fresh: string[] = [];
      for (const line of given) {
        if (fresh.length >= count) break;
        const { lines, missing } = cursor.take([line]);
        assert.equal(missing, false);
        fresh.push(...lines.map(({ text }) => text));
      }
      read.push(...fresh);
    }
    assert.deepEqual(read, all.map((_, index) => `line ${index}`));
  }));
});

Deno.test("a log that was cut off meanwhile is told, and read from what there is", () => {
  const cursor = new LogCursor(parsePosition("2026-01-01T00:00:05.000000000Z/1"));
  cursor.reopen();
  const { lines, missing } = cursor.take([lineAt(7e9, "later"), lineAt(8e9, "last")]);
  assert.equal(missing, true);
  assert.deepEqual(lines.map(({ text }) => text), ["later", "last"]);
});

function* parts(count: number, size: number): Generator<LogPart> {
  for (let index = 0; index < count; index++) {
    const lines = Array.from({ length: size }, (_, line) => (
      { time: "2026-01-01T00:00:00Z", text: String(index * size + line) }
    ));
    yield { type: "lines", lines, position: { time: "2026-01-01T00:00:00Z", count: index + 1 } };
  }
}

async function* counted(given: Iterable<LogPart>, taken: () => void): AsyncGenerator<LogPart> {
  for (const part of given) {
    taken();
    yield await Promise.resolve(part);
  }
}

/** Lets everything that can go on go on. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 20));

Deno.test("a log is read only as fast as its reader acknowledges, and pauses when he says so", async () => {
  const abort = new AbortController();
  const sent: LogMessage[] = [];
  let taken = 0;
  const sender = new LogSender({
    behind: "wait",
    send: (message) => sent.push(message),
    signal: abort.signal,
  });
  const running = sender.run(counted(parts(1_000, 100), () => taken++));
  await settle();
  assert.equal(sent.length, 8);
  assert.ok(taken < 150, `${taken} batches wait`);
  sender.command({ type: "ack", batch: 1_000_000 });
  await settle();
  assert.equal(sent.length, 8, "what was not sent can't be acknowledged");
  sender.command({ type: "pause" });
  sender.command({ type: "ack", batch: 8 });
  await settle();
  assert.equal(sent.length, 8);
  sender.command({ type: "resume" });
  await settle();
  assert.equal(sent.length, 16);
  while (sent.length < 1_000) {
    sender.command({ type: "ack", batch: sent.length });
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  sender.command({ type: "ack", batch: 1_000 });
  await running;
  const texts = sent.flatMap((message) =>
    message.type === "lines" ? message.lines.map(({ text }) => Number(text)) : []
  );
  assert.deepEqual(texts, texts.map((_, index) => index));
  assert.equal(texts.length, 100_000);
});

Deno.test("who stays at the newest misses the oldest lines, and is told how many", async () => {
  const abort = new AbortController();
  const sent: LogMessage[] = [];
  const sender = new LogSender({
    behind: "skip",
    send: (message) => sent.push(message),
    signal: abort.signal,
  });
  const running = sender.run(counted(parts(2_000, 100), () => {}));
  await settle();
  for (let batch = 8; batch <= 2_000; batch += 8) {
    sender.command({ type: "ack", batch });
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  await running;
  const lines = sent.flatMap((message) => message.type === "lines" ? message.lines : []).length;
  const skipped = sent.reduce(
    (sum, message) => sum + (message.type === "skipped" ? message.lines ?? 0 : 0),
    0,
  );
  assert.equal(lines + skipped, 200_000);
  assert.ok(skipped > 100_000);
});

Deno.test("what waits for a reader who says nothing is bounded in lines and in characters", async () => {
  const limits = [
    // 8 batches under way, 10,000 lines that wait, and one batch that was read before.
    { text: "short", most: 10_900 },
    // Of long lines, 4 Mi characters wait: 419 lines, so four batches, and as many as above besides.
    { text: "x".repeat(10_000), most: 1_300 },
  ];
  for (const behind of ["wait", "skip"] as const) {
    for (const { text, most } of limits) {
      const abort = new AbortController();
      const sent: LogMessage[] = [];
      let taken = 0;
      const sender = new LogSender({
        behind,
        send: (message) => sent.push(message),
        signal: abort.signal,
      });
      const given = function* (): Generator<LogPart> {
        for (const part of parts(500, 100)) {
          if (part.type === "lines") {
            yield { ...part, lines: part.lines.map(({ time }) => ({ time, text })) };
          }
        }
      };
      const running = sender.run(counted(given(), () => taken++));
      await settle();
      assert.equal(sent.length, 8);
      if (behind === "skip") {
        // The log was read to its end; what is left of it is what was kept.
        assert.equal(taken, 500);
        for (let batch = 8; sent.length < 500 && batch <= 1_000; batch += 8) {
          sender.command({ type: "ack", batch });
          await new Promise((resolve) => setTimeout(resolve, 0));
        }
        await running;
        taken = sent.filter(({ type }) => type === "lines").length;
      }
      assert.ok(
        taken * 100 <= most,
        `${behind}: ${taken * 100} lines of ${text.length} characters`,
      );
      abort.abort();
      await running;
    }
  }
});

Deno.test("a line without an end takes no more memory than another", async () => {
  const encoder = new TextEncoder();
  const chunks = [...Array.from({ length: 100 }, () => "x".repeat(1_000)), "\nshort\nla", "st"];
  const stream = ReadableStream.from(chunks.map((chunk) => encoder.encode(chunk)));
  const lines = (await Array.fromAsync(lineBatches(stream, 5_000))).flat();
  assert.deepEqual(lines.map((line) => line.length < 5_020), lines.map(() => true));
  assert.deepEqual(lines.slice(1), ["short", "last"]);
  assert.match(lines[0] ?? "", /^x{5000} … \(cut\)$/);
});
