/** How checks are run, and which. */
import assert from "node:assert/strict";
import { z } from "zod";
import type { Event } from "../../../lib/event.ts";
import {
  type Check,
  type CheckContext,
  CheckFailure,
  defineCheck,
  planChecks,
  type PlannedCheck,
  verify,
  VerifyError,
} from "../../../lib/verify/mod.ts";
import { directReach } from "../../contract/reach.ts";

/** A check that does something. */
function planned(
  id: string,
  run: (context: CheckContext) => Promise<unknown>,
  { needs = [], deadline = 5, name = id }: Partial<Check> & { readonly name?: string } = {},
): PlannedCheck {
  const check = defineCheck({
    id,
    title: id.toUpperCase(),
    proves: "",
    needs,
    deadline,
    settings: z.unknown(),
    run: (_, context) => run(context),
  });
  return { name, check, settings: {} };
}

async function run(
  checks: readonly PlannedCheck[],
  options: { readonly failFast?: boolean; readonly signal?: AbortSignal } = {},
) {
  const events: Event[] = [];
  const reach = directReach({ secrets: { "s/k": "very-secret" } });
  const results = await verify(checks, { reach, emit: (event) => events.push(event), ...options });
  return { results, events, statuses: results.map(({ status }) => status) };
}

const fail = () => Promise.reject(new CheckFailure("it is broken", { probably: "a cause" }));
const pass = () => Promise.resolve("yield");

Deno.test("what presupposes a failed check is not judged, however far it is from it", async () => {
  const { statuses, results } = await run([
    planned("c", pass, { needs: ["b"] }),
    planned("b", pass, { needs: ["a"] }),
    planned("a", fail),
    planned("d", pass),
  ]);
  assert.deepEqual(statuses, ["not-judged", "not-judged", "failed", "passed"]);
  assert.match(results[0]?.message ?? "", /presupposes b/);
  assert.equal(results[2]?.probably, "a cause");
});

Deno.test("a check gets what those that it needs have yielded; one that is not there is not missed", async () => {
  let got: unknown;
  await run([
    planned("b", (context) => Promise.resolve(got = context.output("a")), {
      needs: ["a", "absent"],
    }),
    planned("a", pass),
  ]);
  assert.equal(got, "yield");
});

Deno.test("a check that hangs, deaf to its signal, ends at its deadline", async () => {
  const { results } = await run([planned("deaf", () => new Promise(() => {}), { deadline: 0.05 })]);
  assert.equal(results[0]?.status, "failed");
  assert.match(results[0]?.message ?? "", /not ended within 0\.05 s/);
});

Deno.test("with fail-fast nothing more begins after a failure", async () => {
  let began = false;
  const late = planned("late", () => {
    began = true;
    return Promise.resolve();
  }, { needs: ["slow"] });
  const slow = planned("slow", () => new Promise((resolve) => setTimeout(resolve, 50)));
  const { statuses } = await run([planned("bad", fail), slow, late], { failFast: true });
  assert.deepEqual(statuses, ["failed", "passed", "not-judged"]);
  assert.equal(began, false);
});

Deno.test("what checks make is removed, the last first, also when they fail; what can't be is told", async () => {
  const removed: string[] = [];
  const { events } = await run([planned("maker", (context) => {
    context.cleanup("one", () => Promise.resolve(void removed.push("one")));
    context.cleanup("two", () => Promise.reject(new Error("it is stuck")));
    context.cleanup("three", () => Promise.resolve(void removed.push("three")));
    return fail();
  })]);
  assert.deepEqual(removed, ["three", "one"]);
  const warnings = events.filter(({ type }) => type === "warning");
  assert.match(JSON.stringify(warnings), /two could not be removed: it is stuck/);
});

Deno.test("a secret that a check reads shows in none of its words", async () => {
  const { events } = await run([planned("leaky", async (context) => {
    const value = await context.secret({ secret: "s", key: "k" });
    context.evidence("seen", `it is ${value}`);
    throw new CheckFailure(`bad ${value}`, { probably: value, hint: encodeURIComponent(value) });
  })]);
  assert.match(JSON.stringify(events), /it is \(secret\)/);
  assert.doesNotMatch(JSON.stringify(events), /very-secret/);
});

Deno.test("an interrupted run judges nothing more", async () => {
  const controller = new AbortController();
  const running = run([
    planned("waits", () => new Promise(() => {})),
    planned("next", pass, {
      needs: ["waits"],
    }),
  ], { signal: controller.signal });
  controller.abort();
  assert.deepEqual((await running).statuses, ["not-judged", "not-judged"]);
});

Deno.test("checks of one kind are told apart by their names", async () => {
  const { results } = await run([
    planned("store", pass, { name: "queues" }),
    planned("other", pass),
  ]);
  assert.deepEqual(results.map(({ title }) => title), ["STORE (queues)", "OTHER"]);
});

const VALKEY = { check: "valkey", service: "valkey:6379", keeps: "nothing" };

function refusal(verify: unknown, only: readonly string[] = []): VerifyError {
  try {
    planChecks(verify, { only, skip: [] }, ([, index]) => index === undefined ? undefined : 7);
  } catch (error) {
    if (error instanceof VerifyError) return error;
    throw error;
  }
  throw new Error("It was not refused");
}

Deno.test("what a component says about its checks is understood, or refused with its line", () => {
  const checks = [
    { ...VALKEY, name: "a" },
    { ...VALKEY, name: "b", when: { value: "kvrocks", is: "valkey" } },
    { ...VALKEY, name: "c", when: { value: "kvrocks", is: "kvrocks" } },
  ];
  assert.deepEqual(planChecks({ checks }).map(({ name }) => name), ["a", "c"]);
  assert.deepEqual(planChecks({ checks }, { only: ["c"], skip: [] }).map(({ name }) => name), [
    "c",
  ]);
  assert.equal(refusal(undefined).code, "nothing-to-verify");
  assert.match(refusal({ checks: [{ check: "valky" }] }).hint ?? "", /Did you mean valkey/);
  assert.match(refusal({ checks }, ["d"]).message, /There is no check d/);
  const wrong = refusal({ checks: [{ ...VALKEY, keeps: "everything" }] });
  assert.match(wrong.message, /spec\.verify\.checks\.0\.keeps/);
  assert.equal(wrong.place?.line, 7);
});

Deno.test("--only brings what a check needs with it", () => {
  const account = { username: "u", password: "p" };
  const cvat = { url: "https://cvat.example.com", account };
  const checks = [
    { check: "cvat-health", url: cvat.url, service: "cvat-backend:8080" },
    { check: "cvat-task", ...cvat },
    { check: "cvat-media", ...cvat },
    VALKEY,
  ];
  const names = planChecks({ checks }, { only: ["cvat-media"], skip: [] }).map(({ name }) => name);
  assert.deepEqual(names, ["cvat-health", "cvat-task", "cvat-media"]);
});

Deno.test("what may pass by itself is tried again, a known fault is not, and neither for ever", async () => {
  const attempts = { passing: 0, lasting: 0, known: 0 };
  const { results } = await run([
    planned("passing", (context) => {
      context.evidence("seen", attempts.passing);
      if (++attempts.passing === 3) return pass();
      return Promise.reject(new CheckFailure("away", { transient: true }));
    }),
    planned("lasting", () => {
      attempts.lasting++;
      return Promise.reject(new CheckFailure("away for good", { transient: true }));
    }),
    planned("known", () => {
      attempts.known++;
      return fail();
    }),
  ]);
  assert.deepEqual(attempts, { passing: 3, lasting: 3, known: 1 });
  assert.deepEqual(results.map(({ status }) => status), ["passed", "failed", "failed"]);
  assert.deepEqual(results[0]?.evidence, [
    { name: "seen", value: "2" },
    { name: "attempts", value: "3" },
  ]);
  assert.equal(results[1]?.message, "away for good");
});
