/** The overview: how every component is. @module */
import type { VNode } from "preact";
import type { Component, Problem } from "../../contract.ts";
import { html } from "../html.ts";
import { activeRun } from "../state/live.ts";
import { componentAddress } from "../state/route.ts";
import { HEALTH, sentence, SYNC } from "../state/words.ts";
import { Badges, Facts, Next, Working } from "./component_parts.ts";
import { useSession, useTitle } from "./hooks.ts";
import { Empty, ProblemBox, Waiting, withCode } from "./parts.ts";

/** All components. */
export function Components(): VNode {
  const { live, list } = useSession();
  useTitle("");
  const components = [...live.components.values()].toSorted(byUrgency);
  const problems = [live.cluster ?? list?.cluster.error, live.source ?? list?.source.error];
  return html`<main>
    <h1>Components</h1>
    ${
    problems.filter((problem): problem is Problem => problem !== undefined).map((problem) =>
      html`<${ProblemBox} key=${problem.code} problem=${problem} />`
    )
  }
    ${
    components.length > 0
      ? html`<ul class="cards">${
        components.map((component) =>
          html`<${Card} key=${component.name} component=${component} />`
        )
      }</ul>`
      : list === undefined || list.components.length > 0
      ? html`<${Waiting}>Reading the components…<//>`
      : html`
        <${Empty} title="There is no component in ${list.source.path}.">
          <p>A component is a folder with YAML files. Add one below <code>${list.source
            .path}</code> of${" "}<code>${list.source
            .url}</code>, and it appears here by itself.</p>
          <//>
      `
  }
    ${
    list === undefined ? null : html`<p class="quiet foot">
      From <code>${list.source.url}</code>${
      list.source.ref ? [" at ", html`<code>${list.source.ref}</code>`] : null
    }
      ${" "}to <code>${list.cluster.server}</code></p>`
  }
  </main>`;
}

/** What needs somebody comes first. */
function byUrgency(left: Component, right: Component): number {
  const urgency = ({ error, sync, health, next }: Component) =>
    error !== undefined || HEALTH[health.status].tone === "bad"
      ? 0
      : next?.needed || SYNC[sync.state].tone === "warn"
      ? 1
      : 2;
  return urgency(left) - urgency(right) || left.name.localeCompare(right.name);
}

/** Where nobody would guess what to do, and the component's own page offers little. */
const HINTED: ReadonlySet<Component["sync"]["state"]> = new Set(["gone", "elsewhere"]);

function Card({ component }: { readonly component: Component }): VNode {
  const { live } = useSession();
  const { name, namespace, description, error, sync } = component;
  const run = activeRun(live, name);
  return html`<li class="card">
    <h2><a href=${componentAddress(name)}>${name}</a>
      ${
    namespace === name || namespace === ""
      ? null
      : html`<span class="quiet"> in ${namespace}</span>`
  }</h2>
    ${description === undefined ? null : html`<p class="quiet">${description}</p>`}
    <${Badges} component=${component} />
    ${
    error === undefined
      ? html`<p>${sentence(sync.message)} ${
        HINTED.has(sync.state) ? withCode(sync.hint ?? "") : null
      }</p>`
      : html`<${ProblemBox} problem=${error} />`
  }
    <${Next} component=${component} />
    <${Working} component=${component} run=${run} />
    <${Facts} component=${component} />
  </li>`;
}
