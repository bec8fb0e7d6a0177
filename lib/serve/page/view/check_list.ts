/** Checks: how each of them went, with its evidence on a click, and how it went before. @module */
import type { VNode } from "preact";
import { secondsInWords } from "../../../report/words.ts";
import type { Board, CheckEvent } from "../../contract.ts";
import { html } from "../html.ts";
import { CHECK } from "../state/words.ts";
import { Badge } from "./parts.ts";

/** A check, whether or not it has run. */
export interface ShownCheck {
  readonly last: CheckEvent | undefined;
  readonly name?: string;
  readonly title?: string;
  readonly proves?: string | undefined;
  readonly trend: Board["checks"][number]["trend"];
}

/** All checks of a board. Failed ones are open. */
export function CheckList({ checks }: { readonly checks: readonly ShownCheck[] }): VNode {
  return html`<ul class="checks">${
    checks.map((check) =>
      html`
        <li key=${check.name ?? check.last?.name}>
          <${Check} ...${check} />
        </li>
      `
    )
  }</ul>`;
}

function Check({ last, title, proves = last?.proves, trend }: ShownCheck): VNode {
  const state = CHECK[last?.status ?? "none"];
  return html`<details open=${last?.status === "failed"} class=${state.tone}>
    <summary><span class="sign ${state.tone}" aria-hidden="true">${state.symbol}</span>
      <span class="title">${title ?? last?.title}</span>
      <span class="quiet">${state.word}${
    last?.seconds === undefined ? "" : `, ${secondsInWords(last.seconds)}`
  }</span>
      <${Trend} trend=${trend} /></summary>
    ${last?.message === undefined ? null : html`<p><strong>${last.message}</strong></p>`}
    ${last?.probably === undefined ? null : html`<p>Probably: ${last.probably}</p>`}
    ${last?.hint === undefined ? null : html`<p class="hint">${last.hint}</p>`}
    ${proves === undefined ? null : html`<p class="quiet">A pass proves: ${proves}</p>`}
    ${
    last?.evidence === undefined || last.evidence.length === 0
      ? null
      : html`<dl class="facts">${
        last.evidence.map(({ name, value }, index) =>
          html`
            <div key=${index}>
              <dt>${name}</dt>
              <dd>${value}</dd>
            </div>
          `
        )
      }</dl>`
  }
  </details>`;
}

const BAR = { width: 5, step: 7, height: 16 } as const;
/** Height as well as colour tells them apart. */
const SHARE = { passed: 1, "not-judged": 0.55, failed: 0.3 } as const;

/** One bar for each of the last runs, the newest at the right. */
function Trend({ trend }: Pick<ShownCheck, "trend">): VNode | null {
  if (trend.length < 2) return null;
  const passed = trend.filter(({ status }) => status === "passed").length;
  return html`
    <svg class="trend" width=${trend.length * BAR.step} height=${BAR.height} role="img"
      aria-label=${`passed ${passed} of the last ${trend.length} times`}>
        <title>${`Passed ${passed} of the last ${trend.length} times`}</title>
        ${trend.map(({ status }, index) =>
          html`
            <rect key=${index} class=${CHECK[status].tone} x=${index * BAR.step} width=${BAR.width}
              y=${BAR.height * (1 - SHARE[status])} height=${BAR.height * SHARE[status]} />
          `
        )}</svg>
  `;
}

/** What the whole board says. */
export function BoardSummary({ checks }: { readonly checks: readonly ShownCheck[] }): VNode {
  const count = (status: CheckEvent["status"]) =>
    checks.filter(({ last }) => last?.status === status).length;
  const shown = (["running", "failed", "not-judged", "passed"] as const).filter((status) =>
    count(status) > 0
  );
  return html`<p class="badges">${
    shown.map((status) =>
      html`<${Badge} key=${status} state=${CHECK[status]} word=${`${count(status)} ${
        CHECK[status].word
      }`} />`
    )
  }</p>`;
}
