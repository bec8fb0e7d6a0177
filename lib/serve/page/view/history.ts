/** What was done to a component. @module */
import type { VNode } from "preact";
import { shortRevision } from "../../../revision.ts";
import { changesInWords } from "../../../report/done.ts";
import { secondsInWords } from "../../../report/words.ts";
import type { HistoryEntry } from "../../contract.ts";
import { html } from "../html.ts";
import { api } from "../net/api.ts";
import { runAddress } from "../state/route.ts";
import { actionName, RESULT, sentence } from "../state/words.ts";
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
  const { action, started, seconds, outcome, message, by, verified } = entry;
  return html`
    <p><strong>${actionName(action)}</strong> <${Badge} state=${RESULT[outcome]} />${" "}
      ${verified === undefined || action === "verify"
        ? null
        : html`<${Badge} what="Checks" ...${verdictBadge(verified)} />`}
      ${" "}<span class="quiet"><${When} time=${started} />, by ${by}, took ${secondsInWords(
        seconds,
      )}</span></p>
    <p>${sentence(message)}</p>
    <${What} entry=${entry} />
    <${Why} entry=${entry} />
  `;
}

/** Which revision, what changed, and where there is more to see. */
function What(
  { entry: { revision, subject, counts, proposal, run } }: { readonly entry: HistoryEntry },
): VNode | null {
  const changes = counts === undefined ? "" : changesInWords(counts);
  const parts = [
    revision === "" ? undefined : html`<code>${shortRevision(revision)}</code>`,
    subject === undefined ? undefined : `“${subject}”`,
    changes === "" ? undefined : changes,
    proposal === undefined
      ? undefined
      : html`<a href=${proposal} rel="noreferrer">Pull request</a>`,
    run === undefined ? undefined : html`<a href=${runAddress(run)}>What happened</a>`,
  ].filter((part) => part !== undefined);
  if (parts.length === 0) return null;
  return html`<p class="quiet">${
    parts.map((part, index) => index === 0 ? part : [" · ", part])
  }</p>`;
}

/** What is kept of a failure, also where the run itself is no longer known. */
function Why({ entry: { evidence, started } }: { readonly entry: HistoryEntry }): VNode | null {
  if (evidence.length === 0) return null;
  return html`
    <details>
      <summary>Why</summary>
      <pre class="code" tabindex="0" role="group"
        aria-label=${`Evidence of ${started}`}>${evidence.join("\n")}</pre>
    </details>
  `;
}
