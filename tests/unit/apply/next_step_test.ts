import assert from "node:assert/strict";
import { nextStep } from "../../../lib/apply/next_step.ts";
import type { ComponentStatus } from "../../../lib/apply/status.ts";

const WELL: ComponentStatus = {
  name: "web",
  namespace: "web",
  source: { url: "https://git.example.com/web.git", revision: "4f1c" },
  objects: 3,
  state: "complete",
  drifted: [],
  unseen: 0,
  health: { status: "current", message: "" },
  fights: [],
  verifications: [{ passed: 2, failed: [], notJudged: 0, seconds: 1, at: "2026-01-01T00:00:00Z" }],
};
const reference = { group: "apps", kind: "Deployment", namespace: "web", name: "web" };
const at = "2026-01-01T00:00:00Z";

Deno.test("who is well needs nothing, and what is wrong needs its own step", () => {
  const drifted = [{ reference, how: "changed" as const }];
  const health = { status: "failed" as const, message: "Deployment web/web: no pods" };
  const rejected = { url: "", revision: "bad", at, reason: "no pods" };
  const [verification] = WELL.verifications;
  assert.ok(verification);
  const fight = {
    object: "apps/Deployment/web/web",
    path: "spec.replicas",
    manager: "autoscaler",
    corrections: 3,
    rate: 3,
    at,
  };
  const steps: readonly [Partial<ComponentStatus>, RegExp, boolean][] = [
    [{}, /^$/, false],
    [{ verifications: [] }, /never verified/, false],
    [{ state: "running", drifted }, /a run is at work/, false],
    [{ state: "applying" }, /did not end/, true],
    [{ state: "removing", drifted }, /a rollback did not end: `plumb rollback web`/, true],
    [{ state: "failed", drifted }, /plumb history web/, true],
    [{ drifted, health }, /plumb diff web.+Deployment web\/web is changed/, true],
    [{ health }, /no pods/, true],
    [{ health, fights: [fight] }, /settle spec.replicas with autoscaler in spec.fields/, true],
    [
      { drifted, fights: [{ ...fight, path: "" }] },
      /find who deletes Deployment\/web\/web each time/,
      true,
    ],
    [{ rejected, drifted }, /mend bad in Git, it failed: no pods/, true],
    [
      { verifications: [{ ...verification, failed: ["login"] }, verification] },
      /plumb verify web/,
      true,
    ],
    [{ suspended: { reason: "x", by: "ann", since: at }, drifted }, /plumb resume web/, false],
  ];
  for (const [more, words, isNeeded] of steps) {
    const step = nextStep({ ...WELL, ...more });
    assert.match(step.words, words);
    assert.equal(step.isNeeded, isNeeded, step.words);
  }
  assert.equal(nextStep({ name: "web", error: "unreadable", hint: "Delete it." }).isNeeded, true);
});
