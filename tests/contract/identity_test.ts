/** Signing in to CVAT, and that nobody becomes somebody by writing a header. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Answer } from "../../lib/verify/mod.ts";
import type { Visitor } from "../../lib/verify/visitor.ts";
import { HOST, PROOF, type Stack, startStack, URL_OF_CVAT, type User } from "./identity.ts";
import { runChecks } from "./reach.ts";

/** Goes to an address as somebody would, through the login where it comes. @returns the last page, and where it is. */
async function visit(
  visitor: Visitor,
  path: string,
  user?: User,
): Promise<{ at: string; answer: Answer }> {
  const start = URL_OF_CVAT + path;
  let { path: steps, answer } = await visitor.follow(start, await visitor.ask(start));
  const action = /<form[^>]+action="([^"]+)"/.exec(answer.text)?.[1]?.replaceAll("&amp;", "&");
  if (action !== undefined && user !== undefined) {
    const form = { username: user.username, password: user.password, credentialId: "" };
    ({ path: steps, answer } = await visitor.follow(action, await visitor.ask(action, form)));
  }
  return { at: steps.at(-1) ?? start, answer };
}

async function whoAmI(visitor: Visitor): Promise<unknown> {
  const { status, json } = await visitor.ask(`${URL_OF_CVAT}/api/users/self`);
  return status === 200 ? json : status;
}

const basic = (user: string, password: string) =>
  `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;

const checkOf = (stack: Stack, user: User) => ({
  check: "sign-in",
  url: URL_OF_CVAT,
  issuer: stack.issuer,
  client: "cvat",
  cookie: { name: "_oauth2_proxy_cvat", domain: ".example.com", sameSite: "none" },
  user: { username: user.username, password: { secret: "user", key: "password" } },
  signedIn: "/api/users/self",
});

const forgeryCheck = {
  check: "forged-identity",
  url: URL_OF_CVAT,
  service: "cvat/cvat-backend:8080",
  username: "admin",
  email: "admin@example.com",
  identity: "/api/users/self",
  paths: [
    "/",
    "/static/page",
    "/django-rq/",
    "/sso/",
    "/auth/login",
    "/tasks",
    "/api/../sso/",
    "//sso/",
    "/%73so/",
  ],
};

const reachable = (stack: Stack, password = "") => ({
  services: { "cvat/cvat-backend:8080": stack.django.port },
  secrets: { "user/password": password },
  clients: { [HOST]: stack.client },
});

Deno.test("signing in to CVAT", async (test) => {
  await using stack = await startStack();
  const ada = await stack.addUser({ email: "ada@example.com" });

  await test.step("a first visit to any page ends there, with a session that the API knows", async () => {
    const visitor = stack.visitor();
    assert.equal(await whoAmI(visitor), 401);
    const { at, answer } = await visit(visitor, "/tasks/7?page=2&x=a%20b", ada);
    assert.deepEqual([at, answer.text], [`${URL_OF_CVAT}/tasks/7?page=2&x=a%20b`, "the page"]);
    assert.deepEqual(await whoAmI(visitor), {
      username: "ada@example.com",
      email: "ada@example.com",
      is_superuser: false,
      groups: ["worker"],
    });
  });

  await test.step("a second visit keeps the session, a second login finds the same account", async () => {
    const visitor = stack.visitor();
    await visit(visitor, "/", ada);
    const session = async () =>
      (await visitor.jar.getCookies(URL_OF_CVAT)).find(({ key }) => key === "sessionid")?.value;
    const first = await session();
    const { at } = await visit(visitor, "/auth/login");
    assert.deepEqual([at, await session()], [`${URL_OF_CVAT}/tasks`, first]);
    await visit(stack.visitor(), "/", ada);
    const count =
      'from django.contrib.auth.models import User; print(User.objects.filter(email__iexact="ada@example.com").count())';
    assert.equal(await stack.django.shell(count), "1");
  });

  await test.step("writes of the session need its CSRF token", async () => {
    const visitor = stack.visitor();
    await visit(visitor, "/", ada);
    const cookies = await visitor.jar.getCookies(URL_OF_CVAT);
    const token = cookies.find(({ key }) => key === "csrftoken")?.value ?? "";
    const post = (headers: Record<string, string>) =>
      stack.http().ask("/api/tasks", {
        method: "POST",
        headers: { cookie: cookies.map((cookie) => cookie.cookieString()).join("; "), ...headers },
      });
    assert.equal((await post({})).status, 403);
    const referer = `${URL_OF_CVAT}/`;
    assert.equal((await post({ "X-CSRFToken": token, referer })).status, 201);
    assert.equal(
      (await post({ "X-CSRFToken": token, origin: "https://evil.example.org" })).status,
      403,
    );
  });

  await test.step("nobody becomes an administrator by the name before the @", async () => {
    const visitor = stack.visitor();
    await visit(visitor, "/", await stack.addUser({ email: "admin@elsewhere.org" }));
    assert.deepEqual(await whoAmI(visitor), {
      username: "admin@elsewhere.org",
      email: "admin@elsewhere.org",
      is_superuser: false,
      groups: ["worker"],
    });
  });

  await test.step("who has the administrator's verified address is the administrator", async () => {
    const visitor = stack.visitor();
    await visit(visitor, "/", await stack.addUser({ email: "admin@example.com" }));
    assert.equal((await whoAmI(visitor) as { username: string }).username, "admin");
  });

  await test.step("accounts that are not clearly one's own are refused in words", async () => {
    for (const email of ["twins@example.com", "squatted@example.com", "gone@example.com"]) {
      const visitor = stack.visitor();
      const { answer } = await visit(visitor, "/", await stack.addUser({ email }));
      assert.deepEqual([answer.status, await whoAmI(visitor)], [403, 401], email);
      assert.match(answer.text, /disabled, or its address does not say whose it is/);
    }
  });

  await test.step("an address that Keycloak has not verified is refused", async () => {
    const visitor = stack.visitor();
    const { answer } = await visit(
      visitor,
      "/",
      await stack.addUser({ email: "liar@example.com", verified: false }),
    );
    assert.ok(answer.status >= 400, `${answer.status}`);
    assert.equal(await whoAmI(visitor), 401);
  });

  await test.step("another user in the same browser is another user", async () => {
    const visitor = stack.visitor();
    await visit(visitor, "/", ada);
    await visitor.ask(`${URL_OF_CVAT}/oauth2/sign_out`);
    // Keycloak has forgotten her, CVAT has not.
    const own = await visitor.jar.getCookies(URL_OF_CVAT);
    await visitor.jar.removeAllCookies();
    for (const cookie of own) await visitor.jar.setCookie(cookie, URL_OF_CVAT);
    assert.equal((await whoAmI(visitor) as { email: string }).email, "ada@example.com");
    await visit(visitor, "/", await stack.addUser({ email: "bob@example.com" }));
    assert.equal((await whoAmI(visitor) as { email: string }).email, "bob@example.com");
  });

  await test.step("signing out at the proxy closes the pages, at CVAT the API", async () => {
    const visitor = stack.visitor();
    await visit(visitor, "/", ada);
    const cookies = await visitor.jar.getCookies(URL_OF_CVAT);
    const token = cookies.find(({ key }) => key === "csrftoken")?.value ?? "";
    const { status } = await stack.http().ask("/api/auth/logout", {
      method: "POST",
      headers: {
        cookie: cookies.map((cookie) => cookie.cookieString()).join("; "),
        "X-CSRFToken": token,
        referer: `${URL_OF_CVAT}/`,
      },
    });
    assert.deepEqual([status, await whoAmI(visitor)], [200, 401]);
    await visitor.ask(`${URL_OF_CVAT}/oauth2/sign_out`);
    assert.equal((await visitor.ask(`${URL_OF_CVAT}/tasks`)).status, 302);
  });

  await test.step("Basic and token authentication work beside it, and only with the right ones", async () => {
    const ask = async (authorization: string) =>
      (await stack.http().ask("/api/users/self", { headers: { authorization } })).status;
    assert.equal(await ask(basic("admin", "admin-password")), 200);
    assert.equal(await ask("Token 0123456789012345678901234567890123456789"), 200);
    assert.equal(await ask(basic("admin", "wrong")), 401);
    assert.equal(await ask(basic("admin@example.com", PROOF)), 401);
  });

  await test.step("a redirect leads nowhere else", async () => {
    for (
      const next of [
        "//evil.example.org/",
        "https://evil.example.org/",
        "/\\evil.example.org",
        "javascript:alert(1)",
        "",
      ]
    ) {
      const visitor = stack.visitor();
      await visit(visitor, "/", ada);
      const { status, headers } = await visitor.ask(`${URL_OF_CVAT}/sso/?next=${next}`);
      assert.deepEqual([status, headers.get("location")], [302, "/tasks"], next);
    }
  });

  await test.step("a valid session with forged headers is still its owner's", async () => {
    const visitor = stack.visitor();
    await visit(visitor, "/", ada);
    const cookie = await visitor.jar.getCookieString(URL_OF_CVAT);
    const headers = {
      cookie,
      "X-Auth-Request-Email": "admin@example.com",
      "X-Forwarded-User": "admin",
    };
    const { json } = await stack.http().ask("/api/users/self", { headers });
    assert.equal((json as { username: string }).username, "ada@example.com");
    const again = await stack.http().ask("/sso/", {
      headers: { ...headers, authorization: basic("admin@example.com", "guess") },
    });
    assert.equal(again.status, 302);
    assert.equal((await whoAmI(visitor) as { username: string }).username, "ada@example.com");
  });

  await test.step("without the proof nobody is signed in, whatever the path and however it is spelled", async () => {
    const forged = basic("admin@example.com", "guess");
    for (const path of ["/", "/auth/login", "/sso/", "/sso"]) {
      for (const authorization of [forged, basic("admin@example.com", ""), "Basic x", "Bearer x"]) {
        const direct = await fetch(`http://localhost:${stack.django.port}${path}`, {
          headers: { authorization },
          redirect: "manual",
        });
        await direct.body?.cancel();
        assert.deepEqual([direct.status, direct.headers.get("set-cookie")], [403, null], path);
      }
    }
    const { result } = await runChecks([forgeryCheck], reachable(stack));
    assert.equal(result.status, "passed", JSON.stringify(result));
  });

  await test.step("verify's check of the login passes", async () => {
    const eve = await stack.addUser({ email: "eve@example.com" });
    const { result } = await runChecks([checkOf(stack, eve)], reachable(stack, eve.password));
    assert.equal(result.status, "passed", JSON.stringify(result));
    assert.doesNotMatch(JSON.stringify(result), new RegExp(eve.password));
  });
});

Deno.test("when the stripping is taken away, forged headers get through, and that is seen", async (test) => {
  const echo = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) => Response.json(Object.fromEntries(request.headers)),
  );
  const forged = {
    "X-Auth-Request-Email": "admin@example.com",
    "x-forwarded-user": "admin",
    "REMOTE-USER": "admin",
  };
  const arrived = async (stack: Stack) => {
    const { json } = await stack.http().ask("/api/headers", { headers: forged });
    return Object.keys(json as object).filter((name) =>
      name in Object.fromEntries(new Headers(forged))
    );
  };
  await test.step("with it, none arrives", async () => {
    await using stack = await startStack({ backend: echo.addr.port });
    assert.deepEqual(await arrived(stack), []);
  });
  await test.step("without auth-response-headers, all arrive", async () => {
    await using stack = await startStack({
      backend: echo.addr.port,
      ingress: (object) => {
        const { annotations = {}, ...metadata } = object.metadata;
        const name = "nginx.ingress.kubernetes.io/auth-response-headers";
        const { [name]: _, ...rest } = annotations;
        return { ...object, metadata: { ...metadata, annotations: rest } };
      },
    });
    assert.equal((await arrived(stack)).length, 3);
  });
  await test.step("a middleware that asks for no proof is found out", async () => {
    await using stack = await startStack({
      middleware: (code) =>
        code.replace(
          "if hmac.compare_digest(given.encode(), proof.encode()) else None",
          "if True else None",
        ),
    });
    const { status } = await stack.http().ask("/api/users/self");
    assert.equal(status, 401);
    const direct = await fetch(`http://localhost:${stack.django.port}/sso/`, {
      headers: { authorization: basic("admin@example.com", "guess") },
      redirect: "manual",
    });
    await direct.body?.cancel();
    assert.match(direct.headers.get("set-cookie") ?? "", /sessionid=/);
  });
  await test.step("a middleware that believes the header is found out by verify's check", async () => {
    await using stack = await startStack({
      middleware: (code) =>
        code.replace(
          "        for name in [",
          `        email = request.META.get("HTTP_X_AUTH_REQUEST_EMAIL")
        if email:
            user = OAuth2ProxyRemoteUserBackend().authenticate(request, proven_email=email.split(",")[0])
            if user: login(request, user, backend=f"{__name__}.OAuth2ProxyRemoteUserBackend")
        for name in [`,
        ),
    });
    const { result } = await runChecks([forgeryCheck], reachable(stack));
    assert.equal(result.status, "failed", JSON.stringify(result));
    assert.match(
      result.message ?? "",
      /A forged X-Auth-Request-Email is believed on .* inside the cluster/,
    );
  });
  await echo.shutdown();
});
