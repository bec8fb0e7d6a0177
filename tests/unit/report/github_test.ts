/** A run in the log of a GitHub Action, what its step puts out, and documents that have little room. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { type ChangeReport, type Event, noCounts } from "../../../lib/event.ts";
import { createDocument, createPrinter, outputsOf, verdictOf } from "../../../lib/report/mod.ts";

const web = { group: "apps", kind: "Deployment", namespace: "web", name: "web" };

function print(events: readonly Event[], folder = "manifests/web"): string {
  let text = "";
  const write = (part: string) => text += part;
  const printer = createPrinter("github", {
    write,
    folder,
    color: false,
    columns: 80,
    interactive: false,
  });
  for (const event of events) printer.emit(event);
  printer.close();
  return text;
}

Deno.test("what is wrong is an annotation at its line in the repository", () => {
  const log = print([
    {
      type: "violation",
      policy: "pinned-images",
      level: "deny",
      message: "Image web:1, for all, is 100% unknown",
      fix: "Pin it.",
      object: web,
      file: "web.yaml",
      line: 7,
    },
    { type: "error", code: "yaml", message: "Two\nlines", place: "web.yaml:3", hint: "Mend it." },
    { type: "warning", message: "something" },
  ]);
  const [first, ...lines] = log.trimEnd().split("\n");
  const token = /^::stop-commands::([0-9a-f-]{36})$/.exec(first ?? "")?.[1];
  assert.ok(token);
  assert.deepEqual(lines.slice(lines.indexOf(`::${token}::`) + 1), [
    "::error file=manifests/web/web.yaml,line=7,title=pinned-images::Deployment web/web: Image web:1, for all, is 100%25 unknown. Pin it.",
    "::error file=manifests/web/web.yaml,line=3::Two%0Alines. Mend it.",
    "::warning::something",
  ]);
});

Deno.test("no text from outside is a command of the log", () => {
  const hostile = fc.constantFrom(
    "\n::add-mask::x",
    "::stop-commands::y\n",
    "##[error]z",
    "\r\n::error::",
  )
    .chain((command) => fc.string().map((text) => `${text}${command}`));
  fc.assert(fc.property(hostile, (text) => {
    const log = print([
      { type: "run", command: "diff", component: text, mode: "observe", cluster: text },
      { type: "health", object: web, status: "failed", message: text, evidence: [text] },
      { type: "error", code: "x", message: text, place: text, hint: text },
    ]);
    const token = /^::stop-commands::(.*)$/m.exec(log)?.[1] ?? "";
    const [inside = "", after = ""] = log.split(`\n::${token}::\n`);
    assert.ok(!inside.slice(inside.indexOf("\n")).includes(token));
    // What comes after the mark are our own commands, each in one line.
    assert.ok(
      after.trimEnd().split("\n").every((line) => /^::(?:error|warning|notice)[ :]/.test(line)),
    );
    assert.equal(after.trimEnd().split("\n").length, 2);
  }));
});

const change = (index: number, more: Partial<ChangeReport> = {}): ChangeReport => ({
  action: "update",
  object: { ...web, name: `web-${index}` },
  file: "web.yaml",
  line: 1,
  fields: [{ path: "spec.text", difference: "changed", live: "x".repeat(200), desired: "y" }],
  ...more,
});
const run = (mode: "apply" | "pr" | "observe"): Event => (
  { type: "run", command: "x", component: "web", mode, cluster: "https://example.com" }
);
const plan = (changes: readonly ChangeReport[], base = false): Event => ({
  type: "plan",
  counts: noCounts(),
  changes,
  waves: 1,
  ...(base ? { base: { revision: "0", settled: [] } } : {}),
});
const result = (outcome: "differences" | "refused" | "in-sync"): Event => (
  { type: "result", outcome, counts: noCounts(), failed: 0, seconds: 1, message: outcome }
);

Deno.test("a step puts out what has changed, drifted, was proposed and verified, as far as it is known", () => {
  assert.deepEqual(outputsOf([{ type: "error", code: "x", message: "y" }]), {});
  const drift = change(1, { drift: true });
  assert.deepEqual(outputsOf([run("observe"), plan([drift], true)]), {
    changed: "false",
    drifted: "true",
  });
  assert.deepEqual(outputsOf([run("observe"), plan([change(1)], true)]), {
    changed: "true",
    drifted: "false",
  });
  const proposal: Event = {
    type: "proposal",
    state: "opened",
    number: 1,
    url: "https://example.com/1\nverified=true",
    written: 1,
    leftOut: [],
  };
  assert.deepEqual(outputsOf([run("pr"), plan([change(1)]), proposal]), {
    changed: "false",
    drifted: "true",
    "pull-request-url": "https://example.com/1 verified=true",
  });
  const done: Event = { type: "change", action: "update", object: web, result: "done" };
  const counts = { passed: 1, failed: 0, notJudged: 1, seconds: 1, sequentialSeconds: 1 };
  assert.deepEqual(
    outputsOf([run("apply"), plan([change(1)]), done, { type: "verified", ...counts }]),
    {
      changed: "true",
      drifted: "false",
      verified: "false",
    },
  );
});

Deno.test("the verdict is a failure where nothing could be applied, and neutral where no cluster was asked", () => {
  const offline: Event = { type: "run", command: "diff", component: "web", mode: "observe" };
  const changes = [change(1), change(2, { drift: true })];
  assert.deepEqual(
    [
      [run("observe"), plan(changes, true), result("differences")],
      [run("observe"), plan([], true), result("in-sync")],
      [offline, plan([change(1)]), result("differences")],
      [run("observe"), plan(changes), result("refused")],
      [],
    ].map((events) => verdictOf(events)),
    [
      { conclusion: "success", title: "1 to update; 1 drifted without this change" },
      { conclusion: "success", title: "Nothing changes" },
      { conclusion: "neutral", title: "1 to update; no cluster was asked" },
      { conclusion: "failure", title: "refused" },
      { conclusion: "failure", title: "There is no plan" },
    ],
  );
});

Deno.test("a document fits its room, whatever is in it, and says where the rest is", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 400, max: 20_000 }),
      fc.integer({ max: 200, min: 0 }),
      (room, count) => {
        const events = [
          run("observe"),
          plan(Array.from({ length: count }, (_, index) => change(index))),
        ];
        const [all, cut] = [Infinity, room].map((each) =>
          createDocument(events, { room: each, whole: "The rest is elsewhere." })
        ) as [string, string];
        assert.ok(cut.length <= room, `${cut.length} > ${room}`);
        assert.equal(cut.includes("The rest is elsewhere."), all.length > room);
        // Nothing is cut in its middle.
        assert.equal(cut.match(/<details>/g)?.length, cut.match(/<\/details>/g)?.length);
        assert.equal((cut.match(/^```/gm)?.length ?? 0) % 2, 0);
      },
    ),
  );
});
