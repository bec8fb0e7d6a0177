/** The objects of a component, drawn or listed, and the one that is looked at. @module */
import type { VNode } from "preact";
import { useMemo, useState } from "preact/hooks";
import { counted } from "../../../report/words.ts";
import type { ComponentDetail, ComponentObject } from "../../contract.ts";
import { html } from "../html.ts";
import { componentAddress } from "../state/route.ts";
import { MAX_SHOWN, shownOf } from "../state/shown.ts";
import { healthOf, syncOf } from "../state/words.ts";
import { ObjectGraph } from "./graph.ts";
import { ObjectPanel } from "./object_panel.ts";
import { Badge, Choice, Empty, ObjectName, Place } from "./parts.ts";

type Look = "graph" | "list";

/** The objects by wave: all of them, or as many as can be drawn, and a field to find the others. */
export function Objects({ detail, selected }: {
  readonly detail: ComponentDetail;
  readonly selected: string | undefined;
}): VNode {
  const [look, choose] = useState<Look>("graph");
  const { component: { name, error }, objects } = detail;
  const object = objects.find(({ key }) => key === selected);
  const [query, search] = useState("");
  const shown = useMemo(() => shownOf(objects, { query, selected }), [objects, query, selected]);
  if (objects.length === 0 && error !== undefined) {
    return html`
      <${Empty} title="Its objects are not known.">
        <p>They appear here by themselves once what stands above is mended.</p>
        <//>
    `;
  }
  if (objects.length === 0) {
    return html`
      <${Empty} title="This component has no object.">
        <p>Add YAML files to its folder in Git.</p>
        <//>
    `;
  }
  return html`<div class=${object === undefined ? "" : "beside"}>
    <div>
      <div class="bar"><${Choice} label="Show as" value=${look} onChoose=${choose}
        values=${{ graph: "Graph", list: "List" }} />
        <p class="quiet">${summary(objects)}</p>
        ${
    objects.length <= MAX_SHOWN
      ? null
      : html`<${Finder} shown=${shown.length} all=${objects.length} onSearch=${search} />`
  }</div>
      ${
    look === "graph"
      ? html`<${ObjectGraph} name=${name} objects=${shown} selected=${selected} />`
      : html`<${ObjectList} name=${name} objects=${shown} selected=${selected} />`
  }
    </div>
    ${
    object === undefined ? null : html`
      <${ObjectPanel} key=${object.key} name=${name} object=${object}
        version=${detail.component.version} />
    `
  }
  </div>`;
}

function Finder({ shown, all, onSearch }: {
  readonly shown: number;
  readonly all: number;
  readonly onSearch: (query: string) => void;
}): VNode {
  const onInput = (event: Event) => onSearch((event.currentTarget as HTMLInputElement).value);
  return html`
    <input type="search" placeholder="Find an object" aria-label="Find an object" onInput=${onInput} />
    <p class="quiet" role="status">${counted(shown, "object")} of ${all.toLocaleString(
      "en",
    )} shown${shown < MAX_SHOWN ? "" : ", first what differs or is not well"}</p>
  `;
}

function summary(objects: readonly ComponentObject[]): string {
  const changed = objects.filter(({ change }) => change !== undefined).length;
  const all = counted(objects.length, "object");
  return changed === 0 ? `${all}, as Git says` : `${all}, ${changed} other than Git says`;
}

function ObjectList({ name, objects, selected }: {
  readonly name: string;
  readonly objects: readonly ComponentObject[];
  readonly selected: string | undefined;
}): VNode {
  return html`
    <div class="scroll" tabindex="0" role="region" aria-label="Objects">
      <table>
        <thead>
          <tr>
            <th scope="col">Wave</th>
            <th scope="col">Object</th>
            <th scope="col">Git</th>
            <th scope="col">Health</th>
            <th scope="col">Owners</th>
            <th scope="col">Place</th>
          </tr>
        </thead>
        <tbody>${objects.map((object) =>
          html`
            <tr key=${object.key} class=${object.key === selected ? "selected" : ""}>
              <td>${object.wave ?? "–"}</td>
              <td><a data-key=${object.key} href=${componentAddress(name, "objects", {
                object: object.key,
              })}><${ObjectName} object=${object.object} /></a></td>
              <td>
                <${Badge} state=${syncOf(object)} />
              </td>
              <td>
                <${Badge} state=${healthOf(object)} />
              </td>
              <td>${object.owners.join(", ")}</td>
              <td>
                <${Place} file=${object.file} line=${object.line} />
              </td>
            </tr>
          `
        )}</tbody>
      </table>
    </div>
  `;
}
