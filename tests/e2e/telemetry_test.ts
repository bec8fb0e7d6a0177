/** What leaves a run for Prometheus and OpenTelemetry. */
import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import {
  COMPONENT_YAML,
  configMap,
  documents,
  NAMESPACE,
  type Workspace,
  workspace,
} from "../plumb.ts";

interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string; readonly intValue?: string };
}
interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly attributes: readonly Attribute[];
}
interface ReceivedMetric {
  readonly name: string;
  readonly sum?: { readonly dataPoints: readonly { readonly attributes: readonly Attribute[] }[] };
}

/** A receiver of OTLP over HTTP on loopback, for its JSON form. */
function startReceiver() {
  const spans: ReceivedSpan[] = [];
  const metrics: ReceivedMetric[] = [];
  const bodies: string[] = [];
  const closed = new AbortController();
  const address = { hostname: "127.0.0.1", port: 0, signal: closed.signal, onListen: () => {} };
  const server = Deno.serve(address, async (request) => {
    const { pathname } = new URL(request.url);
    const text = await request.text();
    bodies.push(text);
    const body = JSON.parse(text);
    if (pathname === "/v1/traces") {
      spans.push(
        ...body.resourceSpans.flatMap((one: { scopeSpans: { spans: ReceivedSpan[] }[] }) =>
          one.scopeSpans.flatMap((scope) => scope.spans)
        ),
      );
    }
    if (pathname === "/v1/metrics") {
      metrics.push(
        ...body.resourceMetrics.flatMap((one: { scopeMetrics: { metrics: ReceivedMetric[] }[] }) =>
          one.scopeMetrics.flatMap((scope) => scope.metrics)
        ),
      );
    }
    return Response.json({});
  });
  return {
    endpoint: `http://127.0.0.1:${server.addr.port}`,
    spans,
    metrics,
    bodies,
    async [Symbol.asyncDispose]() {
      closed.abort();
      await server.finished;
    },
  };
}

/** Runs a command on the component of a workspace, in a process that sends to a receiver. */
async function run(
  space: Workspace,
  { endpoint }: { readonly endpoint: string },
  [command = "", ...args]: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number; readonly said: string }> {
  const main = new URL("../../main.ts", import.meta.url).pathname;
  const place = ["--path", space.folder, "--name", space.name, "--namespace", space.name];
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--frozen", "-A", main, command, ...place, ...args],
    env: {
      KUBECONFIG: space.kubeconfig,
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      ...environment,
    },
  }).output();
  return { code, said: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

const valuesOf = (attributes: readonly Attribute[]) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue]));

Deno.test("a run is a trace with its stages and requests, and its numbers are metrics, over OTLP", async () => {
  await using space = await workspace();
  await using receiver = startReceiver();
  await space.write({ "app.yaml": documents(NAMESPACE, configMap("settings")) });
  const { code, said } = await run(space, receiver, ["reconcile"]);
  assert.equal(code, 0, said);
  const root = receiver.spans.find(({ name }) => name === "plumb reconcile");
  assert.ok(root, JSON.stringify(receiver.spans.map(({ name }) => name)));
  const attributes = valuesOf(root.attributes);
  assert.equal(attributes["plumb.component"], space.name);
  assert.equal(attributes["plumb.outcome"], "applied");
  const below = receiver.spans.filter(({ parentSpanId }) => parentSpanId === root.spanId);
  const names = below.map(({ name }) => name);
  for (const name of ["observe", "render", "lease", "apply", "GET", "PATCH"]) {
    assert.ok(names.includes(name), `${name} not in ${names}`);
  }
  const measured = receiver.metrics.map(({ name }) => name);
  for (const name of ["plumb.runs", "plumb.run.duration", "plumb.drifted.objects"]) {
    assert.ok(measured.includes(name), `${name} not in ${measured}`);
  }
});

const CANARY = "canary-hunter2-otlp";

Deno.test("each check is a span with its result, and is counted, and no secret goes out with them", async () => {
  await using space = await workspace();
  await using receiver = startReceiver();
  await using site = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response("welcome"),
  );
  const url = `http://127.0.0.1:${site.addr.port}`;
  await space.write({
    "component.yaml":
      `${COMPONENT_YAML}  parameters: { password: { type: string, secret: true, required: true, description: A login } }
  verify:
    checks:
      - { check: http, name: page, url: "${url}", contains: welcome }
      - { check: http, name: shop, url: "${url}", contains: basket }
`,
    "app.yaml": documents(
      NAMESPACE,
      'apiVersion: v1\nkind: Secret\nmetadata: { name: login }\nstringData: { password: "${password}" }\n',
    ),
  });
  const { code, said } = await run(space, receiver, ["reconcile", "--verify"], {
    PLUMB_PARAMETER_PASSWORD: CANARY,
  });
  assert.equal(code, 3, said);
  const root = receiver.spans.find(({ name }) => name === "plumb reconcile");
  const checks = receiver.spans.filter(({ name }) => name.startsWith("check "));
  assert.deepEqual(
    checks.map(({ name, attributes, parentSpanId }) => [
      name,
      valuesOf(attributes)["plumb.check.result"],
      parentSpanId === root?.spanId,
    ]).sort(),
    [["check page", "passed", true], ["check shop", "failed", true]],
  );
  const counted = receiver.metrics.filter(({ name }) => name === "plumb.checks")
    .flatMap(({ sum }) => sum?.dataPoints ?? []).map(({ attributes }) => valuesOf(attributes));
  for (const [check, result] of [["page", "passed"], ["shop", "failed"]]) {
    const expected = { component: space.name, check, result };
    assert.ok(
      counted.some((labels) => isDeepStrictEqual(labels, expected)),
      JSON.stringify(counted),
    );
  }
  const out = said + receiver.bodies.join("\n");
  assert.ok(!out.includes(CANARY) && !out.includes(btoa(CANARY)));
});

Deno.test("a file of metrics is replaced as a whole, and a folder that is not there is told before anything is done", async () => {
  await using space = await workspace();
  await space.write({ "app.yaml": documents(NAMESPACE, configMap("settings")) });
  const metrics = await Deno.makeTempDir({ prefix: "plumb-metrics-" });
  const file = `${metrics}/plumb.prom`;
  try {
    assert.equal((await space.reconcile(["--metrics-file", file])).code, 0);
    assert.match(await Deno.readTextFile(file), /outcome="applied"\} 1/);
    assert.equal((await space.reconcile(["--metrics-file", file])).code, 0);
    assert.match(await Deno.readTextFile(file), /outcome="in-sync"\} 1/);
    assert.deepEqual((await Array.fromAsync(Deno.readDir(metrics))).map(({ name }) => name), [
      "plumb.prom",
    ]);
    const run = await space.reconcile(["--metrics-file", `${metrics}/none/plumb.prom`]);
    assert.equal(run.code, 1);
    assert.match(run.output, /The file of metrics can't be written/);
  } finally {
    await Deno.remove(metrics, { recursive: true });
  }
});
