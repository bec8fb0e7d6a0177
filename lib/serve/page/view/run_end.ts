/** How a run ended, why, and where to go from there. @module */
import type { VNode } from "preact";
import { keyOf } from "../../../object.ts";
import { countsInWords, secondsInWords } from "../../../report/words.ts";
import type { Run } from "../../contract.ts";
import { html } from "../html.ts";
import type { ObjectProgress, Progress } from "../state/progress.ts";
import { componentAddress } from "../state/route.ts";
import { RESULT, sentence } from "../state/words.ts";
import { PlanChanges } from "./confirm.ts";
import { ObjectName } from "./parts.ts";
import { Data, Evidence, Notes, Proposal } from "./run_parts.ts";
import { RunDetails } from "./run_progress.ts";

/** The end of a run. */
export function RunEnd(
  { run, progress }: { readonly run: Run; readonly progress: Progress },
): VNode {
  const { tone } = RESULT[run.result ?? "error"];
  const failed = [...progress.objects.values()].filter(({ state }) => state === "failed");
  const { result, missed, proposal, notes } = progress;
  return html`
    ${run.error !== undefined || run.message === undefined
      ? null
      : html`<div class="box ${tone}" role="status">
      <p><strong>${sentence(run.message)}</strong></p>
      ${
        result === undefined
          ? null
          : html`<p class="quiet">${countsInWords(result.counts)}, ${
            secondsInWords(result.seconds)
          }</p>`
      }</div>`}
    ${failed.length === 0 ? null : html`
      <h2>Why</h2>
      <ul class="plain">${failed.map((item) =>
        html`
          <li key=${keyOf(item.object)}>
            <${Reason} item=${item} />
          </li>
        `
      )}</ul>
    `}
    <${Notes} notes=${notes} />
    <${Data} data=${progress.data} />
    <${Proposal} proposal=${proposal} />
    <p><a href=${componentAddress(run.component)}>Back to ${run
      .component}</a> · <a href=${componentAddress(run.component, "history")}>History</a></p>
    ${missed === 0
      ? null
      : html`<p class="quiet">${missed} older messages of this run are no longer kept.</p>`}
    ${run.started === undefined && run.plan !== undefined
      ? html`<${PlanChanges} plan=${run.plan} />`
      : html`<${RunDetails} progress=${progress} />`}
  `;
}

function Reason({ item }: { readonly item: ObjectProgress }): VNode {
  return html`<span class="sign bad" aria-hidden="true">✗</span>
    <${ObjectName} object=${item.object} />: ${item.message}
    ${item.hint ? html`<p class="hint">${item.hint}</p>` : null}
    <${Evidence} item=${item} />`;
}
