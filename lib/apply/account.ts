/** What the journal keeps of a run: an account of its events, the same that everybody sees. @module */
import type { Emit, Event } from "../event.ts";
import { describe } from "../object.ts";
import type { Run } from "./journal.ts";
import { type RememberedCheck, rememberedOf } from "./remembered_checks.ts";

/** What an account can't know from the events. */
export type RunFacts =
  & Pick<Run, "id" | "command" | "source" | "identity" | "result" | "message">
  & { readonly subject?: string | undefined };

/** Listens to a run. */
export class Account {
  /** Hands each event on. */
  readonly emit: Emit;
  readonly #started = new Date();
  readonly #begun = performance.now();
  readonly #changes: Record<string, number> = {};
  readonly #evidence: string[] = [];
  #verified: Run["verified"];
  #checks: RememberedCheck[] = [];
  #hasActed = false;

  constructor(emit: Emit) {
    this.emit = (event) => {
      this.#hear(event);
      emit(event);
    };
  }

  /** Whether the run got as far as to write to the component. */
  get hasActed(): boolean {
    return this.#hasActed;
  }

  /** Why it failed: the first thing that went wrong, in words. */
  get reason(): string | undefined {
    return this.#evidence[0];
  }

  /** Why it failed: reasons, events and last log lines. */
  get evidence(): readonly string[] {
    return this.#evidence;
  }

  /** Adds to a failure what stays of it, whatever is undone: after the reason, so that no long log pushes it out. */
  addLasting(lines: readonly string[]): void {
    this.#evidence.splice(1, 0, ...lines.map((line) => `not undone: ${line}`));
  }

  /** The run as it is remembered. */
  toRun({ subject, ...facts }: RunFacts): Run {
    return {
      ...facts,
      ...(subject === undefined ? {} : { subject }),
      started: this.#started.toISOString(),
      seconds: (performance.now() - this.#begun) / 1000,
      changes: this.#changes,
      evidence: this.#evidence,
      ...(this.#verified === undefined ? {} : { verified: this.#verified }),
    };
  }

  #hear(event: Event): void {
    switch (event.type) {
      case "stage":
        if (event.stage === "apply" || event.stage === "prune") this.#hasActed = true;
        break;
      case "change":
        this.#hearChange(event);
        break;
      case "health":
        if (event.status === "failed") {
          const lines = event.evidence ?? [];
          this.#evidence.push(`${describe(event.object)}: ${event.message}`, ...lines);
        }
        break;
      case "check": {
        const ended = rememberedOf(event);
        if (ended !== undefined) this.#checks.push(ended);
        if (event.status === "failed") this.#hearFailedCheck(event);
        break;
      }
      case "verified": {
        const { passed, notJudged, seconds } = event;
        const checks = this.#checks;
        const failed = checks.filter(({ status }) => status === "failed").map(({ name }) => name);
        this.#verified = { passed, failed, notJudged, seconds, checks };
        this.#checks = [];
        break;
      }
    }
  }

  #hearChange({ action, object, result, message }: Extract<Event, { type: "change" }>): void {
    if (result === "done") this.#changes[action] = (this.#changes[action] ?? 0) + 1;
    if (result === "failed") {
      const what = action === "conflict" ? "can't be applied" : `${action} failed`;
      this.#evidence.push(`${describe(object)}: ${what}: ${message ?? ""}`);
    }
  }

  #hearFailedCheck({ title, message, probably }: Extract<Event, { type: "check" }>): void {
    const cause = probably === undefined ? [] : [`probably: ${probably}`];
    this.#evidence.push(`Check ${title}: ${message ?? "failed"}`, ...cause);
  }
}
