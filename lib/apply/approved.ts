/** A plan that somebody has approved: exactly that is applied, or nothing. @module */
import { z } from "zod";
import { ANNOTATION } from "../names.ts";
import { describe, keyOf } from "../object.ts";
import { type Change, changesIn, hashOf, maskObject } from "../plan/mod.ts";
import { ApplyError } from "./errors.ts";
import type { PlannedRun } from "./plan_run.ts";

const SCHEMA = "plumb.thinkube.io/plan/v1";
/** Longest file of a plan that is read. */
const MAX_CHARACTERS = 16 * 1024 * 1024;

const approvedPlan = z.strictObject({
  schema: z.literal(SCHEMA),
  component: z.string(),
  revision: z.string(),
  changes: z.array(
    z.strictObject({
      action: z.string(),
      object: z.string(),
      name: z.string(),
      digest: z.string(),
    }),
  ),
});

/** What was approved: a digest of each change, so that no value of a Secret is in it. */
export type ApprovedPlan = z.output<typeof approvedPlan>;

/** What a plan is of. */
interface Subject {
  readonly component: string;
  readonly revision: string;
}

/** A plan, as it can be kept in a file and approved. */
export function approvable(planned: PlannedRun, { component, revision }: Subject): ApprovedPlan {
  const { plan, prepared, stored } = planned;
  // Before the first run there is no key yet that lasts; then values of Secrets can't be told apart.
  const keyed = stored.resourceVersion !== undefined;
  const hashes = new Map(prepared.map(({ reference, hash }) => [keyOf(reference), hash]));
  const changes = changesIn(plan).map((change) => {
    const object = keyOf(change.reference);
    const secret = keyed ? hashes.get(object) : undefined;
    const { action } = change;
    const content = keyed ? contentOf(change) : withoutConfigHash(contentOf(change));
    const digest = hashOf([content, secret ?? null], object);
    return { action, object, name: describe(change.reference), digest };
  });
  return { schema: SCHEMA, component, revision, changes };
}

/** Without a key that lasts, the hash of what a pod reads is another one in each run. What it is of is approved itself. */
function withoutConfigHash(content: unknown): unknown {
  const text = JSON.stringify(
    content,
    (name, value) => name === ANNOTATION.configHash ? undefined : value,
  );
  return JSON.parse(text);
}

/** What makes a change this one: what is wanted, and what was seen in the cluster. */
function contentOf(change: Change): unknown {
  if (change.action === "delete") return change.uid;
  if (change.action === "unchanged") return null;
  const desired = maskObject(change.desired.object);
  if (change.action === "create") return desired;
  const differences = change.differences.map(({ path, difference, live }) => (
    { path, difference, live: live ?? null }
  ));
  return { desired, differences };
}

/**
 * Reads what was approved.
 *
 * @throws {ApplyError} `plan-unreadable`
 */
export function readApproved(text: string, file: string): ApprovedPlan {
  try {
    if (text.length > MAX_CHARACTERS) throw new Error("it is too long");
    return approvedPlan.parse(JSON.parse(text));
  } catch (cause) {
    throw new ApplyError("plan-unreadable", "This is no plan that can be applied", {
      place: { file },
      hint: "Make one with `plumb diff --save FILE`, of the same version.",
      cause,
    });
  }
}

/**
 * Stops a run whose plan is not the approved one.
 *
 * @throws {ApplyError} `plan-moved`, with what is other than it was approved.
 */
export function assertApproved(approved: ApprovedPlan, now: ApprovedPlan): void {
  const moved: string[] = [];
  for (const field of ["component", "revision"] as const) {
    if (approved[field] !== now[field]) {
      moved.push(`the ${field} is ${now[field]}, not ${approved[field]}`);
    }
  }
  const [before, after] = [byObject(approved), byObject(now)];
  for (const [object, { action, name, digest }] of after) {
    const wanted = before.get(object);
    if (wanted === undefined) moved.push(`${action} ${name} was not approved`);
    else if (wanted.action !== action || wanted.digest !== digest) {
      moved.push(`${action} ${name} is another change than the approved one`);
    }
  }
  for (const [object, { action, name }] of before) {
    if (!after.has(object)) moved.push(`${action} ${name} is not needed any more`);
  }
  if (moved.length === 0) return;
  throw new ApplyError("plan-moved", `Git or the cluster has moved since: ${moved.join("; ")}`, {
    hint: "Nothing was changed. The plan as it is now stands above: save it again, and approve it.",
  });
}

function byObject({ changes }: ApprovedPlan): Map<string, ApprovedPlan["changes"][number]> {
  return new Map(changes.map((change) => [change.object, change]));
}
