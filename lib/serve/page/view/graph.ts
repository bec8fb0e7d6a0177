/** The objects as a graph: waves from top to bottom, lines from what must be ready first. @module */
import type { VNode } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { describe } from "../../../object.ts";
import type { ComponentObject } from "../../contract.ts";
import { html } from "../html.ts";
import { type Graph, layOut, neighbour, NODE } from "../state/graph.ts";
import { componentAddress } from "../state/route.ts";
import { healthOf, syncOf } from "../state/words.ts";

const ARROWS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"] as const;

/** One stop for the tabulator key; arrow keys lead from object to object, Enter opens one. */
export function ObjectGraph({ name, objects, selected }: {
  readonly name: string;
  readonly objects: readonly ComponentObject[];
  readonly selected: string | undefined;
}): VNode {
  const place = useRef<HTMLDivElement>(null);
  const width = useWidth(place);
  const graph = useMemo(() => layOut(objects, width), [objects, width]);
  const [near, look] = useState<string>();
  const stop = [near, selected, objects[0]?.key].find((key) =>
    key !== undefined && graph.nodes.has(key)
  );
  const shown = near ?? selected;
  const onKeyDown = (event: KeyboardEvent) => {
    const arrow = ARROWS.find((key) => key === event.key);
    const next = arrow === undefined || stop === undefined
      ? undefined
      : neighbour(graph, stop, arrow);
    if (next === undefined) return;
    event.preventDefault();
    look(next);
    place.current?.querySelector<SVGAElement>(`[data-key="${CSS.escape(next)}"]`)?.focus();
  };
  return html`
    <div ref=${place} class="graph">
      <svg width=${graph.width} height=${graph.height} role="group" onKeyDown=${onKeyDown}
        aria-label="Objects by wave. Arrow keys lead from one to the next.">
          <${Bands} graph=${graph} />
          <g aria-hidden="true">${graph.edges.map(({ from, to, common, path }) =>
            html`<path key=${`${from} ${to}`} d=${path} class=${
              from === shown || to === shown ? "edge near" : common ? "edge common" : "edge"
            } />`
          )}</g>
          ${objects.map((object) =>
            html`
              <${ObjectNode} key=${object.key} name=${name} object=${object}
                graph=${graph} stop=${object.key === stop} selected=${object.key ===
                  selected} onNear=${look} />
            `
          )}
        </svg>
    </div>
  `;
}

function Bands({ graph }: { readonly graph: Graph }): VNode {
  return html`<g aria-hidden="true">${
    graph.bands.map(({ wave, y, height }) =>
      html`
        <g key=${wave} class="band">
          <rect x="0" y=${y} width=${graph.width} height=${height} rx="8" />
          <text x="10" y=${y + 16}>${wave === undefined ? "To be deleted" : `Wave ${wave}`}</text>
        </g>
      `
    )
  }</g>`;
}

function ObjectNode({ name, object, graph, stop, selected, onNear }: {
  readonly name: string;
  readonly object: ComponentObject;
  readonly graph: Graph;
  readonly stop: boolean;
  readonly selected: boolean;
  readonly onNear: (key: string | undefined) => void;
}): VNode | null {
  const node = graph.nodes.get(object.key);
  if (node === undefined) return null;
  const [health, sync] = [healthOf(object), syncOf(object)];
  const { kind, name: own } = object.object;
  const wave = object.wave === undefined ? "to be deleted" : `wave ${object.wave}`;
  const label = `${describe(object.object)}, ${wave}: ${health.word}, ${sync.word}`;
  const differs = object.change !== undefined;
  const { nodeWidth } = graph;
  return html`
    <a href=${componentAddress(name, "objects", { object: object.key })} data-key=${object.key}
      class="node ${health.tone} ${differs ? "differs" : ""}"
      tabindex=${stop ? 0 : -1} aria-current=${selected ? "true" : undefined}
      transform="translate(${node.x} ${node.y})"
      onFocus=${() => onNear(object.key)} onPointerEnter=${() => onNear(object.key)}
      onPointerLeave=${() => onNear(undefined)} onBlur=${() => onNear(undefined)}>
      <title>${label}${object.health.message === "" ? "" : `\n${object.health.message}`}</title>
      <rect class="paper" width=${nodeWidth} height=${NODE.height} rx="6" />
      <rect class="tone" width="4" height=${NODE.height} rx="2" />
      <g aria-hidden="true">
        <text class="kind" x="12" y="18">${cut(kind, nodeWidth - 50)}</text>
        <text class="own" x="12" y="35">${cut(own, nodeWidth - 20)}</text>
        <text class="symbols" x=${nodeWidth - 9} y="18" text-anchor="end">
          ${differs ? `${sync.symbol} ` : ""}${health.symbol}</text>
      </g>
    </a>
  `;
}

/** About how wide a letter is, in pixels. */
const LETTER_PIXELS = 8;

function cut(text: string, pixels: number): string {
  const letters = Math.floor(pixels / LETTER_PIXELS);
  return text.length <= letters ? text : `${text.slice(0, letters - 1)}…`;
}

/** How wide an element is, now and when the window changes. */
function useWidth(place: { readonly current: HTMLElement | null }): number {
  const [width, show] = useState(0);
  useLayoutEffect(() => show(place.current?.clientWidth ?? 0), []);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) =>
      show(Math.floor(entry?.contentRect.width ?? 0))
    );
    if (place.current !== null) observer.observe(place.current);
    return () => observer.disconnect();
  }, []);
  return width;
}
