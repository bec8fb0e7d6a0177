/** Signing in to CVAT on real servers, in both forms of exposure, and that nobody becomes somebody by writing a header. */
import assert from "node:assert/strict";
import { PROOF, type Stack, startStack, URL_OF_CVAT, type User } from "./identity.ts";
import { runChecks } from "./reach.ts";
import { DJANGO_VERSIONS } from "./servers/django.ts";
import { askRaw } from "./servers/raw.ts";
import {
  basic,
  FORGED,
  forgeryCheck,
  isProof,
  reachable,
  submit,
  TARGETS,
  toldTo,
  visit,
  whoAmI,
} from "./visit.ts";

const checkOf = (stack: Stack, user: User) => ({
  check: "sign-in",
  url: URL_OF_CVAT,
  issuer: stack.issuer,
  client: "cvat",
  cookie: { name: "_oauth2_proxy_cvat", domain: ".example.com", sameSite: "none" },
  user: { username: user.username, password: { secret: "user", key: "password" } },
  signedIn: "/api/users/self",
});

/** Both forms of exposure, and with them both lines of Django. */
for (
  const [exposure, version] of [["ingress", DJANGO_VERSIONS[0]], [
    "gateway",
    DJANGO_VERSIONS[1],
  ]] as const
) {
  Deno.test(`signing in to CVAT by ${exposure}`, async (test) => {
    await using stack = await startStack({ exposure, version });
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
          headers: {
            cookie: cookies.map((cookie) => cookie.cookieString()).join("; "),
            ...headers,
          },
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
        assert.match(answer.text, /Ask an administrator of CVAT/);
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
      assert.notEqual((await visitor.ask(`${URL_OF_CVAT}/tasks`)).text, "the page");
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

    await test.step("no answer tells a visitor the proof", async () => {
      const visitor = stack.visitor();
      await visit(visitor, "/", ada);
      const cookie = await visitor.jar.getCookieString(URL_OF_CVAT);
      const told = await toldTo(stack, [["Cookie", cookie]]);
      assert.ok(told.some(({ text }) => text.includes("ada@example.com")), "nobody is signed in");
      assert.deepEqual(told.filter(({ text }) => isProof(text, ada)), []);
    });

    await test.step("who knows the proof does not get far from outside", async () => {
      for (const target of TARGETS) {
        const { text } = await askRaw(stack.outside, target, [
          ...FORGED,
          ["Authorization", basic("admin@example.com", PROOF)],
        ]);
        assert.doesNotMatch(text, /sessionid=|"username"/, target);
      }
    });

    await test.step("forged headers make nobody somebody, in any spelling, on any path", async () => {
      for (const target of TARGETS) {
        const { text } = await askRaw(stack.outside, target, FORGED);
        assert.doesNotMatch(text, /sessionid=|"username"|user=\w/, target);
      }
      const { result } = await runChecks([forgeryCheck], reachable(stack));
      assert.equal(result.status, "passed", JSON.stringify(result));
    });

    await test.step("a session lasts when that of the login is lost, and a broken cookie is none", async () => {
      const visitor = stack.visitor();
      await visit(visitor, "/", ada);
      await stack.sessions.command("FLUSHALL");
      assert.equal((await whoAmI(visitor) as { email: string }).email, "ada@example.com");
      assert.notEqual((await visitor.ask(`${URL_OF_CVAT}/tasks`)).text, "the page");
      // Keycloak still knows her.
      assert.equal((await visit(visitor, "/tasks/3")).answer.text, "the page");
      const { text } = await askRaw(stack.outside, "/tasks", [
        ["Cookie", "_oauth2_proxy_cvat=broken|1|x"],
      ]);
      assert.doesNotMatch(text, /the page/);
    });

    await test.step("a slow Keycloak is waited for; when it is away, the visitor is told, once", async () => {
      const slow = stack.visitor();
      stack.line.become("slow");
      await visit(slow, "/", ada);
      assert.equal((await whoAmI(slow) as { email: string }).email, "ada@example.com");
      stack.line.become("good");
      const visitor = stack.visitor();
      const start = `${URL_OF_CVAT}/tasks/9`;
      const { path, answer: page } = await visitor.follow(start, await visitor.ask(start));
      const { location } = await submit(visitor, path.at(-1) ?? "", page, ada);
      stack.line.become("cut");
      const { answer } = await visitor.follow(location, await visitor.ask(location));
      assert.deepEqual([answer.status, answer.headers.get("location")], [500, null]);
      assert.match(answer.text, /Internal Server Error/);
      assert.equal(await whoAmI(visitor), 401);
      stack.line.become("good");
      const { at } = await visit(visitor, "/tasks/9", ada);
      assert.equal(at, start);
    });

    await test.step("verify's check of the login passes", async () => {
      const eve = await stack.addUser({ email: "eve@example.com" });
      const { result } = await runChecks([checkOf(stack, eve)], reachable(stack, eve.password));
      assert.equal(result.status, "passed", JSON.stringify(result));
      assert.doesNotMatch(JSON.stringify(result), new RegExp(eve.password));
    });
  });
}
