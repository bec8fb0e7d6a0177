/** Small things that every view shows. @module */
import type { ComponentChildren, VNode } from "preact";
import { describe, type ObjectReference } from "../../../object.ts";
import { agoInWords, counted, spanInWords } from "../../../report/words.ts";
import type { Problem } from "../../contract.ts";
import { html } from "../html.ts";
import type { State } from "../state/words.ts";
import { useNow } from "./hooks.ts";

/** A state: its symbol, its word, and its colour. `what` names what is in that state, for who hears the page. */
export function Badge({ state, what, word }: {
  readonly state: State;
  readonly what?: string;
  readonly word?: string;
}): VNode {
  return html`<span class="badge ${state.tone}">
    <span class="symbol" aria-hidden="true">${state.symbol}</span>
    ${what === undefined ? null : html`<span class="unseen">${what}: </span>`}${word ?? state.word}
  </span>`;
}

/** A time as how long ago, or how long until; the exact one on pointing at it. */
export function When({ time }: { readonly time: string }): VNode {
  const now = useNow(1_000);
  const text = Date.parse(time) > now + 1_000
    ? `in ${spanInWords(Date.parse(time) - now)}`
    : agoInWords(time, now);
  return html`<time datetime=${time} title=${new Date(time).toLocaleString()}>${text}</time>`;
}

/** A text in which commands stand in backticks. */
export function withCode(text: string): ComponentChildren {
  return text.split("`").map((part, index) => index % 2 === 0 ? part : html`<code>${part}</code>`);
}

/** What went wrong, where, and what to do. */
export function ProblemBox({ problem, children }: {
  readonly problem: Problem;
  readonly children?: ComponentChildren;
}): VNode {
  return html`<div class="box bad" role="alert">
    <p><strong>${problem.message}</strong></p>
    ${problem.place ? html`<p class="quiet">at <code>${problem.place}</code></p>` : null}
    ${problem.hint ? html`<p>${problem.hint}</p>` : null}
    ${children}
  </div>`;
}

/** Nothing to show, and what to do about it. */
export function Empty({ title, children }: {
  readonly title: string;
  readonly children?: ComponentChildren;
}): VNode {
  return html`<div class="box empty"><p><strong>${title}</strong></p>${children}</div>`;
}

/** What is not there yet, in words. */
export function Waiting({ children }: { readonly children: ComponentChildren }): VNode {
  return html`<p class="quiet" role="status">${children}</p>`;
}

/** An object's kind, quiet, and its name. */
export function ObjectName({ object }: { readonly object: ObjectReference }): VNode {
  const [kind, name] = describe(object).split(" ");
  return html`
    <span
      class="object"><span class="quiet">${kind}</span> <span class="name">${name}</span></span>
  `;
}

/** Where Git says so. */
export function Place({ file, line }: {
  readonly file?: string | undefined;
  readonly line?: number | undefined;
}): VNode | null {
  if (file === undefined) return null;
  return html`<code class="place">${file}${line === undefined ? "" : `:${line}`}</code>`;
}

/** How many objects of a list are not shown, where there are too many. */
export function Rest({ all, shown }: {
  readonly all: number;
  readonly shown: number;
}): VNode | null {
  return all === shown
    ? null
    : html`<p class="quiet">and ${counted(all - shown, "more object")}</p>`;
}

/** One of a few, as buttons beside each other. */
export function Choice<Value extends string>({ label, value, values, onChoose }: {
  readonly label: string;
  readonly value: Value;
  readonly values: Readonly<Record<Value, string>>;
  readonly onChoose: (value: Value) => void;
}): VNode {
  return html`<div class="choice" role="group" aria-label=${label}>
    ${
    Object.entries<string>(values).map(([name, text]) =>
      html`
        <button type="button" key=${name} aria-pressed=${name === value}
          onClick=${() => onChoose(name as Value)}>${text}</button>
      `
    )
  }
  </div>`;
}
