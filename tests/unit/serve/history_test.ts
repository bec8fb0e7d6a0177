import assert from "node:assert/strict";
import type { Journal } from "../../../lib/apply/mod.ts";
import type { Run } from "../../../lib/serve/contract.ts";
import { historyOf } from "../../../lib/serve/history.ts";

type JournalRun = Journal["runs"][number];

function remembered(more: Partial<JournalRun> = {}): JournalRun {
  return {
    id: "1",
    command: "reconcile",
    source: { url: "https://git.example.com/platform.git", revision: "4f1c0de" },
    identity: "ann@laptop/17/0c0ffee0",
    started: "2026-01-01T10:00:00Z",
    seconds: 12,
    result: "applied",
    message: "The cluster is now as Git says",
    changes: { create: 3 },
    evidence: [],
    ...more,
  };
}

function here(id: string, more: Partial<Run> = {}): Run {
  return {
    id,
    component: "web",
    action: "deploy",
    request: { action: "deploy", verify: true, refresh: false, retry: false },
    state: "done",
    by: "ada",
    asked: "2026-01-01T09:59:00.000Z",
    started: "2026-01-01T10:00:00.000Z",
    finished: "2026-01-01T10:01:00.000Z",
    result: "applied",
    message: "The cluster is now as Git says",
    last: 9,
    ...more,
  };
}

const entriesOf = (runs: readonly JournalRun[], own: readonly Run[]) =>
  historyOf({ component: "web", runs: [...runs] }, own);

Deno.test("what was done elsewhere is told from the journal, with why it failed and what came of it", () => {
  const proposal = "https://github.com/team/platform/pull/7";
  const evidence = ["Deployment web/web: no image"];
  const verified = { passed: 2, failed: ["http"], notJudged: 0, seconds: 3 };
  const failed = { result: "failed" as const, evidence, proposal, verified, subject: "Faster" };
  const [entry] = entriesOf([remembered(failed)], []);
  assert.deepEqual(
    [entry?.by, entry?.counts?.create, entry?.outcome, entry?.evidence, entry?.proposal],
    ["ann@laptop", 3, "failed", evidence, proposal],
  );
  assert.deepEqual([entry?.verified?.failed, entry?.subject, entry?.run], [1, "Faster", undefined]);
});

Deno.test("an entry leads to its run by who ran it, not by when", () => {
  const deploy = here("aaaa");
  // It was planned, and with that begun, long before it was confirmed.
  const undo = here("bbbb", {
    action: "undo",
    started: "2026-01-01T11:30:00.000Z",
    finished: "2026-01-01T11:31:00.000Z",
  });
  const suspend = here("cccc", {
    action: "suspend",
    started: "2026-01-01T12:00:00.000Z",
    finished: "2026-01-01T12:00:01.000Z",
  });
  const entries = entriesOf([
    remembered({
      id: "4",
      command: "suspend",
      result: "suspended",
      identity: "admin (ada@host)",
      started: "2026-01-01T12:00:00.500Z",
    }),
    remembered({
      id: "3",
      command: "undo",
      result: "undone",
      identity: "ada@host/1/bbbb",
      started: "2026-01-01T11:00:00Z",
    }),
    // Of somebody else, while the deploy went.
    remembered({ id: "2", command: "verify", started: "2026-01-01T10:00:30Z" }),
    // A deploy that failed and was undone is one run with two entries.
    remembered({ id: "1", command: "undo", identity: "ada@host/1/aaaa" }),
    remembered({ id: "0", identity: "ada@host/1/aaaa" }),
  ], [suspend, undo, deploy]);
  assert.deepEqual(entries.map(({ id, run }) => [id, run]), [
    ["4", "cccc"],
    ["3", "bbbb"],
    ["2", undefined],
    ["1", "aaaa"],
    ["0", "aaaa"],
  ]);
});

Deno.test("what left no trace in the cluster is told as long as this server knows it", () => {
  const proposed = here("dddd", { action: "propose", result: "proposed", message: "Opened" });
  const waiting = here("eeee", { state: "waiting", started: undefined, finished: undefined });
  const entries = entriesOf([remembered({ started: "2026-01-01T09:00:00Z" })], [waiting, proposed]);
  assert.deepEqual(entries.map(({ action, outcome, run }) => [action, outcome, run]), [
    ["propose", "proposed", "dddd"],
    ["reconcile", "applied", undefined],
  ]);
});
