/** How a run ended, why, and where to go from there. @module */
import type { VNode } from "preact";
import { changesInWords } from "../../../report/done.ts";
import { counted, countsInWords, secondsInWords } from "../../../report/words.ts";
import type { Run } from "../../contract.ts";
import { html } from "../html.ts";
import { failedObjects, hasBegun, type Progress } from "../state/progress.ts";
import { componentAddress } from "../state/route.ts";
import { RESULT, sentence } from "../state/words.ts";
import { useAsk } from "./actions.ts";
import { verdictBadge } from "./component_parts.ts";
import { PlanChanges } from "./confirm.ts";
import { useSession } from "./hooks.ts";
import { Badge, ProblemBox } from "./parts.ts";
import { Data, Failures, Notes, Proposal, Suspension, Undo } from "./run_parts.ts";
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
      ${result === undefined ? null : html`<p class="quiet">${figuresOf(run, result)}</p>`}</div>`}
    <${Suspension} suspension=${progress.suspension} />
    ${verified === undefined ? null : html`
      <p class="badges">
        <${Badge} what="Checks" ...${verdictBadge(verified)} />
      </p>
    `}
    <${Undo} undo=${progress.undo} />
    ${progress.undo?.state === "held" ? html`<${TryAgain} run=${run} />` : null}
    <${Failures} objects=${failedObjects(progress)} />
    <${Notes} notes=${notes} />
    ${run.started === undefined ? null : html`<${Data} data=${progress.data} />`}
    <${Proposal} proposal=${proposal} />
    <p><a href=${componentAddress(run.component)}>Back to ${run
      .component}</a> · <a href=${componentAddress(run.component, "history")}>History</a></p>
    ${missed === 0
      ? null
      : html`<p class="quiet">No longer kept: ${counted(missed, "older message")}.</p>`}
    ${run.plan === undefined || hasBegun(progress)
      ? null
      : html`<${PlanChanges} run=${run} plan=${run.plan} />`}
    ${run.started === undefined ? null : html`<${RunDetails} progress=${progress} />`}
  `;
}

const WRITTEN: readonly Run["result"][] = ["applied", "undone", "rolled-back"];
const COMPARED: readonly Run["result"][] = ["differences", "in-sync"];

/** What a run did, or found, and how long it took. */
function figuresOf({ result: end }: Run, { counts, seconds }: NonNullable<Progress["result"]>) {
  const figures = WRITTEN.includes(end)
    ? changesInWords(counts)
    : COMPARED.includes(end)
    ? countsInWords(counts)
    : "";
  return [figures, secondsInWords(seconds)].filter(Boolean).join(", ");
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
