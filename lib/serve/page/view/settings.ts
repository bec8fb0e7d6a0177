/** What a component needs and what it is given. @module */
import type { VNode } from "preact";
import type { ComponentDetail } from "../../contract.ts";
import { html } from "../html.ts";
import { Badge, Empty } from "./parts.ts";

type Requirement = ComponentDetail["requirements"][number];
type Parameter = ComponentDetail["parameters"][number];

/** Prerequisites with their answers, and parameters with their values. */
export function Settings({ detail }: { readonly detail: ComponentDetail }): VNode {
  const { requirements, parameters } = detail;
  return html`
    <h2>Prerequisites</h2>
    ${requirements.length === 0
      ? html`<p class="quiet">It needs nothing but the cluster.</p>`
      : html`<ul class="plain">${
        requirements.map((requirement) =>
          html`<${RequirementItem} key=${requirement.name} requirement=${requirement} />`
        )
      }</ul>`}
    <h2>Parameters</h2>
    ${parameters.length === 0 ? html`<${Empty} title="This component has no parameter." />` : html`
      <div class="scroll" tabindex="0" role="region" aria-label="Parameters">
        <table>
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">Value</th>
              <th scope="col">What it is</th>
            </tr>
          </thead>
          <tbody>${parameters.map((parameter) =>
            html`<${ParameterRow} key=${parameter.name} parameter=${parameter} />`
          )}</tbody>
        </table>
      </div>
    `}
  `;
}

function RequirementItem({ requirement }: { readonly requirement: Requirement }): VNode {
  const { name, service, port, version, met, message, hint } = requirement;
  const state = met === undefined
    ? { tone: "calm", symbol: "?", word: "not asked yet" } as const
    : met
    ? { tone: "good", symbol: "✓", word: "met" } as const
    : { tone: "bad", symbol: "✗", word: "missing" } as const;
  return html`<li><strong>${name}</strong> <${Badge} state=${state} /> <code class="place">${service}:${port}</code>
    ${version === undefined ? null : html`<span class="quiet"> version ${version}</span>`}
    ${message === undefined ? null : html`<p>${message}</p>`}
    ${hint === undefined || met !== false ? null : html`<p class="hint">${hint}</p>`}</li>`;
}

function ParameterRow({ parameter }: { readonly parameter: Parameter }): VNode {
  const { name, type, description, secret, value, origin, required, values } = parameter;
  return html`
    <tr>
      <td><code>${name}</code></td>
      <td>${value === undefined
        ? html`<span class=${required ? "sign bad" : "quiet"}>${
          required ? "missing" : "none"
        }</span>`
        : secret
        ? html`<span class="quiet">secret, is given</span>`
        : html`<code>${value}</code>${
          origin === "given" ? null : html`<span class="quiet"> by default</span>`
        }`}</td>
      <td>${description} <span class="quiet">${values === undefined
        ? type
        : values.join(" or ")}</span></td>
    </tr>
  `;
}
