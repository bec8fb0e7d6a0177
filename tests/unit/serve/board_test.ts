import assert from "node:assert/strict";
import type { Journal } from "../../../lib/apply/mod.ts";
import { boardOf } from "../../../lib/serve/board.ts";
import type { CheckEvent, Run, RunMessage } from "../../../lib/serve/contract.ts";
import { PlumbError } from "../../../lib/errors.ts";
import { lookAt } from "./serving.ts";

type Verified = NonNullable<Journal["runs"][number]["verified"]>;

const DECLARED = [
  { name: "http", title: "It answers", proves: "People can reach it." },
  { name: "queues", title: "Queues", proves: "Work is taken." },
];

/** A verification at some hour, as the journal has it. */
function verification(
  hour: number,
  checks: Verified["checks"] | undefined,
  identity = "cron@job/1/0c0ffee0",
): Journal["runs"][number] {
  const verified = { passed: 1, failed: ["http"], notJudged: 0, seconds: 4 };
  return {
    id: String(hour),
    command: "verify",
    source: { url: "", revision: "" },
    identity,
    started: `2026-01-01T${String(hour).padStart(2, "0")}:00:00Z`,
    seconds: 4,
    result: "unverified",
    message: "",
    changes: {},
    evidence: [],
    verified: checks === undefined ? verified : { ...verified, checks },
  };
}

const look = (runs: Journal["runs"], rest = {}) => {
  const { declared } = lookAt("web");
  return {
    declared: declared && { ...declared, checks: DECLARED, ...rest },
    journal: { component: "web", runs },
  };
};
const nothing = () => ({ kept: [] });

const FULL: Verified["checks"] = [
  {
    name: "http",
    title: "It answers",
    status: "failed",
    seconds: 1,
    message: "502",
    probably: "the ingress is away",
    evidence: [{ name: "answer", value: "502" }],
  },
  { name: "queues", title: "Queues", status: "passed", seconds: 2 },
];
const SHORT: Verified["checks"] = [
  { name: "http", status: "passed", seconds: 1 },
  { name: "queues", status: "not-judged" },
];

Deno.test("the board is full of what the journal keeps, whoever ran the checks", () => {
  const runs = [verification(3, FULL), verification(2, SHORT), verification(1, undefined)];
  const { checks, runs: verdicts } = boardOf(look(runs), [], nothing);
  const [http, queues] = checks;
  assert.deepEqual(
    [http?.last?.status, http?.last?.message, http?.last?.probably, http?.last?.evidence?.length],
    ["failed", "502", "the ingress is away", 1],
  );
  assert.deepEqual(http?.trend.map(({ status }) => status), ["passed", "failed"]);
  assert.deepEqual(queues?.trend.map(({ status }) => status), ["not-judged", "passed"]);
  assert.deepEqual(verdicts.map(({ by, failed }) => [by, failed]), Array(3).fill(["cron@job", 1]));
});

Deno.test("a check that has last run in short still says how, with its name from Git", () => {
  const { checks: [http] } = boardOf(look([verification(2, SHORT)]), [], nothing);
  assert.deepEqual([http?.last?.status, http?.last?.title], ["passed", "It answers"]);
});

Deno.test("without Git the checks are those of the last verification", () => {
  const { checks } = boardOf(
    { declared: undefined, journal: { component: "web", runs: [verification(3, FULL)] } },
    [],
    nothing,
  );
  assert.deepEqual(checks.map(({ name, title, last }) => [name, title, last?.status]), [
    ["http", "It answers", "failed"],
    ["queues", "Queues", "passed"],
  ]);
});

Deno.test("a run of this server that the journal keeps is told once, one of a few checks besides", () => {
  const run = (id: string, hour: number): Run => ({
    id,
    component: "web",
    action: "verify",
    request: { action: "verify", only: [], skip: [] },
    state: "done",
    by: "ada",
    asked: `2026-01-01T0${hour}:00:00.000Z`,
    last: 2,
  });
  const told = (status: CheckEvent["status"]): RunMessage[] => [
    {
      type: "event",
      id: 1,
      time: "2026-01-01T06:00:00.000Z",
      event: { type: "check", name: "http", title: "It answers", status },
    },
    {
      type: "event",
      id: 2,
      time: "2026-01-01T06:00:01.000Z",
      event: {
        type: "verified",
        passed: 1,
        failed: 0,
        notJudged: 0,
        seconds: 1,
        sequentialSeconds: 1,
      },
    },
  ];
  const kept = [verification(5, FULL, "ada@host/1/whole")];
  const board = boardOf(look(kept), [run("few", 6), run("whole", 5)], (id) => ({
    kept: told(id === "few" ? "passed" : "failed"),
  }));
  assert.deepEqual(board.runs.map(({ run }) => run), ["whole", "few"]);
  assert.deepEqual(board.checks[0]?.trend.map(({ status }) => status), ["failed", "passed"]);
  assert.equal(board.checks[0]?.last?.status, "passed");
  assert.equal(board.checks[1]?.last?.status, "passed");
});

Deno.test("settings that are wrong are told with their place, beside what is remembered", () => {
  const checksError = new PlumbError("unknown-check", "There is no check htp", {
    place: { file: "component.yaml", line: 9 },
    hint: "Did you mean http?",
  });
  const wrong = look([verification(3, FULL)], { checks: undefined, checksError });
  const { error, checks } = boardOf(wrong, [], nothing);
  assert.deepEqual(error, {
    code: "unknown-check",
    message: "There is no check htp",
    place: "component.yaml:9",
    hint: "Did you mean http?",
  });
  assert.equal(checks.length, 2);
});
