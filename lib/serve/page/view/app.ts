/** The frame around every view. @module */
import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Me } from "../../contract.ts";
import { html } from "../html.ts";
import { ComponentPage } from "./component.ts";
import { Components } from "./components.ts";
import { ConnectionNote } from "./connection.ts";
import { useRoute, useSession } from "./hooks.ts";
import { Empty } from "./parts.ts";
import { RunPage } from "./run.ts";

/** The whole page. */
export function App(): VNode {
  const { me, connection, refused } = useSession();
  return html`
    <a class="skip" href="#content" onClick=${skip}>To the content</a>
    <header class="top">
      <a class="brand" href="#/">Plumb</a>
      ${me === undefined ? null : html`<${Who} me=${me} />`}
    </header>
    <div class="note">
      <${ConnectionNote} connection=${connection} />
    </div>
    <div id="content" tabindex="-1">
      ${refused === undefined ? html`<${View} />` : html`
        <main>
          <h1>${refused.status === 403 ? "This is not open to you" : "Who are you?"}</h1>
          <${Empty} title=${refused.problem.message}>
            <p>${refused.problem.hint ??
              "Open the address that plumb serve has printed, or sign in at the proxy in front of this page."}</p>
            <//>
            </main>
      `}
    </div>
  `;
}

/** The fragment is an address of the page's own, so a link can't lead to a place by it. */
function skip(event: Event): void {
  event.preventDefault();
  document.getElementById("content")?.focus();
}

function View(): VNode {
  const route = useRoute();
  const place = route.view === "component"
    ? `${route.name}/${route.section}`
    : route.view === "run"
    ? route.id
    : route.view;
  const first = useRef(true);
  // Who has followed a link reads on at the new view's beginning.
  useEffect(() => {
    if (!first.current) document.getElementById("content")?.focus({ preventScroll: true });
    first.current = false;
  }, [place]);
  switch (route.view) {
    case "components":
      return html`<${Components} />`;
    case "component":
      return html`<${ComponentPage} key=${route.name} route=${route} />`;
    case "run":
      return html`<${RunPage} key=${route.id} id=${route.id} />`;
    case "nowhere":
      return html`
        <main>
          <h1>Nothing here</h1>
          <${Empty} title="There is no such view.">
            <p><a href="#/">All components</a></p>
            <//>
            </main>
      `;
  }
}

const BY: Readonly<Record<Me["by"], string>> = {
  nothing: "not signed in",
  "start-token": "by the address of its start",
  bearer: "by token",
  proxy: "by the proxy",
};

function Who({ me }: { readonly me: Me }): VNode {
  return html`<p class="who" title=${
    BY[me.by]
  }>${me.name} <span class="badge calm">${me.role}</span></p>`;
}
