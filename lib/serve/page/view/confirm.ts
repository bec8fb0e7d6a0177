/** The plan of a run, and the one question. @module */
import type { VNode } from "preact";
import { useState } from "preact/hooks";
import type { ActionName, Problem, Run, RunPlan } from "../../contract.ts";
import { counted, countsInWords } from "../../../report/words.ts";
import { html } from "../html.ts";
import { api, problemOf } from "../net/api.ts";
import type { Progress } from "../state/progress.ts";
import { ACTION, elapsedInWords, sentence } from "../state/words.ts";
import { ChangeList, DiffLook } from "./diff.ts";
import { useSession } from "./hooks.ts";
import { ProblemBox } from "./parts.ts";
import { Data, Requirements, Violations } from "./run_parts.ts";

/** Shows the plan and asks once. */
export function Confirm(
  { run, progress }: { readonly run: Run; readonly progress: Progress },
): VNode {
  const { plan } = run;
  if (plan === undefined) return html`<p class="quiet" role="status">Reading the plan…</p>`;
  return html`
    <${PlanText} plan=${plan} />
    <${Requirements} requirements=${progress.requirements} />
    <${Violations} violations=${progress.violations} />
    <${Data} data=${plan.data} />
    <${Question} run=${run} plan=${plan} />
    <${PlanChanges} run=${run} plan=${plan} />
  `;
}

/** What will be done, in sentences. */
export function PlanText({ plan }: { readonly plan: RunPlan }): VNode {
  const { summary, steps, warnings, counts } = plan;
  return html`<p class="lead">${sentence(summary)}</p>
    ${counts === undefined ? null : html`<p>${countsInWords(counts)}.</p>`}
    ${
    steps.length === 0
      ? null
      : html`<ul>${steps.map((step) => html`<li key=${step}>${step}</li>`)}</ul>`
  }
    ${
    warnings.length === 0 ? null : html`
      <div class="box warn">
        <p><strong>Note</strong></p>
        <ul>${warnings.map((warning) => html`<li key=${warning}>${sentence(warning)}</li>`)}</ul>
      </div>
    `
  }`;
}

/** The others leave the cluster as it is. */
const WRITES: ReadonlySet<ActionName> = new Set(["deploy", "undo", "rollback"]);

/** Each change, with its diff. */
export function PlanChanges(
  { run, plan }: { readonly run: Run; readonly plan: RunPlan },
): VNode | null {
  if (plan.changes.length === 0) return null;
  return html`
    <div class="bar">
      <h2>${WRITES.has(run.action) ? "Changes" : "What differs"}</h2>
      ${plan.changes.some(({ fields }) => fields.length > 0) ? html`<${DiffLook} />` : null}
    </div>
    <${ChangeList} changes=${plan.changes} />
  `;
}

function Question({ run, plan }: { readonly run: Run; readonly plan: RunPlan }): VNode {
  const { me } = useSession();
  const [typed, type] = useState("");
  const [sent, send] = useState<"no" | "yes" | "stop">("no");
  const [problem, tell] = useState<Problem>();
  if (me?.role !== "operator") {
    return html`<p class="box calm">It waits for an operator to confirm it. ${me?.hint}</p>`;
  }
  const wants = plan.confirm === "name";
  const submit = async (work: () => Promise<Run>, as: "yes" | "stop") => {
    send(as);
    tell(undefined);
    try {
      await work();
    } catch (error) {
      tell(problemOf(error));
      send("no");
    }
  };
  const confirm = (event: SubmitEvent) => {
    event.preventDefault();
    void submit(() => api.confirm(run.id, plan.digest, wants ? typed : undefined), "yes");
  };
  const { expected } = run;
  return html`<form class="box ask" onSubmit=${confirm}>
    <p><strong>${ACTION[run.action].name} ${run.component}?</strong>
      ${expected === undefined ? "" : expectedInWords(expected)}</p>
    ${
    wants
      ? html`<label>Data will be lost. Type <code>${run.component}</code> to say that you mean it:
        <input value=${typed} autocomplete="off" onInput=${(event: Event) =>
        type((event.currentTarget as HTMLInputElement).value)} /></label>`
      : null
  }
    <div class="buttons">
      <button class="main" disabled=${sent !== "no" || (wants && typed !== run.component)}>${
    sent === "yes" ? "Beginning…" : ACTION[run.action].name
  }</button>
      <button type="button" disabled=${sent !== "no"} onClick=${() =>
    submit(() => api.cancel(run.id), "stop")}>Don't</button>
    </div>
    ${problem === undefined ? null : html`<${ProblemBox} problem=${problem} />`}
  </form>`;
}

function expectedInWords({ seconds, runs }: NonNullable<Run["expected"]>): string {
  const by = runs === 1 ? "the last run did" : `the last ${runs} runs did`;
  const time = seconds < 60 ? counted(Math.ceil(seconds), "second") : elapsedInWords(seconds);
  return ` It should take about ${time}, as ${by}.`;
}
