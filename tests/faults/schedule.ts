/** A fault schedule: what happens to a component, step by step, all of it decided by a seed. */
import { type Desired, FIRST, nextRevision } from "./desired.ts";
import { type Random, randomFrom } from "./random.ts";
import { type Treatment, treatmentFrom } from "./treatment.ts";

/** What somebody else does to the component's objects meanwhile. */
export type Meddling = "edit" | "scale" | "delete" | "label" | "add";

/** What a colleague does to a pull request, or commits to its branch. */
export type Deed = "merge" | "close" | "close and delete" | "push";

/** One thing that happens. */
export type Step =
  | { readonly kind: "deploy"; readonly desired: Desired; readonly treatment: Treatment }
  | { readonly kind: "rollback"; readonly treatment: Treatment }
  | { readonly kind: "meddle"; readonly how: Meddling }
  /** What has drifted is proposed, by as many runs at once as there are treatments. */
  | { readonly kind: "propose"; readonly treatments: readonly Treatment[] }
  | { readonly kind: "colleague"; readonly deed: Deed };

/** What happens, in its order. */
export interface Schedule {
  readonly seed: number;
  readonly steps: readonly Step[];
  /** What happens when all else is settled; empty where no pull requests are. */
  readonly drift: readonly Step[];
}

/** Who proposes does it through GitHub, whose client takes its time. */
const WITH_PULL_REQUESTS = 1 / 4;

/** The schedule of a seed; always the same. */
export function scheduleOf(seed: number): Schedule {
  const random = randomFrom(seed);
  const proposes = random.chance(WITH_PULL_REQUESTS);
  const steps: Step[] = [{ kind: "deploy", desired: FIRST, treatment: treatmentFrom(random) }];
  // What somebody else put into the namespace would rightly stop a rollback.
  const rollsBack = random.chance(0.3);
  const meddlings: readonly Meddling[] = rollsBack ? MEDDLINGS : [...MEDDLINGS, "add"];
  for (let count = 2 + random.below(proposes ? 2 : 4); count > 0; count--) {
    if (random.chance(0.5)) steps.push({ kind: "meddle", how: random.pick(meddlings) });
    if (proposes) steps.push(...pullRequestsFrom(random));
    if (rollsBack && random.chance(0.6)) {
      steps.push({ kind: "rollback", treatment: treatmentFrom(random) });
    }
    // The last revision is a good one, so that all schedules end the same way.
    const isBad = count > 1 && random.chance(proposes ? 0.5 : 0.25);
    const desired = nextRevision(random, isBad);
    steps.push({ kind: "deploy", desired, treatment: treatmentFrom(random) });
  }
  return { seed, steps, drift: proposes ? driftFrom(random) : [] };
}

const MEDDLINGS: readonly Meddling[] = ["edit", "scale", "delete", "label"];
const DEEDS: readonly Deed[] = ["merge", "close", "close and delete", "push"];

/** Drift is proposed, and people look at it, or not. */
function pullRequestsFrom(random: Random): Step[] {
  const steps: Step[] = [];
  if (random.chance(0.7)) steps.push(proposeFrom(random));
  if (random.chance(0.4)) {
    steps.push({ kind: "colleague", deed: random.pick(DEEDS) });
    if (random.chance(0.6)) steps.push(proposeFrom(random));
  }
  return steps;
}

/** Something that is proposed for certain, whatever happens to the runs that do it first. */
function driftFrom(random: Random): Step[] {
  const first: Step = { kind: "meddle", how: random.pick(["edit", "scale", "delete"]) };
  const more: Step[] = random.chance(0.3)
    ? [{ kind: "meddle", how: random.pick(MEDDLINGS) }, proposeFrom(random)]
    : [];
  return [first, proposeFrom(random), ...more];
}

function proposeFrom(random: Random): Step {
  const treatments = [treatmentFrom(random, 6)];
  if (random.chance(0.25)) treatments.push(treatmentFrom(random, 6));
  return { kind: "propose", treatments };
}
