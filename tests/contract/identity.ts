/** CVAT's login as the manifests have it, on real servers: nginx, OAuth2 Proxy, Keycloak, Valkey and Django. */
import type { KubernetesObject } from "../../lib/object.ts";
import { Authority } from "../../lib/sandbox/mod.ts";
import { Http, openTunnel } from "../../lib/verify/mod.ts";
import type { CheckContext } from "../../lib/verify/mod.ts";
import { Visitor } from "../../lib/verify/visitor.ts";
import { renderCvat } from "../cvat.ts";
import { type Django, startDjango } from "./servers/django.ts";
import { type Keycloak, testKeycloak } from "./servers/keycloak.ts";
import { gatewayLocations } from "./servers/gateway.ts";
import { type Backends, ingressLocations } from "./servers/ingress.ts";
import { startNginx } from "./servers/nginx.ts";
import { type OAuth2Proxy, startOAuth2Proxy } from "./servers/oauth2_proxy.ts";
import type { RawServer } from "./servers/raw.ts";
import { openRelay, type Relay } from "./servers/relay.ts";
import { startValkey, type Valkey } from "./servers/valkey.ts";

/** Public host of CVAT here. */
export const HOST = "cvat.example.com";
/** Its address. */
export const URL_OF_CVAT = `https://${HOST}`;
/** What OAuth2 Proxy proves an identity with. */
export const PROOF = "the-proof-that-only-two-servers-know";

/** A user of the realm. */
export interface User {
  readonly username: string;
  readonly email: string;
  readonly password: string;
}

/** All of it, running. */
export interface Stack extends AsyncDisposable {
  readonly django: Django;
  readonly proxy: OAuth2Proxy;
  /** Of OAuth2 Proxy. */
  readonly sessions: Valkey;
  /** To Keycloak. */
  readonly line: Relay;
  readonly issuer: string;
  /** For addresses of CVAT. */
  readonly client: Deno.HttpClient;
  /** The same, for requests that no client would send. */
  readonly outside: RawServer;
  /** Somebody without a past. */
  visitor(): Visitor;
  /** HTTP to CVAT's public address. */
  http(): Http;
  addUser(
    user: Partial<User> & { readonly email: string; readonly verified?: boolean },
  ): Promise<User>;
}

/** What to change about the manifests, in order to see that the tests see it. */
export interface Changes {
  /** The form of exposure; ingress when absent. */
  readonly exposure?: string;
  /** An Ingress or a HTTPRoute. */
  readonly route?: (object: KubernetesObject) => KubernetesObject;
  readonly proxyArguments?: (args: readonly string[]) => readonly string[];
  readonly middleware?: (code: string) => string;
  readonly version?: string;
  /** A port in the place of Django's. */
  readonly backend?: number;
}

type WithData = KubernetesObject & { data: Record<string, string> };

/** CVAT's objects by kind and name, as rendered. */
export async function objectsOfCvat(
  choices: Readonly<Record<string, string>> = {},
): Promise<(kind: string, name: string) => WithData> {
  const objects = (await renderCvat(choices)).map(({ object }) => object);
  return (kind, name) => {
    const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
    if (found === undefined) throw new Error(`There is no ${kind} ${name}`);
    return found as WithData;
  };
}

/** Starts everything, as rendered. */
export async function startStack(changes: Changes = {}): Promise<Stack> {
  const { exposure = "ingress" } = changes;
  const objects = (await renderCvat({ exposure })).map(({ object }) => object);
  const find = await objectsOfCvat({ exposure });
  const stack = new AsyncDisposableStack();
  const [keycloak, sessions] = await Promise.all([testKeycloak(), startValkey()]);
  stack.use(sessions);
  const line = stack.use(openRelay(Number(new URL(keycloak.url).port)));
  const { realm, secret } = await makeRealm(keycloak);
  const issuer = `http://127.0.0.1:${line.port}/realms/${realm}`;
  const middleware = find("ConfigMap", "cvat-oauth2-middleware").data["middleware.py"] ?? "";
  const django = stack.use(
    await startDjango({
      middleware: changes.middleware?.(middleware) ?? middleware,
      overlay: find("ConfigMap", "cvat-django-settings-overlay").data["settings_overlay.py"] ?? "",
      environment: {
        OAUTH2_PROXY_PROOF: PROOF,
        NEW_USER_ROLE: "worker",
        CVAT_HOST: HOST,
        ALLOWED_HOSTS: find("ConfigMap", "cvat-environment").data["ALLOWED_HOSTS"] ?? "",
      },
      ...(changes.version === undefined ? {} : { version: changes.version }),
    }),
  );
  const interfacePort = stack.use(serveInterface()).port;
  const inside = { "cvat-backend": changes.backend ?? django.port, "cvat-ui": interfacePort };
  const args = proxyArguments(find("Deployment", "oauth2-proxy"), issuer, sessions.port);
  const proxy = stack.use(
    await startOAuth2Proxy({
      args: changes.proxyArguments?.(args) ?? args,
      files: onLoopback(find("ConfigMap", "oauth2-proxy").data, inside),
      environment: {
        OAUTH2_PROXY_CLIENT_SECRET: secret,
        OAUTH2_PROXY_COOKIE_SECRET: "0123456789abcdef0123456789abcdef",
        OAUTH2_PROXY_BASIC_AUTH_PASSWORD: PROOF,
      },
    }),
  );
  const authority = await Authority.create();
  const backends = { ...inside, "oauth2-proxy": proxy.port };
  const routes = objects.filter(({ kind }) => kind === "Ingress" || kind === "HTTPRoute")
    .map((object) => changes.route?.(object) ?? object);
  const nginx = stack.use(
    await startNginx({
      host: HOST,
      locations: (port) =>
        exposure === "ingress"
          ? ingressLocations(routes, backends, port)
          : gatewayLocations(routes, backends),
      ...await authority.hosting(HOST),
    }),
  );
  const { certificate } = await authority.identity();
  const { client } = stack.use(
    await openTunnel({ hostname: "127.0.0.1", port: nginx.port }, certificate),
  );
  const { signal } = new AbortController();
  const publicHttp = (base: string) =>
    new Http(base, { signal, ...(new URL(base).hostname === HOST ? { client } : {}) });
  return {
    django,
    proxy,
    sessions,
    line,
    issuer,
    client,
    outside: { port: nginx.port, host: HOST, authority: certificate },
    visitor: () => new Visitor({ publicHttp } as CheckContext),
    http: () => publicHttp(URL_OF_CVAT),
    addUser: (user) => addUser(keycloak, realm, user),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Texts with the addresses of Services replaced. */
function onLoopback(
  texts: Readonly<Record<string, string>>,
  ports: Backends,
): Record<string, string> {
  const replace = (text: string) =>
    text.replaceAll(
      /http:\/\/(cvat-\w+)(:\d+)?\//g,
      (_, name) => `http://127.0.0.1:${ports[name]}/`,
    );
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, replace(text)]));
}

/** The web interface's container: it serves a page, whoever asks. */
function serveInterface(): { port: number } & AsyncDisposable {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response("the page"),
  );
  return { port: server.addr.port, [Symbol.asyncDispose]: () => server.shutdown() };
}

/** The manifest's arguments, with the addresses of servers on loopback. */
function proxyArguments(deployment: KubernetesObject, issuer: string, sessions: number): string[] {
  const { template } = deployment["spec"] as {
    template: { spec: { containers: { args: string[] }[] } };
  };
  const replaced: Readonly<Record<string, string>> = {
    "--http-address": "",
    "--oidc-issuer-url": `--oidc-issuer-url=${issuer}`,
    "--redis-connection-url": `--redis-connection-url=redis://127.0.0.1:${sessions}`,
  };
  return (template.spec.containers[0]?.args ?? []).flatMap((argument) => {
    const name = argument.split("=")[0] ?? "";
    const other = replaced[name];
    return other === undefined ? [argument] : other === "" ? [] : [other];
  });
}

async function makeRealm(keycloak: Keycloak): Promise<{ realm: string; secret: string }> {
  const realm = `cvat-${crypto.randomUUID().slice(0, 8)}`;
  const secret = crypto.randomUUID();
  const send = async (path: string, json: unknown) => {
    const answer = await keycloak.admin(path, { method: "POST", json });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    await answer.body?.cancel();
  };
  await send("", { realm, enabled: true, sslRequired: "none" });
  await send(`/${realm}/clients`, {
    clientId: "cvat",
    secret,
    redirectUris: [`${URL_OF_CVAT}/oauth2/callback`],
    attributes: { "pkce.code.challenge.method": "S256" },
    protocolMappers: [{
      name: "audience-mapper",
      protocol: "openid-connect",
      protocolMapper: "oidc-audience-mapper",
      config: {
        "included.client.audience": "cvat",
        "id.token.claim": "true",
        "access.token.claim": "true",
      },
    }],
  });
  return { realm, secret };
}

async function addUser(
  keycloak: Keycloak,
  realm: string,
  { email, username = email, password = "a-password", verified = true }: Partial<User> & {
    readonly email: string;
    readonly verified?: boolean;
  },
): Promise<User> {
  const answer = await keycloak.admin(`/${realm}/users`, {
    method: "POST",
    json: {
      username,
      email,
      emailVerified: verified,
      enabled: true,
      firstName: "Test",
      lastName: "User",
      credentials: [{ type: "password", value: password, temporary: false }],
    },
  });
  if (!answer.ok) throw new Error(`user ${email}: ${answer.status} ${await answer.text()}`);
  await answer.body?.cancel();
  return { username, email, password };
}
