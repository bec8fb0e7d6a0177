import assert from "node:assert/strict";
import fc from "fast-check";
import { type Event, noCounts } from "../../../lib/event.ts";
import { metricsOf } from "../../../lib/report/metrics.ts";

const object = { group: "apps", kind: "Deployment", namespace: "web", name: "web" };
const RUN: readonly Event[] = [
  { type: "run", command: "reconcile", component: "web", mode: "apply" },
  { type: "source", url: "https://git.example.com/web.git", revision: "4f1c" },
  {
    type: "plan",
    counts: { ...noCounts(), update: 2, unchanged: 30 },
    changes: [],
    waves: 1,
    drifted: 1,
  },
  {
    type: "fight",
    object,
    path: "spec.replicas",
    manager: "autoscaler",
    corrections: 3,
    until: "2026-01-01T00:00:00Z",
  },
  {
    type: "result",
    outcome: "applied",
    counts: noCounts(),
    failed: 0,
    seconds: 2.5,
    message: "The cluster is now as Git says",
  },
  { type: "verified", passed: 14, failed: 1, notJudged: 0, seconds: 9, sequentialSeconds: 20 },
];

/** One sample of Prometheus' text format, as its specification has it. */
const SAMPLE =
  /^[a-z_]+\{([a-z_]+="(?:[^"\\\n]|\\\\|\\"|\\n)*")(,[a-z_]+="(?:[^"\\\n]|\\\\|\\"|\\n)*")*\} -?[0-9.e+]+$/;

Deno.test("a run has its time, outcome, drift, fights, checks and revision as metrics", () => {
  const lines = metricsOf(RUN, 1_700_000_000_000).split("\n");
  for (
    const line of [
      'plumb_run_timestamp_seconds{component="web",command="reconcile"} 1700000000',
      'plumb_run_duration_seconds{component="web",command="reconcile"} 2.5',
      'plumb_run_outcome{component="web",command="reconcile",outcome="applied"} 1',
      'plumb_run_outcome{component="web",command="reconcile",outcome="failed"} 0',
      'plumb_planned_objects{component="web",action="update"} 2',
      'plumb_drifted_objects{component="web"} 1',
      'plumb_backed_off_fields{component="web"} 1',
      'plumb_suspended{component="web"} 0',
      'plumb_revision_info{component="web",url="https://git.example.com/web.git",revision="4f1c"} 1',
      'plumb_checks{component="web",result="failed"} 1',
      'plumb_verification_duration_seconds{component="web"} 9',
    ]
  ) assert.ok(lines.includes(line), `${line} not in\n${lines.join("\n")}`);
});

Deno.test("each family is told once, with its help and its type, and an error is an outcome", () => {
  const text = metricsOf([...RUN, { type: "error", code: "unreachable", message: "away" }], 0);
  const names = [...text.matchAll(/^# TYPE (\S+) gauge$/gm)].map(([, name]) => name);
  assert.equal(new Set(names).size, names.length);
  for (const name of names) assert.match(text, new RegExp(`^# HELP ${name} .+\\.$`, "m"));
  assert.match(text, /outcome="error"\} 1/);
  assert.match(text, /outcome="applied"\} 0/);
  assert.equal(metricsOf([], 0), "");
});

Deno.test("whatever an address or a revision holds, each line is a sample", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), fc.string(), (url, revision) => {
    const [run] = RUN;
    assert.ok(run);
    for (const line of metricsOf([run, { type: "source", url, revision }], 0).trim().split("\n")) {
      if (!line.startsWith("# ")) assert.match(line, SAMPLE);
    }
  }));
});
