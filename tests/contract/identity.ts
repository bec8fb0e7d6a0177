/** CVAT's login as the manifests have it, on real servers: nginx, OAuth2 Proxy, Keycloak, Valkey and Django. */
import type { KubernetesObject } from "../../lib/object.ts";
import { Authority } from "../../lib/sandbox/mod.ts";
import { Http, openTunnel } from "../../lib/verify/mod.ts";
import type { CheckContext } from "../../lib/verify/mod.ts";
import { Visitor } from "../../lib/verify/visitor.ts";
import { renderCvat } from "../cvat.ts";
import { type Django, startDjango } from "./servers/django.ts";
import { type Keycloak, testKeycloak } from "./servers/keycloak.ts";
import { startNginx } from "./servers/nginx.ts";
import { type OAuth2Proxy, startOAuth2Proxy } from "./servers/oauth2_proxy.ts";
import { startValkey } from "./servers/valkey.ts";

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
  readonly issuer: string;
  readonly keycloak: Keycloak;
  readonly realm: string;
  /** For addresses of CVAT. */
  readonly client: Deno.HttpClient;
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
  readonly ingress?: (object: KubernetesObject) => KubernetesObject;
  readonly middleware?: (code: string) => string;
  /** Instead of Django. */
  readonly backend?: number;
}

/** Starts everything, as rendered with Ingress objects. */
export async function startStack(changes: Changes = {}): Promise<Stack> {
  const objects = (await renderCvat()).map(({ object }) => object);
  const find = (kind: string, name: string) => {
    const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
    if (found === undefined) throw new Error(`There is no ${kind} ${name}`);
    return found as KubernetesObject & { data: Record<string, string> };
  };
  const stack = new AsyncDisposableStack();
  const [keycloak, sessions] = await Promise.all([testKeycloak(), startValkey()]);
  stack.use(sessions);
  const { realm, secret } = await makeRealm(keycloak);
  const issuer = `${keycloak.url}/realms/${realm}`;
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
    }),
  );
  await django.shell(ACCOUNTS);
  const proxy = stack.use(
    await startOAuth2Proxy({
      args: proxyArguments(find("Deployment", "oauth2-proxy"), issuer, sessions.port),
      configuration: find("ConfigMap", "oauth2-proxy").data["oauth2-proxy.cfg"] ?? "",
      environment: {
        OAUTH2_PROXY_CLIENT_SECRET: secret,
        OAUTH2_PROXY_COOKIE_SECRET: "0123456789abcdef0123456789abcdef",
        OAUTH2_PROXY_BASIC_AUTH_PASSWORD: PROOF,
      },
    }),
  );
  const interfacePort = stack.use(serveInterface()).port;
  const authority = await Authority.create();
  const nginx = stack.use(
    await startNginx({
      ingresses: objects.filter(({ kind }) => kind === "Ingress")
        .map((object) => changes.ingress?.(object) ?? object),
      backends: {
        "cvat-backend": changes.backend ?? django.port,
        "cvat-ui": interfacePort,
        "oauth2-proxy": proxy.port,
      },
      ...await serving(authority),
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
    issuer,
    keycloak,
    realm,
    client,
    visitor: () => new Visitor({ publicHttp } as CheckContext),
    http: () => publicHttp(URL_OF_CVAT),
    addUser: (user) => addUser(keycloak, realm, user),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** The accounts that CVAT has before anybody comes. */
const ACCOUNTS = `
from django.contrib.auth.models import Group, User
from rest_framework.authtoken.models import Token
for name in ("admin", "user", "worker"): Group.objects.create(name=name)
admin = User.objects.create_superuser("admin", "admin@example.com", "admin-password")
Token.objects.create(user=admin, key="0123456789012345678901234567890123456789")
User.objects.create_user("twin1", "twins@example.com", "x")
User.objects.create_user("twin2", "Twins@example.com", "x")
User.objects.create_user("squatted@example.com", "somebody@else.com", "x")
User.objects.create_user("gone", "gone@example.com", "x", is_active=False)
`;

async function serving(authority: Authority) {
  const { certificate, key } = await authority.hosting(HOST);
  return { certificate, key };
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
    "--config": "",
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
