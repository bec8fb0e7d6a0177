/** Parts of a run that are shown before, while and after it goes. @module */
import type { VNode } from "preact";
import { describe, keyOf } from "../../../object.ts";
import { proposalInWords } from "../../../report/proposal.ts";
import { suspensionInWords } from "../../../report/suspension.ts";
import { irreversibleLines, undoSentence } from "../../../report/undo.ts";
import type { RunPlan } from "../../contract.ts";
import { html } from "../html.ts";
import type { ObjectProgress, Progress } from "../state/progress.ts";
import { sentence } from "../state/words.ts";
import { useNow } from "./hooks.ts";
import { ObjectName, Place } from "./parts.ts";

/** What the component needs, and whether it is there. */
export function Requirements({ requirements }: {
  readonly requirements: Progress["requirements"];
}): VNode | null {
  const missing = requirements.filter(({ met }) => !met);
  if (requirements.length === 0) return null;
  return html`
    <details open=${missing.length > 0}>
      <summary>${missing.length === 0
        ? "All prerequisites are met"
        : `Of ${requirements.length} prerequisites, missing: ${missing.length}`}</summary>
      <ul class="plain">${requirements.map(({ name, met, message, hint }) =>
        html`<li key=${name}><span class="sign ${met ? "good" : "bad"}" aria-hidden="true">${
          met ? "✓" : "✗"
        }</span>
        <strong>${name}</strong>: ${message}${
          met || hint === undefined ? null : html`<p class="hint">${hint}</p>`
        }</li>`
      )}</ul>
    </details>
  `;
}

const LEVEL = {
  deny: { tone: "bad", symbol: "✗", word: "refused by" },
  warn: { tone: "warn", symbol: "!", word: "warned by" },
  waived: { tone: "calm", symbol: "~", word: "waived:" },
} as const;

/** What the policies object to. */
export function Violations({ violations }: {
  readonly violations: Progress["violations"];
}): VNode | null {
  if (violations.length === 0) return null;
  return html`
    <h2>Policies</h2>
    <ul class="plain">${violations.map((violation, index) => {
      const { policy, level, message, fix, object, file, line, waiver } = violation;
      const { tone, symbol, word } = LEVEL[level];
      return html`<li key=${index}><span class="sign ${tone}" aria-hidden="true">${symbol}</span>
      <span class="quiet">${word}</span> <strong>${policy}</strong>
      ${
        object === undefined
          ? ""
          : ` ${describe(object)}`
      }: ${message} <${Place} file=${file} line=${line} />
      <p class="hint">${waiver ?? fix}</p></li>`;
    })}</ul>
  `;
}

/** Warnings and errors that the run has told. */
export function Notes({ notes }: { readonly notes: Progress["notes"] }): VNode | null {
  if (notes.length === 0) return null;
  return html`<ul class="plain">${
    notes.map((note, index) =>
      html`<li key=${index}><span class="sign ${
        note.type === "error" ? "bad" : "warn"
      }" aria-hidden="true">${note.type === "error" ? "✗" : "!"}</span>
      ${note.message}${
        note.place
          ? html`
            <code class="place">${note.place}</code>
          `
          : null
      }
      ${note.type === "error" && note.hint ? html`<p class="hint">${note.hint}</p>` : null}</li>`
    )
  }</ul>`;
}

/** What has become of the pull request. */
export function Proposal({ proposal }: { readonly proposal: Progress["proposal"] }): VNode | null {
  if (proposal === undefined) return null;
  const { number, url, leftOut } = proposal;
  return html`<p>${sentence(proposalInWords(proposal))} ${
    url === undefined ? null : html`<a href=${url} rel="noreferrer">See pull request ${number}</a>`
  }</p>
    ${
    leftOut.length === 0 ? null : html`
      <details>
        <summary>${leftOut.length} left out</summary>
        <ul class="plain">${leftOut.map(({ object, path, reason }, index) =>
          html`<li key=${index}>${describe(object)} ${
            path === undefined ? null : html`<code>${path}</code>`
          }: ${reason}</li>`
        )}</ul>
      </details>
    `
  }`;
}

/** Who has suspended the component, and why. */
export function Suspension({ suspension }: {
  readonly suspension: Progress["suspension"];
}): VNode | null {
  const now = useNow();
  if (suspension === undefined) return null;
  return html`<p>${sentence(suspensionInWords(suspension, now).sentence)}</p>`;
}

/** Events and last log lines of what has failed. */
export function Evidence({ item: { object, evidence } }: {
  readonly item: ObjectProgress;
}): VNode | null {
  if (evidence.length === 0) return null;
  const label = `Evidence of ${describe(object)}`;
  return html`<pre class="code" tabindex="0" role="group" aria-label=${label}>${
    evidence.join("\n")
  }</pre>`;
}

const FATE = {
  kept: { tone: "calm", symbol: "=", word: "kept" },
  back: { tone: "good", symbol: "✓", word: "comes back" },
  lost: { tone: "bad", symbol: "✗", word: "lost" },
} as const;

/** What becomes of volumes, databases and secrets. */
export function Data({ data }: { readonly data: RunPlan["data"] }): VNode | null {
  if (data.length === 0) return null;
  return html`
    <h2>Data</h2>
    <ul class="plain">${data.map(({ state, what, message }, index) =>
      html`
        <li
          key=${index}><span class="sign ${FATE[state].tone}" aria-hidden="true">${FATE[state]
            .symbol}</span> <strong>${what}</strong> ${FATE[state].word}: ${message}</li>
      `
    )}</ul>
  `;
}

const UNDO = {
  begun: "busy",
  done: "warn",
  failed: "bad",
  held: "warn",
  impossible: "bad",
} as const;

/** What becomes of a revision that failed. */
export function Undo({ undo }: { readonly undo: Progress["undo"] }): VNode | null {
  if (undo === undefined) return null;
  return html`<div class="box ${UNDO[undo.state]}" role="status">
    <p><strong>${sentence(undoSentence(undo))}</strong></p>
    ${undo.hint === undefined ? null : html`<p>${undo.hint}</p>`}
    ${irreversibleLines(undo).map((line) => html`<p key=${line}>${sentence(line)}</p>`)}
  </div>`;
}

/** Objects that have failed, each with its reason and what it is known by. */
export function Failures(
  { objects }: { readonly objects: readonly ObjectProgress[] },
): VNode | null {
  if (objects.length === 0) return null;
  return html`
    <h2>Why</h2>
    <ul class="plain">${objects.map((item) =>
      html`<li key=${keyOf(item.object)}><span class="sign bad" aria-hidden="true">✗</span>
        <${ObjectName} object=${item.object} />: ${item.message}
        ${item.hint ? html`<p class="hint">${item.hint}</p>` : null}
        <${Evidence} item=${item} /></li>`
    )}</ul>
  `;
}
