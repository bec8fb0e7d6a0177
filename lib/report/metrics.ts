/** The numbers of a run in the text format of Prometheus. Pure. @module */
import { type Event, OUTCOMES } from "../event.ts";

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number];

/** Everything that a run can end as. An error is an outcome here, too. */
const ENDS = [...OUTCOMES, "error"] as const;

/**
 * The metrics of what was told so far, for a textfile collector. They are all gauges, since each run starts from nothing;
 * names and units as Prometheus recommends.
 *
 * @param now milliseconds since 1970.
 * @example
 * ```ts
 * import { noCounts } from "../event.ts";
 * import { metricsOf } from "./metrics.ts";
 * import assert from "node:assert/strict";
 *
 * const text = metricsOf([
 *   { type: "run", command: "reconcile", component: "web", mode: "apply" },
 *   { type: "result", outcome: "applied", counts: noCounts(), failed: 0, seconds: 2.5, message: "" },
 * ], 1_000);
 * assert.match(text, /^plumb_run_duration_seconds\{component="web",command="reconcile"\} 2\.5$/m);
 * ```
 */
export function metricsOf(events: readonly Event[], now: number): string {
  const last = <Type extends Event["type"]>(type: Type) =>
    events.findLast((event): event is Extract<Event, { type: Type }> => event.type === type);
  const run = events.find((event) => event.type === "run");
  if (run === undefined) return "";
  const component = { component: run.component };
  const runOf = { ...component, command: run.command };
  const [source, plan, result, verified, error] = [
    last("source"),
    last("plan"),
    last("result"),
    last("verified"),
    last("error"),
  ];
  const outcome = error !== undefined ? "error" : result?.outcome;
  const at = now / 1000;
  const fights = events.filter((event) => event.type === "fight");
  const suspended = last("suspension")?.state === "suspended";
  return [
    ...family("plumb_run_timestamp_seconds", "When the last run ended.", [[runOf, at]]),
    ...family(
      "plumb_run_duration_seconds",
      "How long the last run took.",
      result === undefined ? [] : [[runOf, result.seconds]],
    ),
    ...family(
      "plumb_run_outcome",
      "How the last run ended: 1 for its outcome, 0 for all others.",
      outcome === undefined ? [] : ENDS.map((one) => [
        { ...runOf, outcome: one },
        one === outcome ? 1 : 0,
      ]),
    ),
    ...family(
      "plumb_planned_objects",
      "How many objects the last plan had for each action.",
      Object.entries(plan?.counts ?? {}).map(([action, count]) => [
        { ...component, action },
        count,
      ]),
    ),
    ...family(
      "plumb_drifted_objects",
      "How many objects were not as the run before had left them.",
      plan === undefined ? [] : [[component, plan.drifted ?? 0]],
    ),
    ...family(
      "plumb_backed_off_fields",
      "How many fields are left as others set them, since they set them back each time.",
      plan === undefined ? [] : [[component, fights.length]],
    ),
    ...family(
      "plumb_suspended",
      "Whether somebody keeps runs from writing to the component.",
      result === undefined ? [] : [[component, suspended ? 1 : 0]],
    ),
    ...family(
      "plumb_revision_info",
      "Which revision the last run was about.",
      source === undefined
        ? []
        : [[{ ...component, url: source.url, revision: source.revision }, 1]],
    ),
    ...family(
      "plumb_checks",
      "How many checks of the last verification ended in which way.",
      verified === undefined ? [] : [
        [{ ...component, result: "passed" }, verified.passed],
        [{ ...component, result: "failed" }, verified.failed],
        [{ ...component, result: "not_judged" }, verified.notJudged],
      ],
    ),
    ...family(
      "plumb_verification_timestamp_seconds",
      "When the last verification ended.",
      verified === undefined ? [] : [[component, at]],
    ),
    ...family(
      "plumb_verification_duration_seconds",
      "How long the last verification took.",
      verified === undefined ? [] : [[component, verified.seconds]],
    ),
  ].map((line) => `${line}\n`).join("");
}

function family(name: string, help: string, samples: readonly Sample[]): string[] {
  if (samples.length === 0) return [];
  return [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} gauge`,
    ...samples.map(([labels, value]) => `${name}{${labelsOf(labels)}} ${value}`),
  ];
}

function labelsOf(labels: Labels): string {
  return Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`).join(",");
}

function escapeLabel(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
