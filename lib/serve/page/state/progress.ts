/** How a run goes, from the stream of its messages. @module */
import type { Event, Stage } from "../../../event.ts";
import { keyOf, type ObjectReference } from "../../../object.ts";
import type { Run, RunMessage } from "../../contract.ts";

type EventOf<Type extends Event["type"]> = Extract<Event, { type: Type }>;

/** What has become of one object that the plan changes. */
export interface ObjectProgress {
  readonly object: ObjectReference;
  readonly action: EventOf<"change">["action"];
  /** 1-based; none until its wave began. */
  readonly wave: number | undefined;
  /**
   * pending → done (written, and nothing to wait for) or waiting → ready. failed and skipped are ends, too.
   */
  readonly state: "pending" | "done" | "waiting" | "ready" | "failed" | "skipped";
  /** What is waited for and why, or why it failed. */
  readonly message: string;
  readonly hint?: string | undefined;
  readonly evidence: readonly string[];
  /** Fields that another manager held and Git took. */
  readonly taken: readonly { readonly path: string; readonly from: string }[];
}

/** All that is known of a run. */
export interface Progress {
  readonly run: Run | undefined;
  /** Number of the last message that went in: from there a stream goes on. */
  readonly last: number;
  readonly stage: Stage | "verify" | undefined;
  readonly source: EventOf<"source"> | undefined;
  /** The wave that is under way, and how many there are. */
  readonly wave: { readonly wave: number; readonly waves: number } | undefined;
  readonly objects: ReadonlyMap<string, ObjectProgress>;
  readonly requirements: readonly EventOf<"requirement">[];
  readonly checks: ReadonlyMap<string, EventOf<"check">>;
  readonly violations: readonly EventOf<"violation">[];
  /** Warnings and errors, in their order. */
  readonly notes: readonly (EventOf<"warning"> | EventOf<"error">)[];
  readonly proposal: EventOf<"proposal"> | undefined;
  /** What becomes of a revision that failed. */
  readonly undo: EventOf<"undo"> | undefined;
  /** What had failed when the way back began. The objects then tell of that way. */
  readonly undone: readonly ObjectProgress[];
  /** Data that is kept, comes back, or is lost. */
  readonly data: readonly EventOf<"data">[];
  readonly verified: EventOf<"verified"> | undefined;
  /** That the component is suspended, or no longer. */
  readonly suspension: EventOf<"suspension"> | undefined;
  readonly result: EventOf<"result"> | undefined;
  /** How many messages nobody has kept. */
  readonly missed: number;
}

/** Before any message. */
export const NO_PROGRESS: Progress = {
  run: undefined,
  last: 0,
  stage: undefined,
  source: undefined,
  wave: undefined,
  objects: new Map(),
  requirements: [],
  checks: new Map(),
  violations: [],
  notes: [],
  proposal: undefined,
  undo: undefined,
  undone: [],
  data: [],
  verified: undefined,
  suspension: undefined,
  result: undefined,
  missed: 0,
};

type Draft = { -readonly [Key in keyof Progress]: Progress[Key] } & {
  objects: Map<string, ObjectProgress>;
  checks: Map<string, EventOf<"check">>;
};

/** Adds messages that came together. One that is known already changes nothing, so a stream may overlap. */
export function applyMessages(progress: Progress, messages: readonly RunMessage[]): Progress {
  const draft: Draft = {
    ...progress,
    objects: new Map(progress.objects),
    checks: new Map(progress.checks),
  };
  for (const message of messages) {
    if (message.id <= draft.last) continue;
    draft.last = message.id;
    if (message.type === "state") draft.run = message.run;
    else if (message.type === "gap") draft.missed += message.messages;
    else applyEvent(draft, message.event);
  }
  return draft;
}

function applyEvent(draft: Draft, event: Event): void {
  switch (event.type) {
    case "run":
      // A new pass over the same component, as when it is planned first and carried out later.
      Object.assign(draft, {
        requirements: [],
        violations: [],
        notes: [],
        data: [],
        result: undefined,
      });
      break;
    case "stage":
      draft.stage = event.stage;
      break;
    case "source":
      draft.source = event;
      break;
    case "requirement":
      draft.requirements = [...draft.requirements, event];
      break;
    case "plan":
      draft.wave = undefined;
      draft.objects = new Map(event.changes.map(({ action, object }) => [
        keyOf(object),
        started(object, action, undefined),
      ]));
      break;
    case "wave":
      draft.wave = { wave: event.wave, waves: event.waves };
      break;
    case "change":
      applyChange(draft, event);
      break;
    case "health":
      applyHealth(draft, event);
      break;
    case "violation":
      draft.violations = [...draft.violations, event];
      break;
    case "check":
      draft.stage = "verify";
      draft.checks.set(event.name, event);
      break;
    case "verified":
      draft.verified = event;
      break;
    case "suspension":
      draft.suspension = event;
      break;
    case "proposal":
      draft.proposal = event;
      break;
    case "undo":
      draft.undo = event;
      if (event.state === "begun") draft.undone = failedObjects(draft);
      break;
    case "data":
      draft.data = [...draft.data, event];
      break;
    case "warning":
    case "error":
      draft.notes = [...draft.notes, event];
      break;
    case "result":
      draft.result = event;
      break;
  }
}

function started(
  object: ObjectReference,
  action: ObjectProgress["action"],
  wave: number | undefined,
): ObjectProgress {
  return { object, action, wave, state: "pending", message: "", evidence: [], taken: [] };
}

function applyChange(draft: Draft, event: EventOf<"change">): void {
  const key = keyOf(event.object);
  const known = draft.objects.get(key) ?? started(event.object, event.action, undefined);
  // What waits already has told more of itself than that it was written.
  const state = event.result === "done" && known.state !== "pending" ? known.state : event.result;
  draft.objects.set(key, {
    ...known,
    action: event.action,
    wave: draft.wave?.wave,
    state,
    message: event.message ?? known.message,
    hint: event.hint,
    taken: event.taken ?? [],
  });
}

const HEALTH: Readonly<Record<EventOf<"health">["status"], ObjectProgress["state"]>> = {
  current: "ready",
  progressing: "waiting",
  terminating: "waiting",
  unknown: "waiting",
  failed: "failed",
};

function applyHealth(draft: Draft, event: EventOf<"health">): void {
  const key = keyOf(event.object);
  const known = draft.objects.get(key) ??
    started(event.object, "unchanged", draft.wave?.wave);
  draft.objects.set(key, {
    ...known,
    wave: known.wave ?? draft.wave?.wave,
    state: known.action === "delete" && event.status === "current" ? "done" : HEALTH[event.status],
    message: event.message,
    evidence: event.evidence ?? [],
  });
}

/** Whether any object was written. */
export function hasBegun({ objects }: Progress): boolean {
  return [...objects.values()].some(({ state }) => state !== "pending");
}

/** What has failed, and what had before it was undone. */
export function failedObjects({ objects, undone }: Progress): readonly ObjectProgress[] {
  const failed = [...objects.values()].filter(({ state }) => state === "failed");
  return [...new Map([...undone, ...failed].map((item) => [keyOf(item.object), item])).values()];
}

/** Objects by their wave; those whose wave has not begun come last, under `undefined`. */
export function objectsByWave(
  progress: Progress,
): ReadonlyMap<number | undefined, readonly ObjectProgress[]> {
  const waves = Map.groupBy(progress.objects.values(), ({ wave }) => wave);
  return new Map(
    [...waves].toSorted(([left], [right]) => (left ?? Infinity) - (right ?? Infinity)),
  );
}

/** How far a run is, in objects. */
export function countDone(
  { objects }: Progress,
): { readonly done: number; readonly total: number } {
  const done = [...objects.values()].filter(({ state }) => state === "done" || state === "ready");
  return { done: done.length, total: objects.size };
}
