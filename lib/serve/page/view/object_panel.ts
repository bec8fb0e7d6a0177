/** One object: how it is, who owns what, where it is written, and how it differs. @module */
import type { VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { describe } from "../../../object.ts";
import type { ComponentObject } from "../../contract.ts";
import { html } from "../html.ts";
import { api } from "../net/api.ts";
import { componentAddress } from "../state/route.ts";
import { healthOf, syncOf } from "../state/words.ts";
import { ChangeDiff, isSilent } from "./diff.ts";
import { useAnswer } from "./hooks.ts";
import { Badge, Place, ProblemBox, Waiting } from "./parts.ts";

/** The panel beside the graph. */
export function ObjectPanel({ name, object, version }: {
  readonly name: string;
  readonly object: ComponentObject;
  readonly version: string;
}): VNode {
  const title = useRef<HTMLHeadingElement>(null);
  // Whoever opened it goes on reading here, and after it where he came from.
  useEffect(() => {
    title.current?.focus();
    return () =>
      document.querySelector<HTMLElement>(`[data-key="${CSS.escape(object.key)}"]`)?.focus();
  }, []);
  const { health, owners, file, line, change, pods } = object;
  return html`<aside class="panel" aria-label="Object">
    <header><h2 tabindex="-1" ref=${title}>${describe(object.object)}</h2>
      <a class="close" href=${componentAddress(name)} aria-label="Close">✕</a></header>
    <p class="badges"><${Badge} what="Git" state=${
    syncOf(object)
  } /><${Badge} what="Health" state=${healthOf(object)} /></p>
    ${health.message === "" ? null : html`<p>${health.message}</p>`}
    <dl class="facts">
      ${
    file === undefined ? null : html`
      <div>
        <dt>Written in</dt>
        <dd>
          <${Place} file=${file} line=${line} />
        </dd>
      </div>
    `
  }
      ${
    owners.length === 0 ? null : html`
      <div>
        <dt>Fields held by</dt>
        <dd>${owners.join(", ")}</dd>
      </div>
    `
  }
      <div><dt>Waits for</dt><dd>${
    object.dependsOn.length === 0 ? "nothing" : object.dependsOn.map(shortKey).join(", ")
  }</dd></div>
    </dl>
    ${
    pods
      ? html`<p><a href=${componentAddress(name, "logs", logsOf(object))}>Logs of its pods</a></p>`
      : null
  }
    ${
    change === undefined || isSilent(change) ? null : html`
      <h3>Difference</h3>
      <${ChangeDiff} change=${change} bare />
    `
  }
    <${WholeTexts} name=${name} object=${object} version=${version} />
  </aside>`;
}

const shortKey = (key: string) => key.split("/").filter((_, index) => index % 2 === 1).join(" ");

function logsOf({ object: { namespace, name, kind } }: ComponentObject): Record<string, string> {
  return { owner: `${kind}/${namespace ?? ""}/${name}` };
}

/** The whole object on both sides. Values that the cluster adds by itself are no difference, so nothing is marked. */
function WholeTexts({ name, object, version }: {
  readonly name: string;
  readonly object: ComponentObject;
  readonly version: string;
}): VNode {
  const [open, toggle] = useState(false);
  return html`<details onToggle=${(event: Event) =>
    toggle((event.currentTarget as HTMLDetailsElement).open)}>
    <summary>The whole object</summary>
    ${open ? html`<${Texts} name=${name} id=${object.key} version=${version} />` : null}
  </details>`;
}

function Texts({ name, id, version }: {
  readonly name: string;
  readonly id: string;
  readonly version: string;
}): VNode {
  const { value, problem } = useAnswer((signal) => api.object(name, id, signal), [id, version]);
  if (problem !== undefined) return html`<${ProblemBox} problem=${problem} />`;
  if (value === undefined) return html`<${Waiting}>Reading both sides…<//>`;
  const side = (label: string, text: string | undefined, absent: string) =>
    html`<h4>${label}</h4>${
      text === undefined
        ? html`<p class="quiet">${absent}</p>`
        : html`<pre class="code" tabindex="0" role="region" aria-label=${label}>${text}</pre>`
    }`;
  return html`${side("In the cluster", value.live, "It is not there.")}
    ${side("In Git", value.desired, "Git does not have it.")}`;
}
