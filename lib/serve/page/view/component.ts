/** One component: how it is, what can be done with it, and its sections. @module */
import type { VNode } from "preact";
import type { ComponentDetail } from "../../contract.ts";
import { html } from "../html.ts";
import { api } from "../net/api.ts";
import { activeRun } from "../state/live.ts";
import { componentAddress, type Route, type Section, SECTIONS } from "../state/route.ts";
import { sentence, SYNC } from "../state/words.ts";
import { Actions } from "./actions.ts";
import { Checks } from "./checks.ts";
import { Badges, Facts, Next, Working } from "./component_parts.ts";
import { HistoryList } from "./history.ts";
import { type Asked, useAnswer, useSession, useTitle } from "./hooks.ts";
import { Logs } from "./logs.ts";
import { Objects } from "./objects.ts";
import { Empty, ProblemBox, Waiting, withCode } from "./parts.ts";
import { Settings } from "./settings.ts";

const TITLE: Readonly<Record<Section, string>> = {
  objects: "Objects",
  checks: "Checks",
  logs: "Logs",
  settings: "Settings",
  history: "History",
};

type ComponentRoute = Extract<Route, { view: "component" }>;

/** A component's page. */
export function ComponentPage({ route }: { readonly route: ComponentRoute }): VNode {
  const { live } = useSession();
  const { name, section } = route;
  const component = live.components.get(name);
  const asked = useAnswer((signal) => api.component(name, signal), [name, component?.version]);
  const word = component === undefined ? "" : ` ${SYNC[component.sync.state].word}`;
  useTitle(`${name}${word}`);
  if (component === undefined) {
    return html`<main><h1>${name}</h1>${
      asked.problem !== undefined
        ? html`
          <${Empty} title=${asked.problem.message}>
            <p><a href="#/">All components</a></p>
            <//>
        `
        : html`<${Waiting}>Reading the component…<//>`
    }</main>`;
  }
  return html`<main>
    <h1>${name}${
    component.namespace === name || component.namespace === ""
      ? null
      : html`<span class="quiet"> in ${component.namespace}</span>`
  }</h1>
    <${Badges} component=${component} />
    ${
    component.error === undefined
      ? html`<p>${sentence(component.sync.message)} ${withCode(component.sync.hint ?? "")}</p>`
      : html`<${ProblemBox} problem=${component.error} />`
  }
    <${Next} component=${component} />
    <${Working} component=${component} run=${activeRun(live, name)} />
    <${Facts} component=${component} />
    <${Actions} component=${component} />
    <nav class="sections" aria-label="Of ${name}">${
    SECTIONS.map((each) =>
      html`<a key=${each} href=${componentAddress(name, each)} aria-current=${
        each === section ? "page" : undefined
      }>${TITLE[each]}</a>`
    )
  }</nav>
    <section aria-label=${TITLE[section]}>
      <${Content} route=${route} asked=${asked} version=${component.version} />
    </section>
  </main>`;
}

function Content({ route: { name, section, query }, asked, version }: {
  readonly route: ComponentRoute;
  readonly asked: Asked<ComponentDetail>;
  readonly version: string;
}): VNode {
  if (section === "history") return html`<${HistoryList} name=${name} version=${version} />`;
  if (section === "checks") return html`<${Checks} name=${name} version=${version} />`;
  if (section === "logs") return html`<${Logs} name=${name} version=${version} query=${query} />`;
  const { value: detail, problem } = asked;
  return html`
    ${problem === undefined ? null : html`<${ProblemBox} problem=${problem} />`}
    ${detail === undefined
      ? problem === undefined ? html`<${Waiting}>Comparing the objects with the cluster…<//>` : null
      : section === "objects"
      ? html`<${Objects} detail=${detail} selected=${query.get("object")} />`
      : html`<${Settings} detail=${detail} />`}
  `;
}
