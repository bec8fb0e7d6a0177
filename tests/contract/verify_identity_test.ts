/** The checks of the login and of forged identities on real servers, with each fault. */
import assert from "node:assert/strict";
import { type Changes, type Stack, startStack, URL_OF_CVAT } from "./identity.ts";
import { runChecks } from "./reach.ts";
import { startValkey } from "./servers/valkey.ts";
import { forgeryCheck, reachable } from "./visit.ts";

const PASSWORD = "a-password";

const signIn = (stack: Stack, settings: Readonly<Record<string, unknown>> = {}) => ({
  check: "sign-in",
  url: URL_OF_CVAT,
  issuer: stack.issuer,
  client: "cvat",
  cookie: { name: "_oauth2_proxy_cvat", domain: ".example.com", sameSite: "none" },
  user: { username: "ada@example.com", password: { secret: "user", key: "password" } },
  sessions: { service: "cvat/ephemeral-valkey:6379" },
  signedIn: "/api/users/self",
  ...settings,
});

/** Other arguments of OAuth2 Proxy; the name alone takes one away. */
const proxyArguments = (...changed: readonly string[]): Changes => ({
  proxyArguments: (args) => [
    ...args.filter((one) => !changed.some((other) => one.split("=")[0] === other.split("=")[0])),
    ...changed.filter((one) => one.includes("=")),
  ],
});

/** Annotations of one Ingress, changed. */
const annotated = (name: string, changed: Readonly<Record<string, string>>): Changes => ({
  route: (object) =>
    object.metadata.name !== name ? object : {
      ...object,
      metadata: {
        ...object.metadata,
        annotations: {
          ...object.metadata.annotations,
          ...Object.fromEntries(
            Object.entries(changed).map(([key, value]) => [
              `nginx.ingress.kubernetes.io/${key}`,
              value,
            ]),
          ),
        },
      },
    },
});

interface Case {
  readonly name: string;
  readonly changes?: Changes;
  readonly before?: (stack: Stack) => Promise<void> | void;
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Whether the test user has proven his e-mail address. */
  readonly verified?: boolean;
  readonly says: RegExp;
}

const CASES: readonly Case[] = [
  {
    name: "a cookie that is not Secure",
    changes: proxyArguments("--cookie-secure=false"),
    says: /cookie _oauth2_proxy_cvat is not Secure/,
  },
  {
    name: "a cookie for another site",
    changes: proxyArguments("--cookie-samesite=lax"),
    says: /SameSite=lax, not none/,
  },
  {
    name: "a cookie for another domain: a login without end",
    changes: proxyArguments("--cookie-domain=.example.org"),
    says: /(circle|After the login).*(cookie|csrf)/is,
  },
  {
    name: "without PKCE",
    changes: proxyArguments("--code-challenge-method"),
    says: /code_challenge_method=nothing, not S256/,
  },
  {
    name: "another client",
    settings: { client: "other" },
    says: /client_id=cvat, not other/,
  },
  {
    name: "a test user with another password",
    settings: { user: { username: "ada@example.com", password: "wrong-password" } },
    says: /Keycloak refuses the test user/,
  },
  {
    name: "the session store takes no writes",
    before: async (stack) => {
      await stack.sessions.command("CONFIG", "SET", "maxmemory", "1");
    },
    says: /After the login, .*answers 500.*keep the session: Valkey has no memory left/s,
  },
  {
    name: "the session store is away",
    before: (stack) => stack.sessions[Symbol.asyncDispose](),
    says: /After the login, .*answers 500.*keep the session: Valkey can't be reached/s,
  },
  {
    name: "sessions in the cookies themselves",
    changes: proxyArguments("--session-store-type=cookie"),
    says: /is no ticket of a session in Valkey.*--session-store-type/,
  },
  {
    name: "sessions in another Valkey",
    settings: { sessions: { service: "valkey/valkey:6379" } },
    says: /session of this visit is not in valkey\/valkey:6379.*in another Valkey/,
  },
  {
    name: "a session that outlives the sign-out",
    before: async (stack) => void await stack.sessions.command("ACL", "SETUSER", "default", "-del"),
    says:
      /After signing out .*(still in cvat\/ephemeral-valkey:6379.*could not delete|answers 202)/,
  },
  {
    name: "nobody is told who it is",
    changes: proxyArguments("--set-xauthrequest=false"),
    says:
      /answers 202 without X-Auth-Request-User and X-Auth-Request-Email.*set-xauthrequest is off/,
  },
  {
    name: "a test user whose e-mail address is not verified",
    verified: false,
    says: /After the login, .*callback answers 500 .*e-mail address is not verified/s,
  },
  {
    name: "answers that are larger than the ingress takes",
    changes: {
      ...proxyArguments("--session-store-type=cookie"),
      ...annotated("oauth2-proxy-ingress", { "proxy-buffer-size": "2k" }),
    },
    says: /answers 502.*larger than the ingress' buffer/,
  },
  {
    name: "Keycloak is away",
    before: (stack) => stack.line.become("cut"),
    says: /can't be reached.*Keycloak is away/,
  },
  {
    name: "OAuth2 Proxy is away",
    before: (stack) => stack.proxy[Symbol.asyncDispose](),
    says: /\/ answers 50\d instead of leading to the login.*OAuth2 Proxy is away/,
  },
];

Deno.test("the check of the login names each fault", async (test) => {
  await using other = await startValkey();
  await using shared = await startStack();
  await test.step("well", async () => {
    const stack = shared;
    await stack.addUser({ email: "ada@example.com", password: PASSWORD });
    const { result } = await runChecks([signIn(stack)], reachable(stack, PASSWORD));
    assert.equal(result.status, "passed", JSON.stringify(result));
    const said = JSON.stringify(result.evidence);
    assert.match(said, /Secure, HttpOnly, SameSite=none, \.example\.com/);
    assert.match(said, /in cvat\/ephemeral-valkey:6379, for \d+ minutes more/);
    assert.match(said, /its cookie opens nothing any more/);
    assert.equal(await stack.sessions.command("KEYS", "_oauth2_proxy_cvat-*"), "");
  });
  for (const { name, changes, before, settings, verified = true, says } of CASES) {
    await test.step(name, async () => {
      const isOwn = changes !== undefined || before !== undefined;
      await using own = isOwn ? await startStack(changes) : undefined;
      const stack = own ?? shared;
      const email = `${crypto.randomUUID()}@example.com`;
      await stack.addUser({ email, password: PASSWORD, verified });
      await before?.(stack);
      const known = reachable(stack, PASSWORD);
      const user = { username: email, password: { secret: "user", key: "password" } };
      const { result } = await runChecks([signIn(stack, { user, ...settings })], {
        ...known,
        services: { ...known.services, "valkey/valkey:6379": other.port },
      });
      assert.equal(result.status, "failed", JSON.stringify(result));
      assert.match(`${result.message} ${result.probably}`, says);
      assert.ok(!JSON.stringify(result).includes(PASSWORD));
    });
  }
});

Deno.test("a certificate that can't be trusted, and a page that is open, are told", async () => {
  await using stack = await startStack();
  const { result } = await runChecks([
    signIn(stack, { url: `https://localhost:${stack.outside.port}` }),
  ], {});
  assert.match(`${result.message} ${result.probably}`, /certificate/);
  await using open = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response("welcome"),
  );
  const url = `http://127.0.0.1:${open.addr.port}`;
  const other = await runChecks([signIn(stack, { url, signedIn: undefined })], {});
  assert.match(
    `${other.result.message} ${other.result.probably}`,
    /\/ is open.*route has no login/,
  );
});

Deno.test("a forged identity that is believed, outside or inside, is told", async (test) => {
  // As the first form of CVAT on Thinkube did: whoever is named in the header is signed in.
  const believing = (variable: string) => (code: string) =>
    code.replace(
      /( +)(request\.proven_email = take.*)/,
      `$1$2\n$1request.claimed = request.META.get('${variable}')`,
    ).replace(
      /( +)(if request\.path_info in SIGN_IN_PATHS:)/,
      [
        "$1if request.claimed:",
        "$1    from django.contrib.auth.models import User",
        "$1    request.user = User.objects.filter(username=request.claimed).first() or request.user",
        "$1    login(request, request.user, backend=BACKEND)",
        "$1$2",
      ].join("\n"),
    );
  await test.step("a backend that asks for no proof", async () => {
    await using stack = await startStack({ middleware: believing("HTTP_X_AUTH_REQUEST_USER") });
    const { result } = await runChecks([forgeryCheck], reachable(stack));
    assert.equal(result.status, "failed", JSON.stringify(result));
    assert.match(
      `${result.message} ${result.probably}`,
      /forged X-.* is believed on.*asks for no proof/,
    );
  });
  await test.step("a backend that believes what the ingress strips", async () => {
    await using stack = await startStack({ middleware: believing("HTTP_X_REMOTE_USER") });
    const { result } = await runChecks([forgeryCheck], reachable(stack));
    assert.match(
      `${result.status}: ${result.message}`,
      /^failed: A forged X-Remote-User is believed on \/api\/users\/self inside the cluster/,
    );
  });
  await test.step("an ingress that strips less than it did", async () => {
    await using stack = await startStack({
      middleware: believing("HTTP_X_REMOTE_USER"),
      ...annotated("cvat-api-ingress", { "auth-response-headers": "X-Auth-Request-User" }),
    });
    const { result } = await runChecks([forgeryCheck], reachable(stack));
    assert.match(
      `${result.status}: ${result.message} ${result.probably}`,
      /^failed: A forged X-Remote-User is believed on \/api\/users\/self from outside.*does not strip/i,
    );
  });
  await test.step("who asks without anything is somebody", async () => {
    await using open = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      () => Response.json({ username: "admin" }),
    );
    const url = `http://127.0.0.1:${open.addr.port}`;
    const { result } = await runChecks([{ ...forgeryCheck, url }], {});
    assert.match(
      `${result.message} ${result.probably}`,
      /answers 200 to a stranger.*Whoever asks is somebody/,
    );
  });
  await test.step("the backend is away", async () => {
    const { result } = await runChecks([{ ...forgeryCheck, url: "http://127.0.0.1:1" }], {});
    assert.match(`${result.message} ${result.probably}`, /can't be reached.*not well/);
  });
});
