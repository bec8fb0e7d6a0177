import assert from "node:assert/strict";
import type { Event } from "../../../lib/event.ts";
import { createPrinter } from "../../../lib/report/mod.ts";

const [from, to] = ["b", "a"].map((digit) => digit.repeat(40)) as [string, string];
const short = { from: "b".repeat(12), to: "a".repeat(12) };

function printed(output: "text" | "markdown", event: Event): string {
  let text = "";
  const write = (more: string) => void (text += more);
  const printer = createPrinter(output, { write, interactive: false, color: false, columns: 100 });
  printer.emit(event);
  printer.close();
  return text;
}

const undo = (
  state: Extract<Event, { type: "undo" }>["state"],
  more: Partial<Extract<Event, { type: "undo" }>> = {},
): Event => ({ type: "undo", state, from, to, reason: "no image", irreversible: [], ...more });

Deno.test("an undo is told with both revisions, its reason, and what stays", () => {
  const irreversible = ["Job web/migrate runs: what it does elsewhere, as in a database, stays"];
  for (const output of ["text", "markdown"] as const) {
    const begun = printed(output, undo("begun", { irreversible }));
    assert.ok(begun.includes(`Undoing ${short.from}, back to ${short.to}: no image`), begun);
    assert.ok(!begun.includes("migrate"), begun);
    const done = printed(output, undo("done", { irreversible }));
    assert.ok(done.includes(`${short.from} is undone: the cluster is back at ${short.to}`), done);
    assert.ok(done.includes("not undone: Job web/migrate runs"), done);
    const failed = printed(output, undo("failed", { irreversible }));
    assert.ok(failed.includes("is not undone") && failed.includes("migrate"), failed);
  }
});

Deno.test("a revision that is held back, or can't be undone, is told with what to do", () => {
  for (const output of ["text", "markdown"] as const) {
    const held = printed(output, undo("held"));
    assert.match(held, /is not tried again until Git moves, or with --retry: no image/);
    const hint = "Deploy from a repository";
    const never = printed(output, undo("impossible", { reason: "a local folder", hint }));
    assert.ok(never.includes("is not undone: a local folder") && never.includes(hint), never);
  }
});
