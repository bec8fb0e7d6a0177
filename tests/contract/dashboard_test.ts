/** The dashboard behind nginx, OAuth2 Proxy and Keycloak, as its manifests have them. */
import assert from "node:assert/strict";
import { dump } from "js-yaml";
import { openDashboard } from "../../lib/cli/serve.ts";
import { LOCAL } from "../../lib/cli/serve_options.ts";
import type { KubernetesObject } from "../../lib/object.ts";
import { Authority } from "../../lib/sandbox/mod.ts";

import { type CheckContext, Http, openTunnel } from "../../lib/verify/mod.ts";
import { Visitor } from "../../lib/verify/visitor.ts";
import { argumentsOf, renderDashboard } from "../dashboard_manifests.ts";
import { QUIET } from "../plumb.ts";
import { ingressLocations } from "./servers/ingress.ts";
import { type Keycloak, testKeycloak } from "./servers/keycloak.ts";
import { startNginx } from "./servers/nginx.ts";
import { startOAuth2Proxy } from "./servers/oauth2_proxy.ts";
import { submit } from "./visit.ts";

const HOST = "plumb.example.com";
const PASSWORD = "a-password";

/** A realm with the client of the manifest, and a person in each of these groups. */
async function makeRealm(keycloak: Keycloak, objects: readonly KubernetesObject[]) {
  const realm = `plumb-${crypto.randomUUID().slice(0, 8)}`;
  const secret = crypto.randomUUID();
  const send = async (path: string, json: unknown) => {
    const answer = await keycloak.admin(path, { method: "POST", json });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    await answer.body?.cancel();
  };
  const declared = objects.find(({ kind }) => kind === "KeycloakClient");
  const { client } = declared?.["spec"] as { client: { protocolMappers: { type: string }[] } };
  const protocolMappers = client.protocolMappers.map(({ type, ...mapper }) => (
    { ...mapper, protocol: "openid-connect", protocolMapper: type }
  ));
  await send("", { realm, enabled: true, sslRequired: "none" });
  await send(`/${realm}/clients`, { ...client, secret, protocolMappers });
  for (const name of ["platform-admins", "people"]) {
    await send(`/${realm}/groups`, { name });
    await send(`/${realm}/users`, {
      username: name === "people" ? "bob" : "ada",
      email: `${name}@example.com`,
      emailVerified: true,
      enabled: true,
      firstName: "Test",
      lastName: "User",
      groups: [name],
      credentials: [{ type: "password", value: PASSWORD, temporary: false }],
    });
  }
  return { issuer: `${keycloak.url}/realms/${realm}`, secret };
}

Deno.test("behind the ingress people are who Keycloak says, and headers of their own make them nobody else", async () => {
  const objects = await renderDashboard("127.0.0.1/32");
  const keycloak = await testKeycloak();
  const { issuer, secret } = await makeRealm(keycloak, objects);
  await using stack = new AsyncDisposableStack();
  // Nothing is asked of a cluster here.
  const kubeconfig = await Deno.makeTempFile({ suffix: ".yaml" });
  stack.defer(() => Deno.remove(kubeconfig));
  await Deno.writeTextFile(kubeconfig, dump(configTo("https://127.0.0.1:1")));
  const dashboard = stack.use(
    await openDashboard({
      ...LOCAL,
      kubeconfig,
      hosts: [HOST],
      proxies: ["127.0.0.1/32"],
      operators: ["platform-admins"],
    }, QUIET),
  );
  assert.equal(dashboard.token, undefined);
  const proxy = stack.use(
    await startOAuth2Proxy({
      args: argumentsOf(objects, "oauth2-proxy")
        .filter((argument) => !argument.startsWith("--http-address"))
        .map((argument) =>
          argument.startsWith("--oidc-issuer-url") ? `--oidc-issuer-url=${issuer}` : argument
        ),
      files: {},
      environment: {
        OAUTH2_PROXY_CLIENT_SECRET: secret,
        OAUTH2_PROXY_COOKIE_SECRET: "0123456789abcdef0123456789abcdef",
      },
    }),
  );
  const authority = await Authority.create();
  const backends = {
    "plumb-dashboard": Number(new URL(dashboard.address).port),
    "oauth2-proxy": proxy.port,
  };
  const nginx = stack.use(
    await startNginx({
      host: HOST,
      locations: (port) =>
        ingressLocations(objects.filter(({ kind }) => kind === "Ingress"), backends, port),
      ...await authority.hosting(HOST),
    }),
  );
  const { certificate } = await authority.identity();
  const tunnel = await openTunnel({ hostname: "127.0.0.1", port: nginx.port }, certificate);
  const { client } = stack.use(tunnel);
  const { signal } = new AbortController();
  const publicHttp = (base: string) =>
    new Http(base, { signal, ...(new URL(base).hostname === HOST ? { client } : {}) });
  const meOf = async (visitor: Visitor | undefined, headers: Record<string, string> = {}) => {
    const cookie = await visitor?.jar.getCookieString(`https://${HOST}/`);
    return await publicHttp(`https://${HOST}`).ask("/api/me", {
      headers: { ...headers, ...(cookie === undefined ? {} : { cookie }) },
    });
  };
  const signIn = async (username: string) => {
    const visitor = new Visitor({ publicHttp } as CheckContext);
    const start = `https://${HOST}/`;
    const { path, answer } = await visitor.follow(start, await visitor.ask(start));
    const person = { username, email: "", password: PASSWORD };
    const submitted = await submit(visitor, path.at(-1) ?? start, answer, person);
    await visitor.follow(submitted.action, submitted.answer);
    return visitor;
  };

  const forged = {
    "x-auth-request-user": "ada",
    "x-auth-request-preferred-username": "ada",
    "x-auth-request-groups": "platform-admins",
  };
  for (const headers of [{}, forged]) {
    const stranger = await meOf(undefined, headers);
    assert.ok(stranger.status === 302 || stranger.status === 401, String(stranger.status));
  }
  const [ada, bob] = [await signIn("ada"), await signIn("bob")];
  const [operator, viewer] = [(await meOf(ada)).json, (await meOf(bob)).json] as {
    name: string;
    role: string;
    by: string;
  }[];
  assert.deepEqual([operator?.name, operator?.role, operator?.by], ["ada", "operator", "proxy"]);
  assert.deepEqual([viewer?.name, viewer?.role], ["bob", "viewer"]);
  const again = (await meOf(bob, forged)).json as { name: string; role: string };
  assert.deepEqual([again.name, again.role], ["bob", "viewer"]);
});

function configTo(server: string): unknown {
  return {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "none",
    clusters: [{ name: "none", cluster: { server } }],
    contexts: [{ name: "none", context: { cluster: "none" } }],
  };
}
