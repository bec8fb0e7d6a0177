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
  const facts = {
    component,
    run: { ...component, command: run.command },
    at: now / 1000,
    source: last("source"),
    plan: last("plan"),
    result: last("result"),
    verified: last("verified"),
    outcome: last("error") === undefined ? last("result")?.outcome : "error" as const,
    fights: events.filter((event) => event.type === "fight").length,
    isSuspended: last("suspension")?.state === "suspended",
  };
  return FAMILIES.flatMap(([name, help, samplesOf]) => family(name, help, samplesOf(facts)))
    .map((line) => `${line}\n`).join("");
}

type Told<Type extends Event["type"]> = Extract<Event, { type: Type }> | undefined;

/** What is known of a run. */
interface Facts {
  readonly component: Labels;
  readonly run: Labels;
  /** Seconds since 1970. */
  readonly at: number;
  readonly source: Told<"source">;
  readonly plan: Told<"plan">;
  readonly result: Told<"result">;
  readonly verified: Told<"verified">;
  readonly outcome: typeof ENDS[number] | undefined;
  readonly fights: number;
  readonly isSuspended: boolean;
}

/** Every metric: its name, what it means, and its samples, which are none where nothing is known. */
const FAMILIES: readonly (readonly [string, string, (facts: Facts) => readonly Sample[]])[] = [
  ["plumb_run_timestamp_seconds", "When the last run ended.", ({ run, at }) => [[run, at]]],
  [
    "plumb_run_duration_seconds",
    "How long the last run took.",
    ({ run, result }) => result ? [[run, result.seconds]] : [],
  ],
  [
    "plumb_run_outcome",
    "How the last run ended: 1 for its outcome, 0 for all others.",
    ({ run, outcome }) =>
      outcome ? ENDS.map((one) => [{ ...run, outcome: one }, one === outcome ? 1 : 0]) : [],
  ],
  [
    "plumb_planned_objects",
    "How many objects the last plan had for each action.",
    ({ component, plan }) =>
      Object.entries(plan?.counts ?? {}).map((
        [action, count],
      ) => [{ ...component, action }, count]),
  ],
  [
    "plumb_drifted_objects",
    "How many objects were not as the run before had left them.",
    ({ component, plan }) => plan ? [[component, plan.drifted ?? 0]] : [],
  ],
  [
    "plumb_backed_off_fields",
    "How many fields are left as others set them, since they set them back each time.",
    ({ component, plan, fights }) => plan ? [[component, fights]] : [],
  ],
  [
    "plumb_suspended",
    "Whether somebody keeps runs from writing to the component.",
    ({ component, result, isSuspended }) => result ? [[component, isSuspended ? 1 : 0]] : [],
  ],
  [
    "plumb_revision_info",
    "Which revision the last run was about.",
    ({ component, source }) =>
      source ? [[{ ...component, url: source.url, revision: source.revision }, 1]] : [],
  ],
  [
    "plumb_checks",
    "How many checks of the last verification ended in which way.",
    ({ component, verified }) =>
      verified
        ? [
          [{ ...component, result: "passed" }, verified.passed],
          [{ ...component, result: "failed" }, verified.failed],
          [{ ...component, result: "not_judged" }, verified.notJudged],
        ]
        : [],
  ],
  [
    "plumb_verification_timestamp_seconds",
    "When the last verification ended.",
    ({ component, verified, at }) => verified ? [[component, at]] : [],
  ],
  [
    "plumb_verification_duration_seconds",
    "How long the last verification took.",
    ({ component, verified }) => verified ? [[component, verified.seconds]] : [],
  ],
];

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
