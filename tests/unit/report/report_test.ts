import assert from "node:assert/strict";
import fc from "fast-check";
import { type Event, noCounts } from "../../../lib/event.ts";
import { LiveBlock } from "../../../lib/report/live.ts";
import { createPrinter } from "../../../lib/report/mod.ts";

/** Everything but the end of a line. */
// deno-lint-ignore no-control-regex
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/;
const NOW = Date.parse("2026-01-01T00:10:00Z");
const web = { group: "apps", kind: "Deployment", namespace: "web", name: "web" };
const settings = { group: "", kind: "ConfigMap", namespace: "web", name: "settings" };

/** A run with something of everything. */
const RECORDED: readonly Event[] = [
  { type: "stage", stage: "source" },
  {
    type: "run",
    command: "diff",
    component: "web",
    mode: "observe",
    cluster: "https://cluster.example.com",
  },
  {
    type: "source",
    url: "https://git.example.com/web.git",
    ref: "main",
    revision: "0123456789abcdef0123456789abcdef01234567",
    subject: "Scale the web",
    author: "Ann",
  },
  {
    type: "data",
    state: "kept",
    what: "PersistentVolume pvc-1 (2Gi) of claim web/data",
    message: "set to Retain. The next deploy binds it to that claim",
  },
  { type: "data", state: "back", what: "Secret web/keys", message: "SECRET_KEY as before" },
  { type: "data", state: "lost", what: "PersistentVolume pvc-2 (1Gi)", message: "goes for good" },
  { type: "stage", stage: "observe" },
  {
    type: "plan",
    counts: { ...noCounts(), create: 1, update: 1, delete: 1, conflict: 1, unchanged: 30 },
    waves: 2,
    changes: [
      {
        action: "delete",
        object: { ...settings, name: "old" },
        file: "app.yaml",
        line: 40,
        fields: [],
        reason: "it is no longer in Git",
      },
      {
        action: "update",
        object: web,
        file: "web.yaml",
        line: 1,
        fields: [
          {
            path: "spec.replicas",
            difference: "changed",
            live: 3,
            desired: 1,
            owner: "kubectl-scale",
            since: "2026-01-01T00:07:00Z",
            line: 7,
          },
          { path: "spec.paused", difference: "removed", live: true },
          {
            path: "spec.template.spec.containers[name=log]",
            difference: "added",
            desired: { name: "log", image: "log:1" },
            line: 20,
          },
          { path: "data.password", difference: "changed", live: "(secret)", desired: "(secret)" },
          {
            path: "data.config",
            difference: "changed",
            live: "a\nb\nc\nd\n",
            desired: "a\nB\nc\nd\n",
            owner: "ann",
            line: 30,
          },
          {
            path: "metadata.labels.app",
            difference: "ownership",
            live: "web",
            desired: "web",
            owner: "helm",
          },
        ],
      },
      {
        action: "create",
        object: settings,
        file: "app.yaml",
        line: 3,
        fields: [],
        text: "apiVersion: v1\nkind: ConfigMap\n",
      },
      {
        action: "conflict",
        object: { ...settings, name: "taken" },
        file: "app.yaml",
        line: 9,
        fields: [],
        reason: "It belongs to the Helm release web",
        hint: "Let Plumb take it over with --adopt all.",
      },
    ],
  },
  { type: "requirement", name: "Database", met: true, message: "db/db:5432 answers" },
  {
    type: "requirement",
    name: "Cache",
    met: false,
    message: "Service cache/cache does not exist",
    hint: "Deploy Cache first.",
  },
  { type: "wave", wave: 1, waves: 2, objects: 2 },
  { type: "change", action: "create", object: settings, result: "done" },
  {
    type: "change",
    action: "update",
    object: web,
    result: "done",
    taken: [{ path: "spec.replicas", from: "kubectl-scale" }],
  },
  {
    type: "change",
    action: "create",
    object: { ...settings, name: "bad" },
    result: "failed",
    message: "forbidden",
    hint: "Ask for it.",
  },
  { type: "health", object: web, status: "progressing", message: "0 of 1 pods available" },
  {
    type: "health",
    object: web,
    status: "failed",
    message: "pod web-1: container app keeps ending",
    evidence: ["log: panic: `no` ```config```", "event: BackOff: restarting"],
  },
  { type: "warning", message: "something to know" },
  { type: "error", code: "x", message: "It broke", place: "app.yaml:3", hint: "Mend it." },
  {
    type: "result",
    outcome: "failed",
    counts: { ...noCounts(), create: 1 },
    failed: 2,
    seconds: 3.21,
    message: "2 of the objects did not get there",
  },
];

function print(
  output: "text" | "json" | "markdown",
  events: readonly Event[],
  options: { color?: boolean; interactive?: boolean } = {},
): string {
  let [text, clock] = ["", NOW];
  const printer = createPrinter(output, {
    write: (part) => text += part,
    color: options.color ?? false,
    columns: 80,
    interactive: options.interactive ?? false,
    // On a terminal time passes, or nothing would be redrawn.
    now: () => options.interactive ? clock += 200 : NOW,
  });
  for (const event of events) printer.emit(event);
  printer.close();
  return text;
}

for (const output of ["text", "json", "markdown"] as const) {
  Deno.test(`a whole run as ${output} is as it was approved`, async () => {
    const path = new URL(`fixtures/run.${output}`, import.meta.url);
    const actual = print(output, RECORDED);
    if (Deno.env.get("UPDATE_GOLDEN")) await Deno.writeTextFile(path, actual);
    assert.equal(actual, await Deno.readTextFile(path));
  });
}

Deno.test("without colour there is no escape sequence, with colour there is", () => {
  assert.ok(!print("text", RECORDED).includes("\u001b"));
  assert.ok(print("text", RECORDED, { color: true }).includes("\u001b[31m"));
});

Deno.test("each line of JSON is an event with its schema and time", () => {
  const lines = print("json", RECORDED).trimEnd().split("\n").map((line) =>
    JSON.parse(line) as Record<string, unknown>
  );
  assert.equal(lines.length, RECORDED.length);
  assert.ok(
    lines.every((line) =>
      line["schema"] === "plumb.thinkube.io/event/v1" && line["time"] === "2026-01-01T00:10:00.000Z"
    ),
  );
});

Deno.test("no control character from outside reaches a terminal or a document", () => {
  const hostile = fc.string({ unit: "binary", maxLength: 40 }).map((text) =>
    `${text}\u001b[2J\u0007\u202e`
  );
  fc.assert(fc.property(hostile, (text) => {
    const events: Event[] = [
      { type: "run", command: "diff", component: "web", mode: "observe", cluster: text },
      {
        type: "plan",
        counts: noCounts(),
        waves: 1,
        changes: [{
          action: "update",
          object: { ...web, name: text },
          file: "a.yaml",
          line: 1,
          reason: text,
          fields: [{
            path: text,
            difference: "changed",
            live: text,
            desired: `${text}\nsecond`,
            owner: text,
            since: "2026-01-01T00:00:00Z",
          }],
        }],
      },
      { type: "health", object: web, status: "failed", message: text, evidence: [text] },
      { type: "error", code: "x", message: text, place: text, hint: text },
    ];
    for (const output of ["text", "markdown"] as const) {
      assert.doesNotMatch(
        print(output, events),
        CONTROL,
      );
    }
  }));
});

/** Fields whose texts Plumb chooses itself. */
const CHOSEN = new Set([
  "type",
  "stage",
  "mode",
  "action",
  "difference",
  "result",
  "status",
  "outcome",
]);

function poisoned<Value>(value: Value): Value;
function poisoned(value: unknown): unknown {
  if (typeof value === "string") return `\u001b]0;${value}\u0007\u001b[2J\r`;
  if (Array.isArray(value)) return value.map((item) => poisoned(item));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map((
      [name, child],
    ) => [name, CHOSEN.has(name) ? child : poisoned(child)]),
  );
}

Deno.test("whatever field of an event holds control characters, none comes out", () => {
  for (const output of ["text", "markdown"] as const) {
    const text = print(output, poisoned(RECORDED));
    assert.ok(text.includes("]0;"), "the fields are not shown at all");
    assert.doesNotMatch(text, CONTROL);
  }
});

Deno.test("what is in a fence can't close it, and text can't become markup", () => {
  const value = "````\n</details><script>\n````";
  const document = print("markdown", [
    {
      type: "plan",
      counts: noCounts(),
      waves: 1,
      changes: [{
        action: "update",
        object: { ...web, name: "<b>|x" },
        fields: [{ path: "data.x", difference: "changed", live: value, desired: "other" }],
      }],
    },
    { type: "warning", message: "<img src=x> [a](b) @team" },
  ]);
  const fence = /^(`{5,})diff$/m.exec(document)?.[1] ?? "";
  assert.equal(fence.length, 5);
  const outside = document.replace(/^(`{3,})[^`]*\n[\s\S]*?\n\1$/m, "");
  assert.ok(!outside.includes("<b>") && !outside.includes("<img") && !outside.includes("<script"));
  assert.match(document, /\\\[a\\\]\(b\) \\@team/);
});

Deno.test("on a terminal the wave, the objects and what is waited for are in view while it goes on", () => {
  const running = RECORDED.filter(({ type }) => type !== "result");
  const text = print("text", [...running, {
    type: "health",
    object: web,
    status: "progressing",
    message: "0 of 1 pods available",
  }], { interactive: true });
  assert.match(text, /wave 1 of 2 {2}\d\/4 objects/);
});

Deno.test("the live block is redrawn in place, not more than ten times a second, and removed at the end", () => {
  let text = "";
  const block = new LiveBlock((part) => text += part, 30);
  block.draw(["one", "x".repeat(100)], 1_000);
  block.draw(["too early"], 1_050);
  block.draw(["two"], 1_200);
  block.print("stays\n");
  block.clear();
  assert.equal(
    text,
    `one\n${"x".repeat(29)}\n${"\u001b[1A\u001b[2K".repeat(2)}two\n\u001b[1A\u001b[2Kstays\n`,
  );
});
