/**
 * Leaves fields that somebody sets back each time, and objects that somebody deletes each time, alone for a while, and
 * counts the corrections of the others.
 * @module
 */
import { type Cluster, ClusterError } from "../cluster/mod.ts";
import type { Event } from "../event.ts";
import { type FieldPath, formatPath } from "../field_path.ts";
import { FIELD_MANAGER } from "../names.ts";
import { keyOf } from "../object.ts";
import {
  backedOff,
  backedOffUntil,
  compareObjects,
  type Correction,
  type Fight,
  type Member,
  withCorrections,
  withoutField,
} from "../plan/mod.ts";
import type { Decision } from "./decide.ts";
import type { Execution } from "./execute.ts";
import type { Inventory } from "./inventory.ts";
import type { PlannedRun } from "./plan_run.ts";

/** What is known of fights. */
export interface KnownFights {
  readonly fights: readonly Fight[];
  /** What the last run recorded, by key. */
  readonly members: ReadonlyMap<string, Member>;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/**
 * The fights that an inventory knows.
 *
 * @param now milliseconds since 1970, by the clock of the cluster.
 */
export function fightsIn({ fights = [], members }: Inventory, now: number): KnownFights {
  return {
    fights,
    members: new Map(members.map((member) => [keyOf(member.reference), member])),
    now,
  };
}

/** An object as a whole: the path of a fight with somebody who deletes it. */
const WHOLE: FieldPath = [];
/** The API server does not tell who deleted an object. */
const SOMEBODY = "somebody";
/** What others can't exist without: it comes back each time. */
const CARRYING: ReadonlySet<string> = new Set(["Namespace", "CustomResourceDefinition"]);

/**
 * The decision without the fields that are backed off: they stay as they live, and an object that is backed off stays
 * deleted. Where the API server refuses the object without the fields, they are corrected after all.
 */
export async function backOff(
  cluster: Cluster,
  decision: Decision,
  known: KnownFights,
): Promise<Decision> {
  const { change, item, live } = decision;
  if (change.action === "create" && fightAbout(decision, WHOLE, known)) return leftDeleted(item);
  if (change.action !== "update" || live === undefined) return decision;
  const left = change.differences.filter(({ path }) => fightAbout(decision, path, known));
  if (left.length === 0) return decision;
  const wanted = left.reduce((object, { path }) => withoutField(object, path), item.object);
  try {
    const predicted = await cluster.apply(item.resource, wanted, { dryRun: true });
    const compared = { desired: wanted, live, predicted, manager: FIELD_MANAGER };
    const differences = compareObjects(compared);
    const { reference, provenance } = item;
    const desired = { ...item, object: wanted };
    return {
      ...decision,
      item: desired,
      backedOff: left,
      change: differences.length === 0
        ? { action: "unchanged", reference, provenance }
        : { ...change, desired, differences },
    };
  } catch (error) {
    if (error instanceof ClusterError && error.isRefusal) return decision;
    throw error;
  }
}

function leftDeleted(item: Decision["item"]): Decision {
  const { reference, provenance } = item;
  return { item, change: { action: "unchanged", reference, provenance }, leftDeleted: true };
}

/** The fight about a field, if it is left as it lives. A new state from Git has its own chance. */
function fightAbout(
  decision: Decision,
  path: FieldPath,
  { fights, members, now }: KnownFights,
): Fight | undefined {
  if (fights.length === 0 || !isAsApplied(decision, members)) return undefined;
  const field = { object: keyOf(decision.item.reference), path: formatPath(path) };
  return backedOff(fights, field, now);
}

/** What a plan has to tell of fights: each field and object that differs and is, or would be, backed off. */
export function fightEvents(
  decisions: readonly Decision[],
  known: KnownFights,
): Extract<Event, { type: "fight" }>[] {
  return decisions.flatMap((decision) => {
    const { item, change, backedOff: left = [] } = decision;
    const differences = "differences" in change ? change.differences : [];
    const isDeleted = decision.leftDeleted || change.action === "create";
    const paths = [...left, ...differences].map(({ path }) => path);
    return [...isDeleted ? [WHOLE] : [], ...paths].flatMap((path) => {
      const fight = fightAbout(decision, path, known);
      if (fight === undefined) return [];
      const { path: field, manager, corrections } = fight;
      const until = new Date(backedOffUntil(fight) ?? 0).toISOString();
      const { reference: object } = item;
      return [{ type: "fight" as const, object, path: field, manager, corrections, until }];
    });
  });
}

/** How the cluster is when there is nothing to do. */
export function inSyncInWords({ waves }: Pick<PlannedRun, "waves">): string {
  const decisions = waves.flat();
  const fields = decisions.flatMap(({ backedOff: left = [] }) => left).length;
  const objects = decisions.filter((decision) => decision.leftDeleted).length;
  const left = [
    ...fields === 0 ? [] : [`${fields} ${fields === 1 ? "field" : "fields"} left to others`],
    ...objects === 0 ? [] : [`${objects} ${objects === 1 ? "object" : "objects"} left deleted`],
  ];
  const but = left.length === 0 ? "" : `, but for ${left.join(" and ")} for now`;
  return `The cluster is as Git says${but}`;
}

/**
 * The fights after a run. What Git itself moved is no correction, and where it moved an object, its fights are over: the
 * new state has its own chance.
 */
export function fightsAfter(
  { stored, waves }: PlannedRun,
  { applied }: Pick<Execution, "applied">,
  now: number,
): readonly Fight[] | undefined {
  const { members } = fightsIn(stored.inventory, now);
  const decisions = waves.flat();
  const moved = new Set(
    decisions.filter((one) => !isAsApplied(one, members)).map(({ item }) => keyOf(item.reference)),
  );
  const corrections = decisions
    .filter(({ item }) => applied.has(keyOf(item.reference)) && !moved.has(keyOf(item.reference)))
    .flatMap(correctionsIn);
  const known = (stored.inventory.fights ?? []).filter(({ object }) => !moved.has(object));
  const fights = withCorrections(known, corrections, now);
  return fights.length === 0 ? undefined : fights;
}

/** That Kubernetes has removed a Job which asks for it is no fight. */
function isAsApplied({ item }: Decision, before: ReadonlyMap<string, Member>): boolean {
  const member = before.get(keyOf(item.reference));
  return member?.hash === item.hash && !member.expires;
}

function correctionsIn({ item, change }: Decision): Correction[] {
  const object = keyOf(item.reference);
  if (change.action === "update") {
    return change.differences.map(({ path, owner }) => (
      { object, path: formatPath(path), manager: owner?.manager ?? SOMEBODY }
    ));
  }
  // What is not in the API of the cluster goes with what it is in: a file with its pod.
  const isDeletion = change.action === "create" && item.external === undefined &&
    !CARRYING.has(item.reference.kind);
  return isDeletion ? [{ object, path: formatPath(WHOLE), manager: SOMEBODY }] : [];
}
