/** Tells a plan, and what of it a proposed revision causes. @module */
import type { Cluster } from "../cluster/mod.ts";
import { PlumbError } from "../errors.ts";
import type { Event } from "../event.ts";
import { driftedIn } from "./drift.ts";
import { byObject, changesIn, countsOf, reportOf, settledSince } from "../plan/mod.ts";
import { type PlannedRun, type PlanOptions, planRun } from "./plan_run.ts";

/** The revision that a proposal goes out from. */
export interface Base extends Pick<PlanOptions, "component" | "render" | "renderKey"> {
  readonly revision: string;
}

interface TellOptions {
  /** With the text of what is to be created. */
  readonly text: boolean;
  readonly base?: Base | undefined;
  readonly refresh: boolean;
  readonly emit: (event: Event) => void;
}

/** Tells a plan. What the base would do as well is told as drift. */
export async function tellPlan(
  cluster: Cluster,
  planned: PlannedRun,
  options: TellOptions,
): Promise<void> {
  const { text, emit } = options;
  const { plan } = planned;
  const base = await planBase(cluster, options);
  emit({
    type: "plan",
    counts: countsOf(plan),
    changes: changesIn(plan).map((change) => reportOf(change, { text, base: base?.changes })),
    waves: plan.waves.length,
    drifted: driftedIn(planned).size,
    ...(base === undefined
      ? {}
      : { base: { revision: base.revision, settled: settledSince(base.changes, byObject(plan)) } }),
  });
}

/** A base that is broken is told: what mends it is to be seen all the same. */
async function planBase(cluster: Cluster, { base, refresh, emit }: TellOptions) {
  if (base === undefined) return undefined;
  try {
    const { plan } = await planRun(cluster, {
      ...base,
      refresh,
      proveCreations: true,
      proposing: false,
      backingOff: false,
    });
    return { changes: byObject(plan), revision: base.revision };
  } catch (error) {
    if (!(error instanceof PlumbError)) throw error;
    emit({
      type: "warning",
      message: `The base can't be planned, so nothing is known to be drift: ${error.message}`,
    });
    return undefined;
  }
}
