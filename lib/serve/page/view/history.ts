/** What was done to a component. @module */
import type { VNode } from "preact";
import { shortRevision } from "../../../revision.ts";
import { countsInWords, secondsInWords } from "../../../report/words.ts";
import type { HistoryEntry } from "../../contract.ts";
import { html } from "../html.ts";
import { api } from "../net/api.ts";
import { runAddress } from "../state/route.ts";
import { ACTION, RESULT } from "../state/words.ts";
import { verdictBadge } from "./component_parts.ts";
import { useAnswer } from "./hooks.ts";
import { Badge, Empty, ProblemBox, Waiting, When } from "./parts.ts";

/** The newest first. */
export function HistoryList({ name, version }: {
  readonly name: string;
  readonly version: string;
}): VNode {
  const { value, problem } = useAnswer((signal) => api.history(name, signal), [name, version]);
  if (problem !== undefined) return html`<${ProblemBox} problem=${problem} />`;
  if (value === undefined) return html`<${Waiting}>Reading the history…<//>`;
  if (value.entries.length === 0) {
    return html`
      <${Empty} title="Nothing was done yet.">
        <p>The first deploy will be here.</p>
        <//>
    `;
  }
  return html`<ol class="history">${
    value.entries.map((entry) =>
      html`
        <li key=${entry.id}>
          <${Entry} entry=${entry} />
        </li>
      `
    )
  }</ol>`;
}

function Entry({ entry }: { readonly entry: HistoryEntry }): VNode {
  const { action, started, seconds, outcome, message, revision, by, counts, verified, run } = entry;
  const known = Object.entries(ACTION).find(([name]) => name === action);
  return html`
    <p><strong>${known?.[1].name ?? action}</strong> <${Badge} state=${RESULT[outcome]} />${" "}
      ${verified === undefined
        ? null
        : html`<${Badge} what="Checks" ...${verdictBadge(verified)} />`}
      ${" "}<span class="quiet"><${When} time=${started} />, by ${by}, took ${secondsInWords(
        seconds,
      )}</span></p>
    <p>${message}</p>
    <p class="quiet">${revision === "" ? "" : html`<code>${shortRevision(revision)}</code>`}
      ${counts === undefined ? "" : ` ${countsInWords(counts)}`}
      ${run === undefined ? null : [" · ", html`<a href=${runAddress(run)}>What happened</a>`]}</p>
  `;
}
