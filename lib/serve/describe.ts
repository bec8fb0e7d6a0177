/** From what was found out to what is shown. Pure. @module */
import { createHash } from "node:crypto";
import {
  type ComponentStatus,
  type ComponentView,
  nextStep,
  type ObjectView,
  statusOfView,
  suspensionAt,
} from "../apply/mod.ts";
import type { HealthStatus } from "../event.ts";
import { keyOf } from "../object.ts";
import { counted, whoInWords } from "../report/mod.ts";
import type { ActionName, Component, ComponentDetail, ComponentObject, Run } from "./contract.ts";
import { ACTIONS } from "./contract.ts";
import { problemOf } from "./errors.ts";
import type { Look } from "./look.ts";

/** What the server itself knows of a component. */
export interface Known {
  /** The run that acts on it right now. */
  readonly acting: Run | undefined;
  /** What was shown before. */
  readonly before: Component | undefined;
  readonly now: Date;
}

const WORKLOADS: ReadonlySet<string> = new Set([
  "Deployment",
  "StatefulSet",
  "DaemonSet",
  "ReplicaSet",
  "Job",
  "CronJob",
  "Pod",
]);

/** Describes a component with all that it consists of. */
export function describeComponent(look: Look, known: Known): ComponentDetail {
  const { view, declared, journal } = look;
  const objects = (view?.objects ?? []).map(objectOf);
  const rest = {
    objects,
    waves: view?.waves ?? 0,
    requirements: declared?.requirements ?? [],
    parameters: declared?.parameters ?? [],
  };
  const suspended = suspensionAt(journal, known.now.getTime());
  const never = neverOf(look, suspended);
  const status = statusIn(look, known.now);
  const next = status === undefined ? undefined : nextStep(status);
  const row: Omit<Component, "version"> = {
    name: look.name,
    namespace: declared?.namespace ?? view?.inventory?.namespace ?? "",
    ...(declared?.description === undefined ? {} : { description: declared.description }),
    revision: revisionsOf(look),
    sync: { ...syncOf(look, known), ...(suspended === undefined ? {} : { hint: SUSPENDED }) },
    health: healthOf(status, view, objects),
    ...lastRunOf(look),
    ...verifiedOf(look),
    ...(next === undefined || next.words === ""
      ? {}
      : { next: { words: next.words, needed: next.isNeeded } }),
    ...(suspended === undefined ? {} : { suspended }),
    ...(look.schedule === undefined ? {} : { schedule: look.schedule }),
    ...holderOf(look, known),
    actions: ACTIONS.filter((action) => never[action] === undefined),
    never,
    ...(look.error === undefined ? {} : { error: problemOf(look.error) }),
  };
  const version = createHash("sha256").update(JSON.stringify([row, rest])).digest("base64url");
  return { component: { ...row, version: version.slice(0, 16) }, ...rest };
}

function objectOf(object: ObjectView): ComponentObject {
  const { reference, provenance, wave, change } = object;
  return {
    key: keyOf(reference),
    object: reference,
    ...(wave === undefined ? {} : { wave: wave + 1 }),
    dependsOn: [...object.dependsOn],
    health: object.health,
    exists: object.exists,
    ...(provenance === undefined ? {} : { file: provenance.file, line: provenance.line }),
    owners: [...object.managers],
    ...(change === undefined ? {} : { change }),
    pods: WORKLOADS.has(reference.kind),
  };
}

function revisionsOf({ declared, view }: Look): Component["revision"] {
  const source = view?.inventory?.source;
  return {
    ...(declared === undefined ? {} : { git: declared.revision }),
    // Before the first run has ended there is none.
    ...(source === undefined || source.revision === "" ? {} : { cluster: source }),
  };
}

function syncOf(look: Look, { acting, before, now }: Known): Component["sync"] {
  const found = stateOf(look, acting);
  const since = before?.sync.state === found.state ? before.sync.since : now.toISOString();
  return { ...found, since };
}

function stateOf(
  { declared, view, lease, error, isElsewhere }: Look,
  acting: Run | undefined,
): Omit<Component["sync"], "since"> {
  if (error !== undefined) {
    const { message, hint } = problemOf(error);
    return { state: "unknown", message, ...(hint === undefined ? {} : { hint }) };
  }
  if (view === undefined) return { state: "unknown", message: "It was not compared yet" };
  if (isElsewhere) {
    const { url = "" } = view.inventory?.source ?? {};
    return {
      state: "elsewhere",
      message: `It was deployed from ${url}, which this server does not read`,
      hint:
        "Deploy it from there with `plumb reconcile`, or let a server read it: `--source`, `--path`.",
    };
  }
  if (declared === undefined) {
    return {
      state: "gone",
      message: "It was deployed once, and Git does not have it any more",
      hint: "Roll it back, or put its folder back into Git.",
    };
  }
  const { counts, inventory } = view;
  if (inventory === undefined) {
    return { state: "not-deployed", counts, message: "Not deployed yet" };
  }
  const changed = view.objects.filter(({ change }) => change !== undefined);
  const drifted = changed.filter(({ drift }) => drift !== undefined).length;
  const moved = changed.length - drifted;
  if (moved > 0) {
    return {
      state: "behind",
      counts,
      message: `Git has moved: ${counted(moved, "object")} to change` +
        (drifted > 0 ? `, and ${counted(drifted, "object")} drifted` : ""),
    };
  }
  if (drifted > 0) {
    const message = `${counted(drifted, "object")} drifted`;
    const propose = declared.notProposable === undefined ? ", or propose it to Git" : "";
    return { state: "drifted", counts, message, hint: `Deploy to heal it${propose}.` };
  }
  if (inventory.state === "complete") {
    return { state: "in-sync", counts, message: "The cluster is as Git says" };
  }
  if (acting !== undefined || lease !== undefined) {
    return { state: "behind", counts, message: "A run is making it as Git says" };
  }
  const hint = "Deploy to finish what it began.";
  return { state: "behind", counts, message: "The last run did not finish", hint };
}

/** How it is, as `plumb status` would tell. */
function statusIn({ view, journal, lease }: Look, now: Date): ComponentStatus | undefined {
  return view &&
    statusOfView(view, journal, { isHeld: lease !== undefined, now: now.getTime() });
}

function healthOf(
  status: ComponentStatus | undefined,
  view: ComponentView | undefined,
  objects: readonly ComponentObject[],
): Component["health"] {
  const numbers: Record<HealthStatus, number> = {
    current: 0,
    progressing: 0,
    failed: 0,
    terminating: 0,
    unknown: 0,
  };
  for (const { health } of objects) numbers[health.status]++;
  if (status === undefined) {
    const message = view === undefined ? "Nothing is known" : "Not deployed yet";
    return { status: "unknown", message, objects: numbers };
  }
  const { health, unseen } = status;
  const well = objects.length - unseen;
  const message = health.status !== "current"
    ? health.message
    : `${counted(well, "object")} ${well === 1 ? "is" : "are"} well` +
      (unseen === 0 ? "" : `, ${unseen} can't be seen`);
  return { status: health.status, message, objects: numbers };
}

function lastRunOf({ journal }: Look): Pick<Component, "lastRun"> {
  const last = journal.runs.find(({ command }) => command !== "verify");
  if (last === undefined) return {};
  const { command: action, result: outcome, message, identity, started } = last;
  const time = new Date(started).toISOString();
  return { lastRun: { action, outcome, message, by: whoInWords(identity), time } };
}

function verifiedOf({ journal }: Look): Pick<Component, "verified"> {
  const last = journal.runs.find(({ verified }) => verified !== undefined);
  if (last?.verified === undefined) return {};
  const { passed, failed, notJudged, seconds } = last.verified;
  const time = new Date(last.started).toISOString();
  return { verified: { passed, failed: failed.length, notJudged, seconds, time } };
}

function holderOf({ lease }: Look, { acting }: Known): Pick<Component, "holder"> {
  if (acting !== undefined) {
    const { by, started, action, id } = acting;
    return {
      holder: { by, ...(started === undefined ? {} : { since: started }), action, run: id },
    };
  }
  if (lease === undefined) return {};
  const since = lease.since === undefined ? undefined : new Date(lease.since).toISOString();
  return { holder: { by: lease.holder, ...(since === undefined ? {} : { since }) } };
}

const SUSPENDED = "It is suspended: nothing is written until it is resumed.";

/** What can't be done with a component now, and why. */
function neverOf(
  { declared, view, journal, error, isElsewhere }: Look,
  suspended: Component["suspended"],
): Component["never"] {
  const never: Partial<Record<ActionName, string>> = {};
  const unreadable = error === undefined ? undefined : problemOf(error).message;
  const absent = isElsewhere ? "It was deployed from elsewhere" : "Git does not have it";
  const missing = unreadable ?? (declared === undefined ? absent : undefined);
  for (const action of ["deploy", "diff", "verify", "propose", "undo"] as const) {
    if (missing !== undefined) never[action] = missing;
  }
  if (declared !== undefined && declared.checks === undefined) {
    never.verify = "It says nothing about verification";
  }
  if (declared?.checksError !== undefined) never.verify = problemOf(declared.checksError).message;
  if (declared?.notProposable !== undefined) never.propose ??= declared.notProposable;
  if (view?.inventory === undefined) {
    never.undo ??= "It is not deployed";
    never.rollback = unreadable ?? "It is not deployed";
  }
  if (view?.inventory === undefined && journal.runs.length === 0) {
    never.suspend = unreadable ?? "It was never deployed";
  }
  if (suspended === undefined) never.resume = "It is not suspended";
  else {
    never.suspend = "It is suspended already";
    never.deploy ??= SUSPENDED;
    never.undo ??= SUSPENDED;
  }
  return never;
}
