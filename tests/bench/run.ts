// deno-lint-ignore-file no-console
/**
 * Plumb beside kubectl and kapp on the same objects and the same kind of API server, in one run.
 *
 *     deno task bench [--sizes 100,1000,5000] [--tools plumb,kubectl,kapp] [--json FILE]
 *
 * Each tool gets a fresh control plane (etcd and an API server, nothing else that would use the processor). Every
 * number is of a whole process, and the median of several runs. kubectl applies without its validation, which costs
 * it several times the rest here; the API server validates in any case. Requests are the difference of the API
 * server's own counter.
 */
import { parseArgs } from "node:util";
import { forEachLimited } from "../../lib/apply/pool.ts";
import { Cluster, type Resource } from "../../lib/cluster/mod.ts";
import { Connection } from "../../lib/sandbox/connection.ts";
import { type Sandbox, startSandbox } from "../../lib/sandbox/mod.ts";
import { benchObjects, writeObjects } from "./objects.ts";
import { type Measure, measure, medianOf } from "./process.ts";
import { misses, type Row, type Scenario, table } from "./report.ts";
import { type Command, commandOf, type ToolName, TOOLS, warmUpOf } from "./tools.ts";

const CONFIG_MAPS: Resource = {
  group: "",
  version: "v1",
  kind: "ConfigMap",
  plural: "configmaps",
  namespaced: true,
};
/** Runs of a scenario in each control plane, where it can be repeated. */
const REPETITIONS = 3;
/** The largest size that is measured in several control planes. */
const LARGEST_REPEATED = 1_000;
/** Where the API server's throughput levels off on two cores. */
const PATCHES_AT_ONCE = 32;

interface Sample extends Measure {
  readonly scenario: Scenario;
  readonly requests: number;
}

async function benchmark(tool: ToolName, size: number): Promise<Row[]> {
  const samples: Sample[] = [];
  for (let round = 0; round < rounds(size); round++) samples.push(...await sample(tool, size));
  return Object.entries(Object.groupBy(samples, ({ scenario }) => scenario)).map(
    ([scenario, runs]) => ({
      tool,
      size,
      scenario: scenario as Scenario,
      seconds: medianOf(runs, ({ seconds }) => seconds),
      cpuSeconds: medianOf(runs, ({ cpuSeconds }) => cpuSeconds),
      peakMegabytes: medianOf(runs, ({ peakMegabytes }) => peakMegabytes),
      requests: medianOf(runs, ({ requests }) => requests),
    }),
  );
}

function rounds(size: number): number {
  return size > LARGEST_REPEATED ? 1 : REPETITIONS;
}

/** Takes a tool through all scenarios in a control plane of its own. */
async function sample(tool: ToolName, size: number): Promise<Sample[]> {
  const folder = await Deno.makeTempDir({ prefix: "plumb-bench-" });
  try {
    await writeObjects(folder, size);
    await using sandbox = await startSandbox({ components: [] });
    using cluster = await Cluster.connect({ kubeconfig: sandbox.kubeconfig, environment: {} });
    const samples: Sample[] = [];
    const command = await commandOf(tool, folder);
    const record = async (scenario: Scenario, code = 0) => {
      const before = await requestCount(cluster);
      const measured = await run(command, sandbox, code);
      // The later reading of the counter has been counted, too.
      const requests = await requestCount(cluster) - before - 1;
      samples.push({ ...measured, scenario, requests });
    };
    await run(await warmUpOf(tool, folder), sandbox);
    const reporting = tool === "kubectl diff";
    if (reporting) await run(await commandOf("kubectl apply", folder), sandbox, 0);
    else await record("first apply");
    for (let time = 0; time < REPETITIONS; time++) await record("no-op");
    for (let time = 0; time < REPETITIONS; time++) {
      await drift(cluster, time);
      await record("one drifted", reporting ? 1 : 0);
    }
    return samples;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** @param code The exit code that is right; any if absent. */
async function run([program, args]: Command, sandbox: Sandbox, code?: number): Promise<Measure> {
  const result = await measure(program, args, {
    KUBECONFIG: sandbox.kubeconfig,
    KUBECACHEDIR: `${sandbox.folder}/cache`,
  });
  if (code !== undefined && result.code !== code) {
    throw new Error(`${program}: exit code ${result.code}\n${result.output.slice(-2_000)}`);
  }
  return result;
}

/** Changes one object as somebody else. */
async function drift(cluster: Cluster, time: number): Promise<void> {
  const data = { "app.properties": `changed by hand, ${time}\n` };
  await cluster.patch(
    CONFIG_MAPS,
    { namespace: "bench-1", name: "object-1" },
    { data },
    "merge",
    "kubectl-edit",
  );
}

/** All requests that the API server has answered, but for the watches, most of which are its own. */
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

/** The least that a first apply can take: every object patched once, and nothing else done. */
async function barePatches(size: number): Promise<Row> {
  const { namespaces, objects } = benchObjects(size);
  const seconds: number[] = [];
  for (let round = 0; round < rounds(size); round++) {
    await using sandbox = await startSandbox({ components: [] });
    using connection = new Connection(await Deno.readTextFile(sandbox.kubeconfig));
    const started = performance.now();
    for (const namespace of namespaces) await connection.apply("namespaces", namespace);
    await forEachLimited(objects, PATCHES_AT_ONCE, async (object) => {
      await connection.apply(`${object.kind.toLowerCase()}s`, object);
    });
    seconds.push((performance.now() - started) / 1000);
  }
  return {
    tool: "bare patches",
    size,
    scenario: "first apply",
    seconds: medianOf(seconds, (value) => value),
  };
}

const { values } = parseArgs({
  options: {
    sizes: { type: "string", default: "100,1000,5000" },
    tools: { type: "string", default: Object.keys(TOOLS).join() },
    json: { type: "string" },
  },
});
const tools = values.tools.split(",").flatMap((name) => {
  const uses = TOOLS[name];
  if (uses === undefined) throw new Error(`--tools: ${name} is none of ${Object.keys(TOOLS)}`);
  return uses;
});
const rows: Row[] = [];
for (const size of values.sizes.split(",").map(Number)) {
  console.error(`Bare patches, ${size} objects`);
  rows.push(await barePatches(size));
  for (const tool of tools) {
    console.error(`${tool}, ${size} objects`);
    rows.push(...await benchmark(tool, size));
  }
}
console.log(table(rows));
for (const miss of misses(rows)) console.log(`Missed: ${miss}`);
if (values.json !== undefined) await Deno.writeTextFile(values.json, JSON.stringify(rows, null, 2));
