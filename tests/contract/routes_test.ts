/** The guards of the routes: each is seen to be missing when it is taken away. */
import assert from "node:assert/strict";
import type { KubernetesObject } from "../../lib/object.ts";
import { type Stack, startStack, URL_OF_CVAT } from "./identity.ts";
import { runChecks } from "./reach.ts";
import { forgeryCheck, isProof, reachable, toldTo, visit } from "./visit.ts";

const FORGED = {
  "X-Auth-Request-Email": "admin@example.com",
  "x-forwarded-user": "admin",
  "REMOTE-USER": "admin",
};

/** Which forged headers a backend gets that tells all it gets. */
async function arrived(stack: Stack): Promise<string[]> {
  const { json } = await stack.http().ask("/api/headers", { headers: FORGED });
  return Object.keys(json as object).filter((name) => new Headers(FORGED).has(name));
}

for (const exposure of ["ingress", "gateway"]) {
  Deno.test(`forged headers do not arrive by ${exposure}, and do when the stripping is taken away`, async () => {
    await using echo = serveEcho();
    {
      await using stack = await startStack({ exposure, backend: echo.port });
      assert.deepEqual(await arrived(stack), []);
    }
    const route = withoutStripping;
    await using stack = await startStack({ exposure, backend: echo.port, route });
    assert.equal((await arrived(stack)).length, 3);
  });
}

Deno.test("an OAuth2 Proxy that puts the proof into its answers is found out", async () => {
  await using stack = await startStack({
    proxyArguments: (args) => [...args, "--set-basic-auth=true"],
  });
  const ada = await stack.addUser({ email: "ada@example.com" });
  const visitor = stack.visitor();
  await visit(visitor, "/", ada);
  const cookie = await visitor.jar.getCookieString(URL_OF_CVAT);
  const told = await toldTo(stack, [["Cookie", cookie]]);
  assert.ok(told.some(({ target, text }) => target === "/oauth2/auth" && isProof(text, ada)));
});

Deno.test("an auth-signin that ingress-nginx ignores is found out", async () => {
  await using stack = await startStack({
    route: (object) =>
      annotated(object, "auth-signin", (value) => value.replace("/sso/", "%2Fsso%2F")),
  });
  assert.equal((await stack.visitor().ask(`${URL_OF_CVAT}/tasks`)).status, 401);
});

Deno.test("a middleware that believes a header is found out by verify's check", async () => {
  await using stack = await startStack({
    middleware: (code) =>
      code.replace(
        "= take_proven_email(request.META)",
        '= request.META.get("HTTP_X_AUTH_REQUEST_EMAIL", "").split(",")[-1]',
      ).replace(
        /if request.path_info in SIGN_IN_PATHS:\n\s*return sign_in/,
        "if request.proven_email: sign_in",
      ),
  });
  const { result } = await runChecks([forgeryCheck], reachable(stack));
  assert.equal(result.status, "failed", JSON.stringify(result));
  assert.match(result.message ?? "", /A forged X-Auth-Request-Email is believed on .* inside/);
});

/** A backend that answers with the headers that it gets. */
function serveEcho(): { port: number } & AsyncDisposable {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) => Response.json(Object.fromEntries(request.headers)),
  );
  return { port: server.addr.port, [Symbol.asyncDispose]: () => server.shutdown() };
}

function withoutStripping(object: KubernetesObject): KubernetesObject {
  if (object.kind === "Ingress") return annotated(object, "auth-response-headers", () => "");
  const spec = object["spec"] as { rules: { filters?: unknown }[] };
  const rules = spec.rules.map(({ filters: _, ...rule }) => rule);
  return { ...object, spec: { ...spec, rules } };
}

/** An Ingress with an annotation changed, if it has it. */
function annotated(
  object: KubernetesObject,
  name: string,
  change: (value: string) => string,
): KubernetesObject {
  const key = `nginx.ingress.kubernetes.io/${name}`;
  const value = object.metadata.annotations?.[key];
  if (value === undefined) return object;
  const annotations = { ...object.metadata.annotations, [key]: change(value) };
  return { ...object, metadata: { ...object.metadata, annotations } };
}
