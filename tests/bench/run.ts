// deno-lint-ignore-file no-console
/**
 * Plumb beside kubectl and kapp on the same objects and the same kind of API server, in one run.
 *
 *     deno task bench [--sizes 100,1000,5000] [--tools plumb,kubectl,kapp] [--json FILE]
 *
 * Each tool gets a fresh control plane (etcd and an API server, nothing else that would use the processor). Every
 * number is of a whole process. kubectl runs without its validation, which costs it several times the rest here; the
 * API server validates in any case. Requests are the difference of the API server's own counter.
 */
import { parseArgs } from "node:util";
import { Cluster, type Resource } from "../../lib/cluster/mod.ts";
import { startSandbox } from "../../lib/sandbox/mod.ts";
import { requireTool, type Tool } from "../../lib/tools/mod.ts";
import { writeObjects } from "./objects.ts";
import { type Measure, measure, median } from "./process.ts";

const KAPP: Tool = {
  name: "kapp",
  lookups: [{ variable: "PLUMB_KAPP" }, "path"],
  build: {
    folder: "kapp-v0.64.2",
    module: new URL("kapp", import.meta.url).pathname,
    linkerFlags: "-s -w",
    duration: "two minutes",
  },
  install: "Install kapp, or Go to build it.",
};
const ROOT = new URL("../..", import.meta.url).pathname;
const CONFIG_MAPS: Resource = {
  group: "",
  version: "v1",
  kind: "ConfigMap",
  plural: "configmaps",
  namespaced: true,
};
const NO_OP_RUNS = 3;

/** What Plumb has to reach on two cores, in seconds. */
const BOUNDS: Readonly<Record<string, Readonly<Record<number, number>>>> = {
  "no-op": { 1000: 0.4, 5000: 1.0 },
  "one drifted": { 5000: 1.3 },
  "first apply": { 1000: 2.0, 5000: 10 },
};

type ToolName = "plumb" | "kubectl apply" | "kubectl diff" | "kapp";
type Scenario = "first apply" | "no-op" | "one drifted";

interface Row extends Omit<Measure, "output" | "code"> {
  readonly tool: ToolName;
  readonly size: number;
  readonly scenario: Scenario;
  readonly requests: number;
}

/** How to run a tool on a folder. */
async function commandOf(tool: ToolName, folder: string): Promise<[string, string[]]> {
  switch (tool) {
    case "plumb":
      return [Deno.execPath(), [
        "run",
        "--allow-all",
        "--frozen",
        `${ROOT}/main.ts`,
        "reconcile",
        "--path",
        folder,
        "--name",
        "bench",
        "--namespace",
        "bench-0",
        "--no-wait",
        "--yes",
      ]];
    case "kubectl apply":
      return ["kubectl", [
        "apply",
        "--server-side",
        "--validate=false",
        "--force-conflicts",
        "-f",
        folder,
      ]];
    case "kubectl diff":
      return ["kubectl", ["diff", "--server-side", "--force-conflicts", "-f", folder]];
    case "kapp":
      return [await requireTool(KAPP), [
        "deploy",
        "--app",
        "bench",
        "--file",
        folder,
        "--yes",
        "--wait=false",
      ]];
  }
}

async function benchmark(tool: ToolName, size: number): Promise<Row[]> {
  const folder = await Deno.makeTempDir({ prefix: "plumb-bench-" });
  await using sandbox = await startSandbox({ components: [] });
  using cluster = await Cluster.connect({ kubeconfig: sandbox.kubeconfig, environment: {} });
  const home = `${folder}/home`;
  await Deno.mkdir(home);
  const env = { KUBECONFIG: sandbox.kubeconfig };
  const rows: Row[] = [];
  const [program, args] = await commandOf(tool, `${folder}/objects`);
  const record = async (scenario: Scenario, runs: number, expected: readonly number[]) => {
    const before = await requestCount(cluster);
    const measures: Measure[] = [];
    for (let index = 0; index < runs; index++) {
      const result = await measure(program, args, { env });
      if (!expected.includes(result.code)) {
        throw new Error(`${tool}, ${scenario}: exit ${result.code}\n${result.output.slice(-2000)}`);
      }
      measures.push(result);
    }
    const requests = Math.round(((await requestCount(cluster)) - before - 1) / runs);
    const { seconds, cpuSeconds, peakMegabytes } = median(measures);
    rows.push({ tool, size, scenario, requests, seconds, cpuSeconds, peakMegabytes });
  };
  try {
    await Deno.mkdir(`${folder}/objects`);
    await writeObjects(`${folder}/objects`, size);
    if (tool === "kubectl diff") {
      const result = await measure(
        "kubectl",
        ["apply", "--server-side", "--validate=false", "-f", `${folder}/objects`],
        { env },
      );
      if (result.code !== 0) throw new Error(result.output);
    } else {
      await record("first apply", 1, [0]);
    }
    await record("no-op", NO_OP_RUNS, [0]);
    await drift(cluster);
    await record("one drifted", 1, tool === "kubectl diff" ? [1] : [0]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  return rows;
}

/** Changes one object as somebody else. */
async function drift(cluster: Cluster): Promise<void> {
  const data = { "app.properties": "changed by hand\n" };
  await cluster.patch(
    CONFIG_MAPS,
    { namespace: "bench-1", name: "object-1" },
    { data },
    "merge",
    "kubectl-edit",
  );
}

/** All requests that the API server has served to clients; watches of its own count too, and stay few. */
async function requestCount(cluster: Cluster): Promise<number> {
  const text = await cluster.transport.sendText({
    method: "GET",
    path: "/metrics",
    accept: "text/plain",
    what: "read metrics",
  });
  return text.split("\n")
    .filter((line) => line.startsWith("apiserver_request_total{") && !line.includes('verb="WATCH"'))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
}

function table(rows: readonly Row[]): string {
  const lines = [
    "| objects | scenario | tool | wall s | CPU s | peak MB | requests | bound s | × plumb |",
    "| ---: | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
  ];
  for (const row of rows) {
    const plumb = rows.find(({ tool, size, scenario }) =>
      tool === "plumb" && size === row.size && scenario === row.scenario
    );
    const bound = row.tool === "plumb" ? BOUNDS[row.scenario]?.[row.size]?.toFixed(1) ?? "" : "";
    const ratio = plumb === undefined ? "" : (row.seconds / plumb.seconds).toFixed(1);
    lines.push(
      `| ${row.size} | ${row.scenario} | ${row.tool} | ${row.seconds.toFixed(2)} | ${
        row.cpuSeconds.toFixed(2)
      } | ${row.peakMegabytes.toFixed(0)} | ${row.requests} | ${bound} | ${ratio} |`,
    );
  }
  return lines.join("\n");
}

const { values } = parseArgs({
  args: Deno.args,
  options: {
    sizes: { type: "string", default: "100,1000,5000" },
    tools: { type: "string", default: "plumb,kubectl,kapp" },
    json: { type: "string" },
  },
});
const tools = values.tools.split(",").flatMap((name): ToolName[] =>
  name === "kubectl"
    ? ["kubectl apply", "kubectl diff"]
    : name === "plumb" || name === "kapp"
    ? [name]
    : []
);
const rows: Row[] = [];
for (const size of values.sizes.split(",").map(Number)) {
  for (const tool of tools) {
    console.error(`${tool}, ${size} objects`);
    rows.push(...await benchmark(tool, size));
  }
}
const order: readonly Scenario[] = ["first apply", "no-op", "one drifted"];
rows.sort((left, right) =>
  left.size - right.size || order.indexOf(left.scenario) - order.indexOf(right.scenario)
);
console.log(table(rows));
if (values.json !== undefined) await Deno.writeTextFile(values.json, JSON.stringify(rows, null, 2));
