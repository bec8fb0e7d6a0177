/** CVAT's middleware and settings overlay under real Django: who is believed, where, and who he then is. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { objectsOfCvat } from "./identity.ts";
import { type Django, DJANGO_VERSIONS, startDjango } from "./servers/django.ts";
import { askRaw, type RawAnswer } from "./servers/raw.ts";

const PROOF = "the-proof-that-only-two-servers-know";
const ADMIN = "admin@example.com";

/** Paths that reach Django. The first four are those of the sign-in. */
const PATHS = [
  "/",
  "/auth/login",
  "/sso",
  "/sso/",
  "/api/users/self",
  "/django-rq/",
  "/static/page",
  "/api/../sso/",
  "/sso/../api/users/self",
  "/sso/%2e%2e/api/users/self",
  "//sso/",
  "/sso//",
  "/./",
] as const;

/** Headers that tell who somebody is. */
const NAMES = [
  "X-Auth-Request-User",
  "X-Auth-Request-Email",
  "X-Auth-Request-Preferred-Username",
  "X-Auth-Request-Groups",
  "X-Auth-Request-Access-Token",
  "X-Forwarded-User",
  "X-Forwarded-Email",
  "X-Forwarded-Preferred-Username",
  "X-Forwarded-Groups",
  "X-Forwarded-Access-Token",
  "X-Remote-User",
  "Remote-User",
  "Remote-Email",
] as const;

/** Each header in every spelling that Django takes for the same, and twice. */
const FORGED = NAMES.flatMap((name) =>
  [name, name.toLowerCase(), name.toUpperCase(), name.replaceAll("-", "_"), name].map((
    spelling,
  ): [string, string] => [spelling, ADMIN])
);

const basic = (user: string, password: string) =>
  `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;

interface Settings {
  readonly version?: string;
  readonly proof?: string;
  readonly change?: (code: string) => string;
}

async function start({ version, proof = PROOF, change }: Settings = {}): Promise<Django> {
  const find = await objectsOfCvat();
  const code = find("ConfigMap", "cvat-oauth2-middleware").data["middleware.py"] ?? "";
  const middleware = change?.(code) ?? code;
  assert.ok(change === undefined || middleware !== code, "the change changes nothing");
  return await startDjango({
    middleware,
    overlay: find("ConfigMap", "cvat-django-settings-overlay").data["settings_overlay.py"] ?? "",
    environment: {
      OAUTH2_PROXY_PROOF: proof,
      NEW_USER_ROLE: "worker",
      CVAT_HOST: "cvat.example.com",
      ALLOWED_HOSTS: "localhost",
    },
    ...(version === undefined ? {} : { version }),
  });
}

const ask = (django: Django, path: string, headers: readonly (readonly [string, string])[] = []) =>
  askRaw({ port: django.port, host: "localhost" }, path, headers);

const isSignedIn = ({ text }: RawAnswer) => /^set-cookie: sessionid=[^;]/im.test(text);

/** Somebody whom OAuth2 Proxy has let through. */
const arrive = (django: Django, email: string, path = "/sso/") =>
  ask(django, path, [["Authorization", basic(email, PROOF)]]);

/** Who holds the session of an answer. */
async function ownerOf(django: Django, { text }: RawAnswer): Promise<unknown> {
  const cookie = /sessionid=[^;]+/.exec(text)?.[0] ?? "";
  const { text: answer } = await ask(django, "/api/users/self", [["Cookie", cookie]]);
  return JSON.parse(answer.slice(answer.indexOf("\r\n\r\n")));
}

for (const version of DJANGO_VERSIONS) {
  Deno.test(`an identity under Django ${version}`, async (test) => {
    await using django = await start({ version });

    await test.step("with the proof, on the paths of the sign-in only", async () => {
      for (const path of PATHS) {
        const answer = await arrive(django, ADMIN, path);
        assert.equal(isSignedIn(answer), PATHS.indexOf(path) < 4, `${path}\n${answer.text}`);
      }
    });

    await test.step("never without it, on no path, with all headers in all spellings", async () => {
      const credentials = [
        [],
        ...[
          basic(ADMIN, "guess"),
          basic(ADMIN, ""),
          basic(ADMIN, PROOF.slice(1)),
          `${basic(ADMIN, "guess")}, ${basic(ADMIN, PROOF)}`,
          `Bearer ${PROOF}`,
          `Token ${PROOF}`,
          "Basic",
          "Basic é",
          `Basic ${Buffer.from([0xff, 0x3a]).toString("base64")}`,
        ].map((value) => [["Authorization", value] as const]),
        [["Authorization", basic(ADMIN, PROOF)], ["Authorization", basic("x", "y")]] as const,
      ];
      for (const path of PATHS) {
        const answers = credentials.map((more) => ask(django, path, [...FORGED, ...more]));
        for (const [index, answer] of (await Promise.all(answers)).entries()) {
          assert.ok(!isSignedIn(answer), `${path} ${JSON.stringify(credentials[index])}`);
          assert.ok(
            answer.status >= 400 || answer.text.endsWith("user="),
            `${path} ${answer.text}`,
          );
          assert.ok(answer.status < 500, answer.text);
        }
      }
    });

    await test.step("nothing behind the middleware sees those headers, or the proof", async () => {
      const { text } = await ask(django, "/api/headers", [
        ...FORGED,
        ["X-Innocent", "yes"],
        ["Authorization", basic("ada@example.com", PROOF)],
      ]);
      assert.match(text, /"HTTP_X_INNOCENT"/);
      assert.doesNotMatch(text, /admin@|AUTH_REQUEST|REMOTE_USER|FORWARDED_USER|AUTHORIZATION/);
    });

    await test.step("it is an account of one's own, or a refusal in words", async () => {
      for (const email of ["ada@example.com", "admin@elsewhere.org", "o'hara@example.com"]) {
        assert.deepEqual(await ownerOf(django, await arrive(django, email)), {
          username: email,
          email,
          is_superuser: false,
          groups: ["worker"],
        });
      }
      const other = await arrive(django, "ADA@Example.COM");
      assert.deepEqual(
        (await ownerOf(django, other) as { email: string }).email,
        "ada@example.com",
      );
      const refused: readonly (readonly [string, RegExp])[] = [
        ["twins@example.com", /Several accounts have the address/],
        ["squatted@example.com", /Another account has the name/],
        ["gone@example.com", /is not active/],
        ["", /no e-mail address/],
        ["admin", /no e-mail address/],
        // Its capital is an I, so that a database may take it for admin@example.com.
        ["adm\u0131n@example.com", /letters beyond a-z|no e-mail address/],
        [`${"long".repeat(40)}@example.com`, /too long|no e-mail address/],
        [`a@${"long.".repeat(40)}example.com`, /too long|no e-mail address/],
      ];
      for (const [email, words] of refused) {
        const answer = await arrive(django, email);
        assert.deepEqual([answer.status, isSignedIn(answer)], [403, false], answer.text);
        assert.match(answer.text, words);
        assert.match(answer.text, /Ask an administrator/);
      }
    });

    await test.step("two first visits at once make one account", async () => {
      const email = "eager@example.com";
      const answers = await Promise.all(Array.from({ length: 6 }, () => arrive(django, email)));
      assert.ok(answers.every(isSignedIn), answers.map(({ text }) => text).join("\n"));
      const code = "from django.contrib.auth.models import User; " +
        `print(User.objects.filter(email="${email}").count())`;
      assert.equal(await django.shell(code), "1");
    });

    await test.step("nobody makes an account by himself", async () => {
      const { status, text } = await ask(django, "/api/auth/register");
      assert.equal(status, 403);
      assert.match(text, /Accounts are made at the first sign-in/);
    });
  });
}

Deno.test("without a proof in its environment the server believes nobody", async () => {
  await using django = await start({ proof: "" });
  for (const proof of ["", PROOF]) {
    const answer = await ask(django, "/sso/", [["Authorization", basic(ADMIN, proof)]]);
    assert.deepEqual([answer.status, isSignedIn(answer)], [403, false]);
  }
});

Deno.test("each guard of the middleware is seen to be missing when it is taken away", async (test) => {
  await test.step("the comparison of the proof", async () => {
    await using django = await start({
      change: (code) => code.replace("if not hmac.compare_digest(", "if False and ("),
    });
    const answer = await ask(django, "/sso/", [["Authorization", basic(ADMIN, "guess")]]);
    assert.deepEqual((await ownerOf(django, answer) as { username: string }).username, "admin");
  });
  await test.step("the exact paths", async () => {
    await using django = await start({
      change: (code) =>
        code.replace(
          "request.path_info in SIGN_IN_PATHS",
          'request.path_info.startswith("/sso/")',
        ),
    });
    assert.ok(isSignedIn(await arrive(django, ADMIN, "/sso/../api/users/self")));
  });
  await test.step("the removal of the headers", async () => {
    await using django = await start({
      change: (code) => code.replace("del request.META[name]", "pass"),
    });
    assert.match((await ask(django, "/api/headers", FORGED)).text, /HTTP_X_AUTH_REQUEST_EMAIL/);
  });
});
