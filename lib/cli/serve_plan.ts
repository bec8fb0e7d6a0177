/** What a run tells, as the plan that the dashboard shows. @module */
import { createHash } from "node:crypto";
import type { ApprovedPlan } from "../apply/mod.ts";
import type { ChangeReport, Event } from "../event.ts";
import { describe } from "../object.ts";
import { counted } from "../report/mod.ts";
import type { ActionContext, RunPlan } from "../serve/mod.ts";

/** A plan without changes of objects. */
export const NO_CHANGES: Omit<RunPlan, "digest" | "summary"> = {
  changes: [],
  waves: 0,
  steps: [],
  data: [],
  warnings: [],
  confirm: "click",
};

/** Hears what a run tells, and hands it on. */
export class Told {
  readonly emit: (event: Event) => void;
  message = "";
  #plan: Extract<Event, { type: "plan" }> | undefined;
  readonly #warnings: string[] = [];
  readonly #data: RunPlan["data"] = [];

  constructor({ emit }: ActionContext) {
    this.emit = (event) => {
      this.#hear(event);
      emit(event);
    };
  }

  /** @param approved of which the digest is made; of what was told when there is none. */
  planOf(approved?: ApprovedPlan): RunPlan {
    const { counts, changes = [], waves = 0 } = this.#plan ?? {};
    const deletions = (["delete", "replace"] as const).flatMap((action) => {
      const objects = changes.filter((change) => change.action === action);
      return objects.length === 0 ? [] : [`Will be ${action}d: ${namesOf(objects)}`];
    });
    return {
      digest: digestOf(approved ?? [changes, this.#data, this.#warnings]),
      summary: changes.length === 0
        ? "Nothing differs"
        : `${counted(changes.length, "object")} ${changes.length === 1 ? "changes" : "change"}`,
      ...(counts === undefined ? {} : { counts: { ...counts } }),
      changes: [...changes],
      waves,
      steps: [],
      data: [...this.#data],
      warnings: [...deletions, ...this.#warnings],
      confirm: "click",
    };
  }

  #hear(event: Event): void {
    if (event.type === "plan") this.#plan = event;
    if (event.type === "warning") this.#warnings.push(event.message);
    if (event.type === "data") {
      const { type: _, ...fate } = event;
      this.#data.push(fate);
    }
    if (event.type === "violation") {
      this.#warnings.push(`${event.policy}: ${event.message}. ${event.fix}`);
    }
    if (event.type === "result") this.message = event.message;
    if (event.type === "verified") {
      const { passed, failed, notJudged } = event;
      this.message = `${passed} passed, ${failed} failed, ${notJudged} not judged`;
    }
  }
}

/** As many as can be read at a glance. */
const MAX_NAMES = 5;

function namesOf(changes: readonly ChangeReport[]): string {
  const names = changes.slice(0, MAX_NAMES).map(({ object }) => describe(object));
  const more = changes.length - names.length;
  return names.join(", ") + (more > 0 ? `, and ${counted(more, "more object")}` : "");
}

/** What confirms a plan: another plan has another one. */
export function digestOf(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("base64url");
}
