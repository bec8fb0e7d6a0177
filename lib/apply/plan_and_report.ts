/**
 * Makes a plan, and tells it.
 * @module
 */
import type { Cluster } from "../cluster/mod.ts";
import type { Emit } from "../event.ts";
import { formatPath } from "../field_path.ts";
import { describe } from "../object.ts";
import { changesIn, type FieldDifference, irreversible } from "../plan/mod.ts";
import { approvable, type ApprovedPlan } from "./approved.ts";
import { type Base, tellPlan } from "./base.ts";
import { fightEvents, fightsIn } from "./fights.ts";
import { type PlannedRun, type PlanOptions, planRun } from "./plan_run.ts";
import { returningEvents } from "./rollback/told.ts";

/** What a plan is made for, and who hears of it. */
export interface ReportedPlanOptions
  extends Omit<PlanOptions, "proveCreations" | "proposing" | "backingOff"> {
  readonly mode: "apply" | "pr" | "observe";
  readonly source: { readonly url: string; readonly revision: string; readonly subject?: string };
  /** What is told as drift is what differs from it as well. */
  readonly base?: Base | undefined;
  /** Given each plan before anything is done; stops the run by throwing. */
  readonly inspect?: (plan: ApprovedPlan) => Promise<void>;
  /** Tell what of the plan no undo would take back. */
  readonly tellsIrreversible?: boolean;
  readonly emit: Emit;
}

/** Plans, and tells the plan. */
export async function planAndReport(
  cluster: Cluster,
  options: ReportedPlanOptions,
): Promise<PlannedRun> {
  const observing = options.mode !== "apply";
  options.emit({ type: "stage", stage: "observe" });
  const planned = await planRun(cluster, {
    ...options,
    proveCreations: observing,
    proposing: options.mode === "pr",
    // Who only looks sees it as it is, and who trusts no record wants it to be as Git says.
    backingOff: !observing && !options.refresh,
  });
  await tellPlan(cluster, planned, { ...options, text: observing });
  for (const message of warningsOf(planned)) options.emit({ type: "warning", message });
  const { retained } = planned.retained ?? {};
  if (options.mode === "observe" && retained !== undefined) {
    returningEvents(retained).forEach(options.emit);
  }
  if (options.tellsIrreversible) {
    for (const line of irreversible(changesIn(planned.plan))) {
      options.emit({ type: "warning", message: `No undo takes this back: ${line}` });
    }
  }
  const known = fightsIn(planned.stored.inventory, cluster.now());
  if (!options.refresh) fightEvents(planned.waves.flat(), known).forEach(options.emit);
  await options.inspect?.(
    approvable(planned, { component: options.component.name, revision: options.source.revision }),
  );
  return planned;
}

/** What a plan leaves as it is, and why. */
function* warningsOf({ waves, kept, released }: PlannedRun): Generator<string> {
  const decisions = waves.flat();
  const postponed = decisions.flatMap(({ item, postponed: reason }) =>
    reason === undefined ? [] : [{ name: describe(item.reference), reason }]
  );
  for (
    const [reason, items = []] of Object.entries(Object.groupBy(postponed, (item) => item.reason))
  ) {
    yield `Left for a later run, since ${reason}: ${items.map(({ name }) => name).join(", ")}`;
  }
  for (const { item, toPropose = [] } of decisions) {
    if (toPropose.length === 0) continue;
    yield `${
      describe(item.reference)
    } stays as it lives until a pull request settles it, as spec.fields says: ${
      toPropose.map(sentenceOf).join("; ")
    }`;
  }
  for (const { member, reason } of kept) {
    yield `${describe(member.reference)} is no longer in Git, but stays: ${reason}`;
  }
  for (const { reference } of released) {
    yield `${describe(reference)} was there before the component, and is left as it lives now`;
  }
}

/** Longer values say no more. */
const MAX_VALUE = 80;

function sentenceOf({ path, live, desired, owner }: FieldDifference): string {
  const [lives, wanted] = [live, desired].map((value) => {
    const text = value === undefined ? "absent" : JSON.stringify(value);
    return text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE)}…` : text;
  });
  const by = owner === undefined ? "" : ` by ${owner.manager}`;
  return `${formatPath(path)} is ${lives}${by}, and ${wanted} in Git`;
}
