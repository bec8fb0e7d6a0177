/** A run while it goes: how far, what is waited for and why, and how long it takes. @module */
import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { keyOf } from "../../../object.ts";
import { DONE } from "../../../report/done.ts";
import { counted } from "../../../report/words.ts";
import type { Problem, Run } from "../../contract.ts";
import { html } from "../html.ts";
import { api, problemOf } from "../net/api.ts";
import {
  countDone,
  hasBegun,
  type ObjectProgress,
  objectsByWave,
  type Progress,
} from "../state/progress.ts";
import { MAX_SHOWN, mostUrgent } from "../state/shown.ts";
import { CHANGE, elapsedInWords, type State } from "../state/words.ts";
import { CheckList } from "./check_list.ts";
import { useNow, useSession } from "./hooks.ts";
import { Badge, ObjectName, ProblemBox, Rest } from "./parts.ts";
import { Data, Evidence, Failures, Notes, Requirements, Undo, Violations } from "./run_parts.ts";

/** Everything that is under way. */
export function RunProgress({ run, progress }: {
  readonly run: Run;
  readonly progress: Progress;
}): VNode {
  const waiting = [...progress.objects.values()].filter(({ state }) => state === "waiting");
  return html`
    <${Head} run=${run} progress=${progress} />
    <${Stop} run=${run} label="Stop" />
    <${Undo} undo=${progress.undo} />
    <${Failures} objects=${progress.undone} />
    <${Notes} notes=${progress.notes} />
    ${waiting.length === 0 ? null : html`
      <h2>Waiting for</h2>
      <ul class="plain awaited">${waiting.slice(0, MAX_SHOWN).map(({ object, message }) =>
        html`<li key=${keyOf(object)}><${ObjectName} object=${object} />: ${message}</li>`
      )}</ul>
      <${Rest} all=${waiting.length} shown=${Math.min(waiting.length, MAX_SHOWN)} />
    `}
    <${Data} data=${progress.data} />
    <${RunDetails} progress=${progress} />
  `;
}

/** Waves with their objects, checks, and what was asked before. */
export function RunDetails({ progress }: { readonly progress: Progress }): VNode {
  const { checks, requirements, violations } = progress;
  return html`
    ${checks.size === 0 ? null : html`
      <h2>Checks</h2>
      <${CheckList} checks=${[...checks.values()].map((last) => ({ last, trend: [] }))} />
    `}
    <${Waves} progress=${progress} />
    <${Violations} violations=${violations} />
    <${Requirements} requirements=${requirements} />
  `;
}

function Head({ run, progress }: { readonly run: Run; readonly progress: Progress }): VNode {
  const now = useNow(500);
  const { wave, stage } = progress;
  const { done, total } = countDone(progress);
  const elapsed = (now - Date.parse(run.started ?? run.asked)) / 1000;
  const { expected } = run;
  const step = stage === "verify"
    ? "Checking"
    : wave === undefined
    ? STAGE[stage ?? ""] ?? "Beginning"
    : `Wave ${wave.wave} of ${wave.waves}`;
  return html`<div class="head">
    <p class="lead">${
    run.state === "stopping" ? "Stopping; what is under way is finished first." : step
  }</p>
    ${
    total === 0 ? null : html`
      <progress max=${total} value=${done} aria-label="Objects done"></progress>
      <p>${done} of ${counted(total, "object")}</p>
    `
  }
    <p class="clock" role="timer">${elapsedInWords(elapsed)}${
    expected === undefined
      ? ""
      : elapsed > expected.seconds
      ? `, longer than the usual ${elapsedInWords(Math.ceil(expected.seconds))}`
      : ` of about ${elapsedInWords(Math.ceil(expected.seconds))}`
  }</p>
  </div>`;
}

const STAGE: Readonly<Record<string, string>> = {
  lease: "Waiting for the lease",
  apply: "Applying",
  prune: "Deleting what Git no longer has",
};

const STATE: Readonly<Record<ObjectProgress["state"], State>> = {
  pending: { tone: "calm", symbol: "○", word: "to come" },
  done: { tone: "good", symbol: "✓", word: "done" },
  waiting: { tone: "busy", symbol: "…", word: "waiting" },
  ready: { tone: "good", symbol: "✓", word: "ready" },
  failed: { tone: "bad", symbol: "✗", word: "failed" },
  skipped: { tone: "warn", symbol: "–", word: "skipped" },
};

/** What was not begun, or not ready, when a run ended. */
const LEFT: typeof STATE = {
  ...STATE,
  pending: { tone: "calm", symbol: "○", word: "not begun" },
  waiting: { tone: "warn", symbol: "…", word: "not ready" },
};

const URGENCY: Readonly<Partial<Record<ObjectProgress["state"], 0 | 1>>> = {
  failed: 0,
  skipped: 0,
  waiting: 1,
};

/** A wave is open while something of it is under way or has failed. */
function Waves({ progress }: { readonly progress: Progress }): VNode | null {
  const done = progress.run?.state === "done";
  const states = done ? LEFT : STATE;
  if (progress.objects.size === 0 || (done && !hasBegun(progress))) return null;
  return html`<h2>Objects</h2>${
    [...objectsByWave(progress)].map(([wave, objects]) => {
      const open = !done &&
        objects.some(({ state }) => state === "waiting" || state === "failed");
      const shown = mostUrgent(objects, ({ state }) => URGENCY[state] ?? 2);
      return html`
        <details key=${wave} open=${open} class="wave">
          <summary><strong>${wave !== undefined
            ? `Wave ${wave}`
            : objects.every(({ action }) => action === "delete")
            ? "Deletions"
            : done
            ? "Not begun"
            : "To come"}</strong>${" "}
                  <span class="quiet">${statesInWords(objects, states)}</span></summary>
          <ul class="objects">${shown.map((item) =>
            html`<${ObjectRow} key=${keyOf(item.object)} item=${item} states=${states} />`
          )}</ul>
          <${Rest} all=${objects.length} shown=${shown.length} />
        </details>
      `;
    })
  }`;
}

/** `3 ready, 1 waiting`; how many there are, as long as there is no more to say. */
function statesInWords(objects: readonly ObjectProgress[], states: typeof STATE): string {
  if (objects.every(({ state }) => state === "pending")) return counted(objects.length, "object");
  const words = Map.groupBy(objects, ({ state }) => states[state].word);
  return [...words].map(([word, { length }]) => `${length} ${word}`).join(", ");
}

function ObjectRow({ item, states }: {
  readonly item: ObjectProgress;
  readonly states: typeof STATE;
}): VNode {
  const { object, action, state, message, hint, taken } = item;
  const { symbol, tone } = CHANGE[action];
  const word = state === "done" ? DONE[action] : states[state].word;
  return html`<li class=${state}>
    <span class="sign ${tone}" aria-hidden="true">${symbol}</span>
    <${ObjectName} object=${object} />${" "}
    ${state === "pending" ? null : html`<${Badge} state=${states[state]} word=${word} />`}
    ${message === "" || message === word ? null : html`<span class="quiet">${" "}${message}</span>`}
    ${
    taken.length === 0
      ? null
      : html`<p class="quiet">Took ${
        taken.map(({ path, from }) => `${path} from ${from}`).join(", ")
      }.</p>`
  }
    ${hint ? html`<p class="hint">${hint}</p>` : null}
    <${Evidence} item=${item} />
  </li>`;
}

/** Stops a run. What is under way is finished, so that nothing is half done. */
export function Stop({ run, label }: { readonly run: Run; readonly label: string }): VNode | null {
  const { me } = useSession();
  const [sent, send] = useState(false);
  const [problem, tell] = useState<Problem>();
  if (me?.role !== "operator") return null;
  const stop = async () => {
    send(true);
    try {
      await api.cancel(run.id);
    } catch (error) {
      send(false);
      tell(problemOf(error));
    }
  };
  return html`
    <div
      class="buttons"><button type="button" disabled=${sent ||
        run.state === "stopping"} onClick=${stop}>${label}</button></div>
        ${problem === undefined ? null : html`<${ProblemBox} problem=${problem} />`}
  `;
}
