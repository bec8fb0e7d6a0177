/** What was measured, as a table, and where Plumb misses its bounds. */
import type { ToolName } from "./tools.ts";

/** What happens to the cluster. */
export type Scenario = "first apply" | "no-op" | "one drifted";

/** One line of the table: the medians of a tool in a scenario. */
export interface Row {
  /** `bare patches`: every object patched once, and nothing else done: the API server's own share. */
  readonly tool: ToolName | "bare patches";
  readonly size: number;
  readonly scenario: Scenario;
  readonly seconds: number;
  readonly cpuSeconds?: number;
  readonly peakMegabytes?: number;
  readonly requests?: number;
}

const SCENARIOS: readonly Scenario[] = ["first apply", "no-op", "one drifted"];

/** Seconds that Plumb may take on two cores. */
const SECONDS: Readonly<Record<Scenario, Readonly<Record<number, number>>>> = {
  "first apply": { 1000: 2.0, 5000: 10 },
  "no-op": { 1000: 0.4, 5000: 1.0 },
  "one drifted": { 5000: 1.3 },
};
const MEGABYTES = 250;
/** One list for each of five kinds in five namespaces and for the namespaces themselves, and five more. */
const NO_OP_REQUESTS = 31;
/** How much longer than the bare patches a first apply may take, from a size at which starting no longer counts. */
const OVERHEAD = 1.3;
const OVERHEAD_FROM = 1_000;

/** The rows as Markdown, Plumb's beside those of its peers. */
export function table(rows: readonly Row[]): string {
  const sorted = [...rows].sort((left, right) =>
    left.size - right.size ||
    SCENARIOS.indexOf(left.scenario) - SCENARIOS.indexOf(right.scenario)
  );
  const lines = sorted.map((row) => {
    const plumb = plumbBeside(row, rows);
    const bound = row === plumb ? SECONDS[row.scenario][row.size] : undefined;
    const cells = [
      row.size,
      row.scenario,
      row.tool,
      row.seconds.toFixed(2),
      bound?.toFixed(1),
      plumb && (row.seconds / plumb.seconds).toFixed(1),
      row.cpuSeconds?.toFixed(2),
      row.peakMegabytes?.toFixed(0),
      row.requests,
    ];
    return `| ${cells.map((cell) => cell ?? "").join(" | ")} |`;
  });
  return [
    "| objects | scenario | tool | wall s | bound s | × Plumb | CPU s | peak MB | requests |",
    "| ---: | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ...lines,
  ].join("\n");
}

/** In words, each bound that Plumb misses, and each peer that is faster. */
export function misses(rows: readonly Row[]): string[] {
  return rows.flatMap((row) => {
    const plumb = plumbBeside(row, rows);
    if (plumb === undefined) return [];
    return (row === plumb ? ownMisses(row) : missBeside(row, plumb))
      .map((miss) => `${row.size} objects, ${row.scenario}: ${miss}`);
  });
}

function ownMisses({ scenario, size, seconds, peakMegabytes = 0, requests = 0 }: Row): string[] {
  const bound = SECONDS[scenario][size] ?? Infinity;
  return [
    ...seconds > bound ? [`${seconds.toFixed(2)} s, not ${bound} s`] : [],
    ...peakMegabytes > MEGABYTES ? [`${peakMegabytes.toFixed(0)} MB, not ${MEGABYTES} MB`] : [],
    ...scenario === "no-op" && requests > NO_OP_REQUESTS
      ? [`${requests} requests, not ${NO_OP_REQUESTS}`]
      : [],
  ];
}

function missBeside({ tool, seconds }: Row, plumb: Row): string[] {
  if (tool !== "bare patches") return seconds < plumb.seconds ? [`${tool} is faster`] : [];
  const factor = plumb.seconds / seconds;
  return plumb.size >= OVERHEAD_FROM && factor > OVERHEAD
    ? [`${factor.toFixed(1)} times the bare patches, not ${OVERHEAD}`]
    : [];
}

function plumbBeside({ size, scenario }: Row, rows: readonly Row[]): Row | undefined {
  return rows.find((row) => row.tool === "plumb" && row.size === size && row.scenario === scenario);
}
