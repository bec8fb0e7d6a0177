/** How a run is treated: which faults its requests meet, and when it is killed, all of it decided by chance from a seed. */
import { isWrite } from "../recorder.ts";
import type { Fate, Fault } from "./proxy.ts";
import { type Random, randomFrom } from "./random.ts";

/** How a run is treated. */
export interface Treatment {
  /** Decides about each of the run's requests to the API server. */
  readonly fate: Fate;
  /** Decides about those to GitHub. */
  readonly atGitHub: Fate;
  /** The run is killed when its write of this number is on its way, to whichever of the two, 1-based. */
  readonly killAt?: number;
  /** Whether that write still gets there. */
  readonly isDelivered: boolean;
}

/** A run meets so many faults at the most, so that it ends one day. */
const MAX_FAULTS = 6;
/** At GitHub fewer: its client waits for seconds after each. */
const MAX_FAULTS_AT_GITHUB = 3;
const RATES = [0, 0.03, 0.1, 0.3];

/** @param writes about how many writes a run makes: it is killed at one of them, if at all. */
export function treatmentFrom(random: Random, writes = 12): Treatment {
  const rate = random.pick(RATES);
  const isKilled = random.chance(0.3);
  return {
    fate: fateFrom(randomFrom(random.below(2 ** 32)), { rate, most: MAX_FAULTS, faultFor }),
    atGitHub: fateFrom(randomFrom(random.below(2 ** 32)), {
      rate: random.pick(RATES),
      most: MAX_FAULTS_AT_GITHUB,
      faultFor: faultAtGitHub,
    }),
    isDelivered: random.chance(0.5),
    ...(isKilled ? { killAt: 1 + random.below(writes) } : {}),
  };
}

function fateFrom(
  random: Random,
  { rate, most, faultFor }: {
    readonly rate: number;
    readonly most: number;
    readonly faultFor: (writes: boolean, random: Random) => Fault;
  },
): Fate {
  let left = most;
  return (request) => {
    if (left === 0 || !random.chance(rate)) return undefined;
    left--;
    return faultFor(isWrite(request), random);
  };
}

function faultFor(writes: boolean, random: Random): Fault {
  const kind = random.pick([...KINDS, writes ? "lost-answer" : "old-list"] as const);
  if (kind === "refuse") return { kind, status: random.pick([429, 500, 503, 504]) };
  // Now and then longer than a lease lasts.
  return kind === "freeze" && random.chance(0.1)
    ? { kind, milliseconds: 11_000 }
    : faultOf(kind, random);
}

function faultAtGitHub(writes: boolean, random: Random): Fault {
  const kinds = [...KINDS, "rate-limit"] as const;
  const kind = writes ? random.pick([...kinds, "lost-answer"] as const) : random.pick(kinds);
  if (kind === "refuse") return { kind, status: random.pick([429, 500, 502, 503, 504]) };
  return faultOf(kind, random);
}

const KINDS = ["delay", "cut", "refuse", "truncate", "freeze"] as const;

function faultOf(kind: Exclude<Fault["kind"], "refuse">, random: Random): Fault {
  switch (kind) {
    case "delay":
      return { kind, milliseconds: 20 + random.below(1_500) };
    case "freeze":
      return { kind, milliseconds: 500 + random.below(2_000) };
    default:
      return { kind };
  }
}
