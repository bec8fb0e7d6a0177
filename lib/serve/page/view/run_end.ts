/** How a run ended, why, and where to go from there. @module */
import type { VNode } from "preact";
import { countsInWords, secondsInWords } from "../../../report/words.ts";
import type { Run } from "../../contract.ts";
import { html } from "../html.ts";
import { failedObjects, type Progress } from "../state/progress.ts";
import { componentAddress } from "../state/route.ts";
import { RESULT, sentence } from "../state/words.ts";
import { useAsk } from "./actions.ts";
import { verdictBadge } from "./component_parts.ts";
import { PlanChanges } from "./confirm.ts";
import { useSession } from "./hooks.ts";
import { Badge, ProblemBox } from "./parts.ts";
import { Data, Failures, Notes, Proposal, Undo } from "./run_parts.ts";
import { RunDetails } from "./run_progress.ts";

/** The end of a run. */
export function RunEnd(
  { run, progress }: { readonly run: Run; readonly progress: Progress },
): VNode {
  const { tone } = RESULT[run.result ?? "error"];
  const { result, missed, proposal, notes, verified } = progress;
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
    ${verified === undefined ? null : html`
      <p class="badges">
        <${Badge} what="Checks" ...${verdictBadge(verified)} />
      </p>
    `}
    <${Undo} undo=${progress.undo} />
    ${progress.undo?.state === "held" ? html`<${TryAgain} run=${run} />` : null}
    <${Failures} objects=${failedObjects(progress)} />
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

/** A revision that has failed is not tried again by itself, but may be by hand. */
function TryAgain({ run }: { readonly run: Run }): VNode | null {
  const { me } = useSession();
  const { pending, problem, ask } = useAsk(run.component);
  if (me?.role !== "operator") return null;
  const retry = () => ask({ action: "deploy", verify: true, refresh: false, retry: true });
  return html`<div class="buttons"><button type="button" disabled=${
    pending !== undefined
  } onClick=${retry}>
    Try that revision again</button></div>
    ${problem === undefined ? null : html`<${ProblemBox} problem=${problem} />`}`;
}
