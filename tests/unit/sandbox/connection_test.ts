import assert from "node:assert/strict";
import { Authority } from "../../../lib/sandbox/certificates.ts";
import { Connection, eventually } from "../../../lib/sandbox/connection.ts";
import { SandboxError } from "../../../lib/sandbox/error.ts";
import { kubeconfigText } from "../../../lib/sandbox/kubeconfig.ts";

/** A server with a certificate of the authority, and a kubeconfig that trusts another if so wished. */
async function serve(
  trusted: boolean,
  answer: (request: Request) => Response | Promise<Response>,
): Promise<AsyncDisposable & { readonly kubeconfig: string }> {
  const authority = await Authority.create();
  const { certificate: cert, key } = await authority.serving("test");
  const options = { hostname: "127.0.0.1", port: 0, cert, key, onListen: () => {} };
  const server = Deno.serve(options, answer);
  const root = await (trusted ? authority : await Authority.create()).identity();
  const url = `https://127.0.0.1:${server.addr.port}`;
  const kubeconfig = kubeconfigText(url, root.certificate, await authority.client("ada", []));
  return { kubeconfig, [Symbol.asyncDispose]: () => server.shutdown() };
}

Deno.test("an object is applied by server-side apply at the path of its kind", async () => {
  const seen: unknown[] = [];
  await using server = await serve(true, async (request) => {
    const { pathname, search } = new URL(request.url);
    seen.push(request.method, pathname + search, await request.json());
    return Response.json({});
  });
  using connection = new Connection(server.kubeconfig);
  const manifest = { apiVersion: "apps/v1", kind: "X", metadata: { name: "a", namespace: "b" } };
  await connection.apply("xs", manifest);
  const path = "/apis/apps/v1/namespaces/b/xs/a?fieldManager=plumb-sandbox&force=true";
  assert.deepEqual(seen, ["PATCH", path, manifest]);
});

Deno.test("a refused request is an error with the server's words", async () => {
  await using server = await serve(true, () => new Response("no such user\n", { status: 401 }));
  using connection = new Connection(server.kubeconfig);
  await assert.rejects(connection.request("GET", "/readyz"), {
    code: "request-failed",
    message: "GET /readyz: 401 no such user",
  });
});

Deno.test("a server of another authority is not trusted", async () => {
  await using server = await serve(false, () => new Response("ok"));
  using connection = new Connection(server.kubeconfig);
  await assert.rejects(connection.request("GET", "/readyz"), { code: "request-failed" });
});

Deno.test("what fails at first is tried again until it works", async () => {
  let attempts = 0;
  const result = await eventually("it", 10, () => {
    if (++attempts < 3) return Promise.reject(new SandboxError("request-failed", "not yet"));
    return Promise.resolve("done");
  });
  assert.equal(result, "done");
  assert.equal(attempts, 3);
});

Deno.test("what never works is an error with the last failure", async () => {
  const failure = new SandboxError("request-failed", "not yet");
  await assert.rejects(eventually("the node", 0, () => Promise.reject(failure)), {
    code: "not-ready",
    message: "the node: not ready after 0 s",
    cause: failure,
  });
});

Deno.test("there is no second attempt when a component has exited", async () => {
  const exited = new SandboxError("component-exited", "etcd exited");
  await assert.rejects(
    eventually(
      "it",
      10,
      () => Promise.reject(new SandboxError("request-failed", "not yet")),
      () => Promise.reject(exited),
    ),
    exited,
  );
});
