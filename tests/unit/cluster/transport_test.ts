import assert from "node:assert/strict";
import { Cluster, ClusterError, watch } from "../../../lib/cluster/mod.ts";
import { Transport } from "../../../lib/cluster/transport.ts";
import type { Credentials } from "../../../lib/cluster/credentials.ts";
import { errorOfAnswer } from "../../../lib/cluster/errors.ts";

const CONFIG_MAPS = {
  group: "",
  version: "v1",
  kind: "ConfigMap",
  plural: "configmaps",
  namespaced: true,
};
type Handler = (request: Request, count: number) => Response | Promise<Response>;

/** A server on loopback that answers as told; `count` is how many requests of that path came before. */
function serve(handler: Handler): AsyncDisposable & { url: string; seen: string[] } {
  const seen: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/version") return Response.json({});
    seen.push(`${request.method} ${pathname}`);
    return handler(request, seen.length - 1);
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    seen,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

function credentials(server: string): Credentials {
  return {
    server,
    context: "test",
    namespace: "default",
    files: [],
    authorization: () => Promise.resolve("Bearer token"),
    tls: () => Promise.resolve({}),
    expire: () => {},
  };
}

const status = (code: number, more = {}) =>
  Response.json({ kind: "Status", message: `answer ${code}`, ...more }, { status: code });
const get = { method: "GET", path: "/x", what: "get x" } as const;

Deno.test("what may pass is sent again, as late as the server asks", async () => {
  await using server = serve((_request, count) =>
    count < 2
      ? new Response("busy", { status: 429, headers: { "retry-after": "1" } })
      : Response.json({ ok: true })
  );
  using transport = new Transport(credentials(server.url));
  const started = Date.now();
  assert.deepEqual(await transport.send(get), { ok: true });
  assert.ok(Date.now() - started >= 2_000);
  assert.equal(server.seen.length, 3);
});

const retried: readonly [number, "GET" | "POST", boolean][] = [
  [500, "GET", true],
  [502, "GET", true],
  [503, "POST", true],
  [500, "POST", false],
  [404, "GET", false],
  [409, "GET", false],
  [422, "POST", false],
];
for (const [code, method, again] of retried) {
  Deno.test(`${code} to a ${method} is ${again ? "sent again" : "final"}`, async () => {
    await using server = serve((_request, count) => count === 0 ? status(code) : Response.json({}));
    using transport = new Transport(credentials(server.url));
    const answer = transport.send({ ...get, method });
    if (again) await answer;
    else await assert.rejects(answer, { status: code });
    assert.equal(server.seen.length, again ? 2 : 1);
  });
}

Deno.test("a 500 that is about the object is final", async () => {
  await using server = serve(() =>
    status(500, { message: "failed to create typed patch object: no" })
  );
  using transport = new Transport(credentials(server.url));
  await assert.rejects(transport.send(get), { code: "invalid" });
  assert.equal(server.seen.length, 1);
});

Deno.test("a server that nobody runs is unreachable, once patience ends", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  using transport = new Transport(credentials(`http://127.0.0.1:${port}`), { patience: 300 });
  await assert.rejects(
    transport.send(get),
    (error: ClusterError) =>
      error.code === "unreachable" && error.place?.url === `http://127.0.0.1:${port}` &&
      /network/.test(error.hint ?? ""),
  );
});

Deno.test("a redirect is not followed, and an answer that is no JSON is told", async () => {
  await using server = serve((_request, count) =>
    count === 0 ? new Response("<html>") : Response.redirect("http://127.0.0.1:1/elsewhere")
  );
  using transport = new Transport(credentials(server.url), { patience: 100 });
  await assert.rejects(transport.send(get), { code: "unexpected" });
  await assert.rejects(transport.send(get));
  assert.ok(server.seen.every((line) => line === "GET /x"));
});

Deno.test("an abort ends a request whose answer has begun but never ends", async () => {
  await using server = serve(() =>
    new Response(
      new ReadableStream({
        start: (controller) => controller.enqueue(new TextEncoder().encode("{")),
      }),
    )
  );
  using transport = new Transport(credentials(server.url));
  const abort = new AbortController();
  setTimeout(() => abort.abort(), 200);
  await assert.rejects(transport.send({ ...get, signal: abort.signal }));
});

Deno.test("never more than the limit are under way", async () => {
  let [running, most] = [0, 0];
  await using server = serve(async () => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 2));
    running--;
    return Response.json({});
  });
  using transport = new Transport(credentials(server.url));
  await Promise.all(Array.from({ length: 200 }, () => transport.send(get)));
  assert.ok(most > 1 && most <= 24, String(most));
});

const answers: readonly [string, number, Record<string, unknown>, string][] = [
  ["a missing permission", 403, { reason: "Forbidden" }, "forbidden"],
  ["a namespace that goes", 403, {
    details: {
      causes: [{ reason: "NamespaceTerminating", message: "namespace x is being terminated" }],
    },
  }, "namespace-terminating"],
  [
    "an admission webhook",
    400,
    { message: 'admission webhook "x" denied the request: no' },
    "admission-denied",
  ],
  ["an admission policy", 422, {
    message: "ValidatingAdmissionPolicy 'x' with binding 'x' denied request: no",
  }, "admission-denied"],
  ["a quota", 403, { message: "pods is forbidden: exceeded quota: small" }, "admission-denied"],
  [
    "an object that does not fit its schema",
    500,
    {
      message:
        "failed to create typed patch object (a/b; v1, Kind=X): .spec.x: field not declared in schema",
    },
    "invalid",
  ],
  ["a wrong object", 422, {
    reason: "Invalid",
    details: { causes: [{ field: "spec.x", message: "Required value" }] },
  }, "invalid"],
  ["somebody else's write", 409, { reason: "Conflict" }, "conflict"],
  ["old credentials", 401, {}, "unauthorized"],
  ["an expired list", 410, {}, "gone"],
];
for (const [what, code, body, expected] of answers) {
  Deno.test(`${what} is told as ${expected}`, () => {
    const error = errorOfAnswer("apply x", {
      status: code,
      url: "https://c",
      body: JSON.stringify({ kind: "Status", message: "m", ...body }),
    });
    assert.deepEqual([error.code, error.status], [expected, code]);
  });
}

Deno.test("an answer that is no Status is quoted, not too long", () => {
  const error = errorOfAnswer("apply x", {
    status: 502,
    url: "https://c",
    body: `<html>${"x".repeat(5_000)}`,
  });
  assert.equal(error.code, "server");
  assert.ok(error.message.length < 400);
});

/** A cluster at a plain HTTP server, by a kubeconfig of its own. */
async function connect(url: string): Promise<Cluster> {
  const kubeconfig = await Deno.makeTempFile();
  await Deno.writeTextFile(
    kubeconfig,
    `current-context: t\nclusters: [{ name: c, cluster: { server: "${url}" } }]\ncontexts: [{ name: t, context: { cluster: c } }]\n`,
  );
  const cluster = await Cluster.connect({ kubeconfig, environment: {} });
  await Deno.remove(kubeconfig);
  return cluster;
}

const event = (type: string, version: string) =>
  `${
    JSON.stringify({
      type,
      object: {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "a", resourceVersion: version },
      },
    })
  }\n`;

Deno.test("a watch goes on from where its connection broke, and tells when that is too old", async () => {
  const versions: (string | null)[] = [];
  await using server = serve((request, count) => {
    versions.push(new URL(request.url).searchParams.get("resourceVersion"));
    if (count === 0) return new Response(event("ADDED", "11") + event("BOOKMARK", "12"));
    if (count === 1) return new Response(event("MODIFIED", "13"));
    return new Response(
      `${
        JSON.stringify({ type: "ERROR", object: { kind: "Status", code: 410, message: "too old" } })
      }\n`,
    );
  });
  using cluster = await connect(server.url);
  const seen: string[] = [];
  for await (
    const { type } of watch(cluster, CONFIG_MAPS, { namespace: "x", resourceVersion: "10" })
  ) seen.push(type);
  assert.deepEqual(seen, ["added", "modified", "expired"]);
  assert.deepEqual(versions, ["10", "12", "13"]);
});

Deno.test("an aborted watch closes its stream at the server, after many other requests", async () => {
  let [open, closed] = [0, 0];
  await using server = serve((request) => {
    if (!new URL(request.url).searchParams.has("watch")) return Response.json({});
    open++;
    return new Response(
      new ReadableStream({
        start: (controller) => controller.enqueue(new TextEncoder().encode(event("ADDED", "1"))),
        cancel: () => void closed++,
      }),
    );
  });
  using cluster = await connect(server.url);
  const abort = new AbortController();
  const first = Promise.withResolvers<void>();
  const watches = Array.from({ length: 12 }, async () => {
    for await (
      const _ of watch(cluster, CONFIG_MAPS, { resourceVersion: "1", signal: abort.signal })
    ) if (open === 12) first.resolve();
  });
  await first.promise;
  for (let round = 0; round < 70; round++) {
    await Promise.all(Array.from({ length: 10 }, () => cluster.raw({ method: "GET", path: "/y" })));
  }
  abort.abort();
  await Promise.all(watches);
  for (let waited = 0; closed < 12 && waited < 100; waited++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.equal(closed, 12);
});
