/** What users of kubectl should hear of a run, in the words of Kubernetes Events. Pure. @module */
import type { Event } from "../event.ts";
import { describe } from "../object.ts";
import { shortRevision } from "../revision.ts";

/** One Kubernetes Event to be. */
export interface Notice {
  /** In CamelCase, for programs. */
  readonly reason: string;
  readonly type: "Normal" | "Warning";
  readonly message: string;
}

const MAX_NAMED = 5;
/** kubectl shows one line. */
const MAX_MESSAGE = 500;

/**
 * What a run has to say to users of kubectl: what drifted, how it ended, and what is left alone. A run that found nothing
 * to do says nothing. No value of a field is told, only its path and who set it.
 *
 * @example
 * ```ts
 * import { noCounts } from "../event.ts";
 * import { noticesOf } from "./notices.ts";
 * import assert from "node:assert/strict";
 *
 * const [notice] = noticesOf([{
 *   type: "result", outcome: "applied", counts: { ...noCounts(), create: 2 }, failed: 0, seconds: 1,
 *   message: "The cluster is now as Git says",
 * }], "4f1c");
 * assert.equal(notice?.reason, "Applied");
 * ```
 */
export function noticesOf(events: readonly Event[], revision: string): Notice[] {
  const short = shortRevision(revision);
  return events.flatMap((event) => noticeOf(event, events, short))
    .map((notice) => ({ ...notice, message: cut(notice.message) }));
}

function noticeOf(event: Event, events: readonly Event[], revision: string): Notice[] {
  switch (event.type) {
    case "plan":
      return event.drifted ? [driftNotice(event, event.drifted)] : [];
    case "fight": {
      const { path, object, manager, corrections } = event;
      const left = path === ""
        ? `${describe(object)} is left deleted, as somebody deletes it each time`
        : `${path} of ${describe(object)} is left as ${manager} sets it`;
      const message = `${left}, after ${corrections} corrections`;
      return [{ reason: "BackedOff", type: "Warning", message }];
    }
    case "verified": {
      if (event.failed === 0) return [];
      const titles = events.flatMap((one) =>
        one.type === "check" && one.status === "failed" ? [one.title] : []
      );
      const message = `Checks failed: ${[...new Set(titles)].join(", ")}`;
      return [{ reason: "VerifyFailed", type: "Warning", message }];
    }
    case "undo":
      return event.state === "done" || event.state === "failed" ? [undoNotice(event)] : [];
    case "error":
      return event.code === "interrupted"
        ? []
        : [{ reason: "Failed", type: "Warning", message: event.message }];
    case "result":
      return resultNotices(event, events, revision);
    default:
      return [];
  }
}

function driftNotice({ changes }: Extract<Event, { type: "plan" }>, drifted: number): Notice {
  const named = changes.flatMap(({ object, fields }) => {
    const [field] = fields;
    if (field === undefined) return [];
    const owner = field.owner === undefined ? "" : ` by ${field.owner}`;
    return [`${describe(object)} (${field.path}${owner})`];
  });
  const message = `${drifted} objects are not as the last run left them: ` +
    `${named.slice(0, MAX_NAMED).join(", ")}`;
  return { reason: "Drifted", type: "Normal", message };
}

function undoNotice({ state, from, to, reason }: Extract<Event, { type: "undo" }>): Notice {
  const way = `from ${shortRevision(from)} to ${
    to === undefined ? "the last good revision" : shortRevision(to)
  }`;
  return state === "done"
    ? { reason: "Undone", type: "Warning", message: `${way}: ${reason}` }
    : { reason: "UndoFailed", type: "Warning", message: `${way}: ${reason}` };
}

function resultNotices(
  { outcome, message }: Extract<Event, { type: "result" }>,
  events: readonly Event[],
  revision: string,
): Notice[] {
  const done = events.filter((event) => event.type === "change" && event.result === "done").length;
  if (outcome === "applied") {
    return [{ reason: "Applied", type: "Normal", message: `${revision}: ${done} objects changed` }];
  }
  if (outcome !== "failed" && outcome !== "refused") return [];
  const failure = events.find((event) => event.type === "health" && event.status === "failed");
  const why = failure?.type === "health" ? `; ${describe(failure.object)}: ${failure.message}` : "";
  return [{ reason: "Failed", type: "Warning", message: `${revision}: ${message}${why}` }];
}

function cut(message: string): string {
  return message.length <= MAX_MESSAGE ? message : `${message.slice(0, MAX_MESSAGE - 1)}…`;
}
