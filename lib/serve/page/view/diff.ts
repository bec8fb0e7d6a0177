/** How an object differs: field by field, side by side or inline. @module */
import type { VNode } from "preact";
import type { ChangeReport } from "../../contract.ts";
import { html } from "../html.ts";
import { fieldRows, inlineLines, type Row, valueLines } from "../state/diff_rows.ts";
import { createStore } from "../state/store.ts";
import { mostUrgent } from "../state/shown.ts";
import { CHANGE } from "../state/words.ts";
import { useStore } from "./hooks.ts";
import { Choice, ObjectName, Place, Rest, When } from "./parts.ts";

type FieldReport = ChangeReport["fields"][number];
type Look = "side" | "inline";

/** One look for all diffs of the page. Narrow windows have no room for two sides. */
const look = createStore<Look>(innerWidth < 900 ? "inline" : "side");

/** Chooses how diffs look. */
export function DiffLook(): VNode {
  return html`<${Choice} label="Differences" value=${useStore(look)} values=${{
    side: "Side by side",
    inline: "Inline",
  }} onChoose=${(value: Look) => look.update(() => value)} />`;
}

/** One line of a plan, with its fields. `bare`: without the object's name. */
export function ChangeDiff({ change, bare = false }: {
  readonly change: ChangeReport;
  readonly bare?: boolean;
}): VNode {
  const { reason, hint, fields, text, file } = change;
  return html`<div class="change">
    ${bare && fields.length > 0 ? html`<${DiffLook} />` : null}
    ${reason === undefined ? null : html`<p>${reason}</p>`}
    ${hint ? html`<p class="hint">${hint}</p>` : null}
    ${fields.map((field) => html`<${FieldDiff} key=${field.path} field=${field} file=${file} />`)}
    ${
    text === undefined ? null : html`<${Lines} rows=${
      valueLines(text).map((line): Row => ({
        kind: "added",
        desired: line,
      }))
    } label="To be created" />`
  }
  </div>`;
}

/** Whether a change says no more than that it is made. */
export function isSilent({ fields, text, reason }: ChangeReport): boolean {
  return fields.length === 0 && text === undefined && reason === undefined;
}

/** What must not be overlooked among thousands. */
const URGENCY: Readonly<Partial<Record<ChangeReport["action"], 0 | 1>>> = {
  conflict: 0,
  delete: 0,
  replace: 0,
  adopt: 1,
  update: 1,
};

/** The changes of a plan, each to be opened. */
export function ChangeList({ changes }: { readonly changes: readonly ChangeReport[] }): VNode {
  const shown = mostUrgent(changes, ({ action }) => URGENCY[action] ?? 2);
  return html`
    <ul class="changes">${shown.map((change) => {
      const { symbol, tone } = CHANGE[change.action];
      const { group, kind, namespace, name } = change.object;
      const title = html`<span class="sign ${tone}" aria-hidden="true">${symbol}</span>
      <span class="unseen">${change.action} </span><${ObjectName} object=${change.object} />
      ${" "}<${Place} file=${change.file} line=${change.line} />`;
      return html`<li key=${`${group}/${kind}/${namespace}/${name}`}>${
        isSilent(change) ? title : html`
          <details open=${change.action !== "create"}>
            <summary>${title}</summary>
            <${ChangeDiff} change=${change} />
          </details>
        `
      }</li>`;
    })}</ul>
    <${Rest} all=${changes.length} shown=${shown.length} />
  `;
}

function FieldDiff({ field, file }: {
  readonly field: FieldReport;
  readonly file: string | undefined;
}): VNode {
  const { path, difference, owner, since, line } = field;
  return html`<div class="field">
    <p><code class="path">${path}</code>
      ${
    owner === undefined
      ? null
      : html`<span class="quiet"> ${
        difference === "ownership" ? "also held by" : "set by"
      } <strong>${owner}</strong>
        ${since === undefined ? null : html`, <${When} time=${since} />`}</span>`
  }
      ${" "}${line === undefined ? null : html`<${Place} file=${file} line=${line} />`}</p>
    ${
    difference === "ownership"
      ? html`<p class="quiet">The value is right, but a later change by ${
        owner ?? "others"
      } would go unseen.</p>`
      : html`<${Lines} rows=${fieldRows(field)} label=${path} />`
  }
  </div>`;
}

function Lines({ rows, label }: { readonly rows: readonly Row[]; readonly label: string }): VNode {
  const chosen = useStore(look);
  // With nothing on one side, there is nothing to put beside it.
  const alone = rows.every(({ live }) => live === undefined) ||
    rows.every(({ desired }) => desired === undefined);
  return html`<div class="diff" tabindex="0" role="region" aria-label=${label}>
    ${
    chosen === "side" && !alone
      ? html`<${SideBySide} rows=${rows} />`
      : html`<${Inline} rows=${rows} />`
  }
  </div>`;
}

function SideBySide({ rows }: { readonly rows: readonly Row[] }): VNode {
  const cell = (text: string | undefined, kind: Row["kind"], sign: string, tone: string) =>
    text === undefined
      ? html`<td class="none"></td>`
      : kind === "same"
      ? html`<td>${text}</td>`
      : html`<td class=${tone}><span aria-hidden="true">${sign} </span>${text}</td>`;
  return html`
    <table class="sides">
      <thead>
        <tr>
          <th scope="col">In the cluster</th>
          <th scope="col">In Git</th>
        </tr>
      </thead>
      <tbody>${rows.map(({ kind, live, desired }, index) =>
        kind === "skipped"
          ? html`
            <tr key=${index}>
              <td colspan="2" class="skipped">…</td>
            </tr>
          `
          : html`<tr key=${index}>${cell(live, kind, "−", "removed")}${
            cell(desired, kind, "+", "added")
          }</tr>`
      )}</tbody>
    </table>
  `;
}

const TONE = { "-": "removed", "+": "added", " ": "", "…": "skipped" } as const;
const HEARD = { "-": "in the cluster: ", "+": "in Git: ", " ": "", "…": "" } as const;

function Inline({ rows }: { readonly rows: readonly Row[] }): VNode {
  return html`<div class="inline">${
    inlineLines(rows).map(({ sign, text }, index) =>
      html`<div key=${index} class=${TONE[sign]}><span aria-hidden="true">${
        sign === "-" ? "−" : sign
      } </span>
      <span class="unseen">${HEARD[sign]}</span>${text}</div>`
    )
  }</div>`;
}
