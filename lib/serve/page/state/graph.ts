/** Where the objects of a component are drawn: waves from top to bottom, each as wide as the page allows. @module */

/** What the layout needs to know of an object. */
export interface GraphObject {
  readonly key: string;
  /** 1-based; absent for what will be deleted, which is drawn last. */
  readonly wave?: number | undefined;
  readonly dependsOn: readonly string[];
}

/** The place of one object, in pixels. */
export interface Node {
  readonly key: string;
  readonly x: number;
  readonly y: number;
  readonly row: number;
}

/** A dependence: from what must be ready first. */
export interface Edge {
  readonly from: string;
  readonly to: string;
  /** So many wait for the same, as all do for their namespace, that drawing each line would hide the others. */
  readonly common: boolean;
  /** As `d` of an SVG path. */
  readonly path: string;
}

/** A wave's strip. */
export interface Band {
  readonly wave: number | undefined;
  readonly y: number;
  readonly height: number;
}

/** A drawn graph. */
export interface Graph {
  readonly width: number;
  readonly height: number;
  /** Of each object. */
  readonly nodeWidth: number;
  readonly nodes: ReadonlyMap<string, Node>;
  readonly edges: readonly Edge[];
  readonly bands: readonly Band[];
}

/** Sizes in pixels. An object is at least so wide, and wider where that fills the page. */
export const NODE = { width: 158, height: 46, gap: 14 } as const;
const BAND = { label: 24, padding: 10, gap: 12 } as const;

/**
 * Lays a component's objects out.
 *
 * @param width of the place, in pixels.
 * @example
 * ```ts
 * import { layOut } from "./graph.ts";
 * import assert from "node:assert/strict";
 *
 * const { nodes } = layOut([
 *   { key: "web", wave: 2, dependsOn: ["settings"] },
 *   { key: "settings", wave: 1, dependsOn: [] },
 * ], 600);
 * assert.ok((nodes.get("web")?.y ?? 0) > (nodes.get("settings")?.y ?? 0));
 * ```
 */
export function layOut(objects: readonly GraphObject[], width: number): Graph {
  const columns = Math.max(
    1,
    Math.floor((width - 2 * BAND.padding + NODE.gap) / (NODE.width + NODE.gap)),
  );
  const nodeWidth = Math.max(
    NODE.width,
    Math.floor((width - 2 * BAND.padding + NODE.gap) / columns) - NODE.gap,
  );
  const nodes = new Map<string, Node>();
  const bands: Band[] = [];
  let y = 0;
  let row = 0;
  for (const [wave, members] of wavesOf(objects)) {
    const ordered = orderByDependencies(members, nodes);
    for (const [index, { key }] of ordered.entries()) {
      const [column, line] = [index % columns, Math.floor(index / columns)];
      nodes.set(key, {
        key,
        x: BAND.padding + column * (nodeWidth + NODE.gap),
        y: y + BAND.label + line * (NODE.height + NODE.gap),
        row: row + line,
      });
    }
    const lines = Math.ceil(ordered.length / columns);
    const height = BAND.label + lines * (NODE.height + NODE.gap) - NODE.gap + BAND.padding;
    bands.push({ wave, y, height });
    y += height + BAND.gap;
    row += lines;
  }
  const edges = edgesOf(objects, nodes, nodeWidth);
  return { width, height: Math.max(0, y - BAND.gap), nodeWidth, nodes, edges, bands };
}

function wavesOf(
  objects: readonly GraphObject[],
): [number | undefined, readonly GraphObject[]][] {
  return [...Map.groupBy(objects, ({ wave }) => wave)].toSorted(([left], [right]) =>
    (left ?? Infinity) - (right ?? Infinity)
  );
}

/** Objects stand below what they depend on, so that fewer lines cross. Others keep their order. */
function orderByDependencies(
  members: readonly GraphObject[],
  placed: ReadonlyMap<string, Node>,
): readonly GraphObject[] {
  const middle = ({ dependsOn }: GraphObject) => {
    const above = dependsOn.flatMap((key) => placed.get(key)?.x ?? []);
    return above.length === 0 ? Infinity : above.reduce((sum, x) => sum + x, 0) / above.length;
  };
  return members.map((object) => ({ object, middle: middle(object) }))
    .toSorted((left, right) => left.middle === right.middle ? 0 : left.middle - right.middle)
    .map(({ object }) => object);
}

/** With more dependents than this, an object's lines are {@link Edge.common}. */
const FEW_DEPENDENTS = 8;

function edgesOf(
  objects: readonly GraphObject[],
  nodes: ReadonlyMap<string, Node>,
  nodeWidth: number,
): Edge[] {
  const dependents = Map.groupBy(objects.flatMap(({ dependsOn }) => dependsOn), (key) => key);
  return objects.flatMap(({ key, dependsOn }) =>
    dependsOn.flatMap((needed) => {
      const [from, to] = [nodes.get(needed), nodes.get(key)];
      if (from === undefined || to === undefined || from === to) return [];
      const common = (dependents.get(needed)?.length ?? 0) > FEW_DEPENDENTS;
      return [{ from: needed, to: key, common, path: curve(from, to, nodeWidth) }];
    })
  );
}

function curve(from: Node, to: Node, nodeWidth: number): string {
  const [x1, y1] = [from.x + nodeWidth / 2, from.y + NODE.height];
  const [x2, y2] = [to.x + nodeWidth / 2, to.y];
  const bend = Math.max(16, Math.abs(y2 - y1) / 2);
  return `M${x1} ${y1}C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}`;
}

/** The object that an arrow key leads to, or none at a border. */
export function neighbour(
  graph: Graph,
  key: string,
  direction: "ArrowLeft" | "ArrowRight" | "ArrowUp" | "ArrowDown",
): string | undefined {
  const from = graph.nodes.get(key);
  if (from === undefined) return undefined;
  const sign = direction === "ArrowLeft" || direction === "ArrowUp" ? -1 : 1;
  const nodes = [...graph.nodes.values()];
  if (direction === "ArrowLeft" || direction === "ArrowRight") {
    // Along the reading order, over the ends of lines.
    const order = nodes.toSorted((left, right) => left.row - right.row || left.x - right.x);
    return order[order.indexOf(from) + sign]?.key;
  }
  return nodes.filter(({ row }) => row === from.row + sign)
    .toSorted((left, right) => Math.abs(left.x - from.x) - Math.abs(right.x - from.x))[0]?.key;
}
