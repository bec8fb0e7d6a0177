/** What leaves a run for Prometheus and OpenTelemetry. */
import assert from "node:assert/strict";
import { configMap, documents, NAMESPACE, workspace } from "../plumb.ts";

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
}

/** A receiver of OTLP over HTTP on loopback, for its JSON form. */
function startReceiver() {
  const spans: ReceivedSpan[] = [];
  const metrics: ReceivedMetric[] = [];
  const closed = new AbortController();
  const address = { hostname: "127.0.0.1", port: 0, signal: closed.signal, onListen: () => {} };
  const server = Deno.serve(address, async (request) => {
    const { pathname } = new URL(request.url);
    const body = await request.json();
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
    async [Symbol.asyncDispose]() {
      closed.abort();
      await server.finished;
    },
  };
}

Deno.test("a run is a trace with its stages and requests, and its numbers are metrics, over OTLP", async () => {
  await using space = await workspace();
  await using receiver = startReceiver();
  await space.write({ "app.yaml": documents(NAMESPACE, configMap("settings")) });
  const main = new URL("../../main.ts", import.meta.url).pathname;
  const place = ["--path", space.folder, "--name", space.name, "--namespace", space.name];
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--frozen", "-A", main, "reconcile", ...place],
    env: {
      KUBECONFIG: space.kubeconfig,
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
    },
  }).output();
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert.equal(code, 0, said);
  const root = receiver.spans.find(({ name }) => name === "plumb reconcile");
  assert.ok(root, JSON.stringify(receiver.spans.map(({ name }) => name)));
  const attributes = new Map(root.attributes.map(({ key, value }) => [key, value.stringValue]));
  assert.equal(attributes.get("plumb.component"), space.name);
  assert.equal(attributes.get("plumb.outcome"), "applied");
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
