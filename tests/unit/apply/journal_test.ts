import assert from "node:assert/strict";
import {
  decodeJournal,
  emptyJournal,
  encodeJournal,
  type Run,
  withGood,
  withProposal,
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

Deno.test("a journal that would not fit into a Secret loses its oldest runs, never its newest", () => {
  // What gzip can't shrink.
  const noise = () =>
    String.fromCharCode(
      ...Array.from(
        crypto.getRandomValues(new Uint16Array(1_000)),
        (code) => 0x4e00 + code % 0x5000,
      ),
    );
  const texts = (length: number) => Array.from({ length }, noise);
  let journal = emptyJournal("web");
  for (let index = 1; index <= 70; index++) {
    const checks = Array.from({ length: 20 }, (_, number) => ({
      name: `check-${number}`,
      status: "failed" as const,
      evidence: texts(12).map((value) => ({ name: "log", value })),
    }));
    const verified = { passed: 0, failed: [], notJudged: 0, seconds: 1, checks };
    const command = index % 2 === 0 ? "verify" as const : "reconcile" as const;
    journal = withRun(journal, run(String(index), { command, evidence: texts(20), verified }));
  }
  const data = encodeJournal(journal)["data"] as Record<string, string>;
  const bytes = atob(data["journal"] ?? "").length;
  assert.ok(bytes < 1_000_000, `${bytes}`);
  const kept = decodeJournal(encodeJournal(journal));
  assert.equal(kept.runs[0]?.id, "70");
  assert.equal(kept.runs[0]?.verified?.checks?.length, 20);
});

Deno.test("of the last verification each check is kept in full, of earlier ones how it ended", () => {
  const verified = (message: string) => ({
    passed: 0,
    failed: ["http"],
    notJudged: 0,
    seconds: 2,
    checks: [{ name: "http", status: "failed" as const, seconds: 1, message }],
  });
  let journal = emptyJournal("web");
  journal = withRun(journal, run("1", { command: "verify", verified: verified("502") }));
  journal = withRun(journal, run("2", { command: "verify", verified: verified("503") }));
  // A run without checks leaves the last verification as it is.
  journal = decodeJournal(encodeJournal(withRun(journal, run("3"))));
  assert.deepEqual(journal.runs.map(({ verified }) => verified?.checks), [
    undefined,
    [{ name: "http", status: "failed", seconds: 1, message: "503" }],
    [{ name: "http", status: "failed", seconds: 1 }],
  ]);
});

Deno.test("a journal that knows only totals of its verifications is read", () => {
  const old = { passed: 2, failed: ["http"], notJudged: 0, seconds: 2 };
  const journal = withRun(emptyJournal("web"), run("1", { command: "verify", verified: old }));
  assert.deepEqual(decodeJournal(encodeJournal(journal)).runs[0]?.verified, old);
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
  assert.deepEqual([second.rejected, first.revertLeft, second.revertLeft], [
    undefined,
    undefined,
    true,
  ]);
  assert.equal(withGood(second, desired("5", "d")).revertLeft, true);
});

Deno.test("a proposal is noted with the last undo, once", () => {
  let journal = withRun(emptyJournal("web"), run("1", { command: "undo", result: "undone" }));
  journal = withRun(journal, run("2", { command: "undo", result: "undone" }));
  journal = withRun(journal, run("3"));
  const noted = withProposal(journal, "https://github.com/team/platform/pull/7");
  assert.deepEqual(noted.runs.map(({ proposal }) => proposal), [
    undefined,
    "https://github.com/team/platform/pull/7",
    undefined,
  ]);
  assert.equal(withProposal(noted, "https://github.com/team/platform/pull/7"), noted);
  assert.deepEqual(withProposal(emptyJournal("web"), "x"), emptyJournal("web"));
});
