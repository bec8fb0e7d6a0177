/** A fault schedule: what happens to a component, step by step, all of it decided by a seed. */
import { type Desired, FIRST, nextRevision } from "./desired.ts";
import type { Fate, Fault } from "./proxy.ts";
import { type Random, randomFrom } from "./random.ts";
import { isWrite } from "../recorder.ts";

/** How a run is treated. */
export interface Treatment {
  /** Decides about each of the run's requests. */
  readonly fate: Fate;
  /** The run is killed when its write of this number is on its way, 1-based. */
  readonly killAt?: number;
  /** Whether that write still gets to the API server. */
  readonly isDelivered: boolean;
}

/** What somebody else does to the component's objects meanwhile. */
export type Meddling = "edit" | "scale" | "delete" | "label" | "add";

/** One thing that happens. */
export type Step =
  | { readonly kind: "deploy"; readonly desired: Desired; readonly treatment: Treatment }
  | { readonly kind: "rollback"; readonly treatment: Treatment }
  | { readonly kind: "meddle"; readonly how: Meddling };

/** What happens, in its order. */
export interface Schedule {
  readonly seed: number;
  readonly steps: readonly Step[];
}

/** The schedule of a seed; always the same. */
export function scheduleOf(seed: number): Schedule {
  const random = randomFrom(seed);
  const steps: Step[] = [{ kind: "deploy", desired: FIRST, treatment: treatmentFrom(random) }];
  // What somebody else put into the namespace would rightly stop a rollback.
  const rollsBack = random.chance(0.3);
  const meddlings: readonly Meddling[] = rollsBack ? MEDDLINGS : [...MEDDLINGS, "add"];
  for (let count = 2 + random.below(4); count > 0; count--) {
    if (random.chance(0.5)) steps.push({ kind: "meddle", how: random.pick(meddlings) });
    if (rollsBack && random.chance(0.6)) {
      steps.push({ kind: "rollback", treatment: treatmentFrom(random) });
    }
    // The last revision is a good one, so that all schedules end the same way.
    const isBad = count > 1 && random.chance(0.25);
    const desired = nextRevision(random, isBad);
    steps.push({ kind: "deploy", desired, treatment: treatmentFrom(random) });
  }
  return { seed, steps };
}

const MEDDLINGS: readonly Meddling[] = ["edit", "scale", "delete", "label"];
/** A run meets so many faults at the most, so that it ends one day. */
const MAX_FAULTS = 6;

function treatmentFrom(random: Random): Treatment {
  const rate = random.pick([0, 0.03, 0.1, 0.3]);
  const isKilled = random.chance(0.3);
  const fates = randomFrom(random.below(2 ** 32));
  let left = MAX_FAULTS;
  return {
    fate: (request) => {
      if (left === 0 || !fates.chance(rate)) return undefined;
      left--;
      return faultFor(isWrite(request), fates);
    },
    isDelivered: random.chance(0.5),
    ...(isKilled ? { killAt: 1 + random.below(12) } : {}),
  };
}

function faultFor(writes: boolean, random: Random): Fault {
  const kinds: Fault["kind"][] = ["delay", "cut", "refuse", "truncate", "freeze"];
  const kind = random.pick([...kinds, writes ? "lost-answer" : "old-list"] as const);
  switch (kind) {
    case "refuse":
      return { kind, status: random.pick([429, 500, 503, 504]) };
    case "delay":
      return { kind, milliseconds: 20 + random.below(1_500) };
    case "freeze":
      // Now and then longer than a lease lasts.
      return { kind, milliseconds: random.chance(0.1) ? 11_000 : 500 + random.below(2_000) };
    default:
      return { kind };
  }
}
