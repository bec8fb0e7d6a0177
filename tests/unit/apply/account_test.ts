import assert from "node:assert/strict";
import { Account } from "../../../lib/apply/account.ts";
import type { Event } from "../../../lib/event.ts";

const web = { group: "apps", kind: "Deployment", namespace: "web", name: "web" };
const facts = {
  id: "1",
  command: "reconcile",
  source: { url: "https://git.example.com/web.git", revision: "4f1c" },
  subject: "Faster",
  identity: "ci/1",
  result: "failed",
  message: "1 of the objects did not get there",
} as const;

Deno.test("an account has what changed, why it failed, and which checks failed", () => {
  const heard: Event[] = [];
  const account = new Account((event) => heard.push(event));
  assert.deepEqual([account.hasActed, account.reason], [false, undefined]);
  const events: Event[] = [
    { type: "stage", stage: "apply" },
    { type: "change", action: "update", object: web, result: "done" },
    { type: "change", action: "create", object: web, result: "failed", message: "no quota" },
    { type: "health", object: web, status: "progressing", message: "0 of 1 pods" },
    { type: "health", object: web, status: "failed", message: "ends", evidence: ["log: panic"] },
    { type: "check", name: "http", title: "It answers", status: "running" },
    {
      type: "check",
      name: "http",
      title: "It answers",
      proves: "People can reach it.",
      status: "failed",
      seconds: 1.5,
      message: "502",
      evidence: [{ name: "answer", value: "502 in 3 ms" }],
    },
    { type: "check", name: "certificate", title: "TLS", status: "passed", seconds: 0.5 },
    {
      type: "verified",
      passed: 1,
      failed: 1,
      notJudged: 0,
      seconds: 2,
      sequentialSeconds: 3,
    },
  ];
  for (const event of events) account.emit(event);
  assert.deepEqual(heard, events);
  const { started, seconds, ...run } = account.toRun(facts);
  assert.ok(Date.parse(started) <= Date.now() && seconds >= 0);
  assert.ok(account.hasActed);
  assert.equal(account.reason, "Deployment web/web: create failed: no quota");
  assert.deepEqual(run, {
    ...facts,
    changes: { update: 1 },
    evidence: [
      "Deployment web/web: create failed: no quota",
      "Deployment web/web: ends",
      "log: panic",
      "Check It answers: 502",
    ],
    verified: {
      passed: 1,
      failed: ["http"],
      notJudged: 0,
      seconds: 2,
      checks: [
        {
          name: "http",
          title: "It answers",
          status: "failed",
          seconds: 1.5,
          message: "502",
          evidence: [{ name: "answer", value: "502 in 3 ms" }],
        },
        { name: "certificate", title: "TLS", status: "passed", seconds: 0.5 },
      ],
    },
  });
});
