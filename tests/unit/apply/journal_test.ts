import assert from "node:assert/strict";
import {
  decodeJournal,
  emptyJournal,
  encodeJournal,
  type Run,
  withGood,
  withRun,
} from "../../../lib/apply/journal.ts";

function run(id: string, more: Partial<Run> = {}): Run {
  return {
    id,
    command: "reconcile",
    source: { url: "https://git.example.com/web.git", revision: id.padStart(40, "0") },
    identity: "cron/1",
    started: "2026-01-01T00:00:00Z",
    seconds: 1.5,
    result: "applied",
    message: "The cluster is now as Git says",
    changes: { create: 2 },
    evidence: [],
    ...more,
  };
}

Deno.test("a journal is read as it was written", () => {
  const written = {
    ...withRun(emptyJournal("web"), run("1")),
    good: { url: "https://git.example.com/web.git", revision: "1", at: "2026-01-01T00:00:00Z" },
    suspended: { reason: "Maintenance", by: "kim", since: "2026-01-01T00:00:00Z" },
  };
  assert.deepEqual(decodeJournal(encodeJournal(written)), written);
});

Deno.test("a journal keeps the last fifty runs, the newest first", () => {
  let journal = emptyJournal("web");
  for (let index = 1; index <= 60; index++) journal = withRun(journal, run(String(index)));
  assert.equal(journal.runs.length, 50);
  assert.equal(journal.runs[0]?.id, "60");
  assert.equal(journal.runs.at(-1)?.id, "11");
});

Deno.test("a journal of the longest runs fits into a Secret", () => {
  // The API server refuses a Secret of more than 1 MiB, so text is cut where it could be endless.
  const noise = () =>
    Array.from(crypto.getRandomValues(new Uint8Array(5_000)), (byte) => byte.toString(16)).join("");
  let journal = emptyJournal("web");
  for (let index = 0; index < 50; index++) {
    const evidence = Array.from({ length: 40 }, noise);
    journal = withRun(journal, run(String(index), { message: noise(), evidence }));
  }
  const data = encodeJournal(journal)["data"] as Record<string, string>;
  const bytes = atob(data["journal"] ?? "").length;
  assert.ok(bytes < 1_000_000, `${bytes}`);
  assert.equal(decodeJournal(encodeJournal(journal)).runs[0]?.evidence.length, 20);
});

Deno.test("a journal that was changed by hand is refused, with what to do", () => {
  const secret = { ...encodeJournal(emptyJournal("web")), data: { journal: "bm90IGd6aXA=" } };
  assert.throws(() => decodeJournal(secret), { code: "journal-unreadable", hint: /Delete it/ });
});

Deno.test("a failure that is met again and again stands once", () => {
  const failed = { result: "failed" as const, message: "1 failed", evidence: ["web: no quota"] };
  const source = { url: "https://git.example.com/web.git", revision: "2" };
  let journal = withRun(emptyJournal("web"), run("1"));
  for (const id of ["2", "3", "4"]) journal = withRun(journal, run(id, { ...failed, source }));
  assert.deepEqual(journal.runs.map(({ id }) => id), ["4", "1"]);
  const other = run("5", { ...failed, source, evidence: ["web: no image"] });
  assert.deepEqual(withRun(journal, other).runs.map(({ id }) => id), ["5", "4", "1"]);
});

Deno.test("a good revision follows another one, and nothing is rejected any more", () => {
  const desired = (revision: string, key: string) => ({
    url: "https://git.example.com/web.git",
    revision,
    key,
    at: "2026-01-01T00:00:00Z",
  });
  const first = withGood(emptyJournal("web"), desired("1", "a"));
  assert.equal(first.previous, undefined);
  // The same files at another commit.
  const moved = withGood(first, desired("2", "a"));
  assert.deepEqual([moved.good?.revision, moved.previous], ["2", undefined]);
  const rejected = { ...moved, rejected: { ...desired("3", "b"), reason: "no quota" } };
  const second = withGood(rejected, desired("4", "c"));
  assert.deepEqual([second.good?.revision, second.previous?.revision], ["4", "2"]);
  assert.equal(second.rejected, undefined);
});
