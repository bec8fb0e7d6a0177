import assert from "node:assert/strict";
import { rangesOf } from "../../../lib/serve/network.ts";
import { codeOf, jsonBody, serving, TOKEN } from "./serving.ts";

const DEPLOY = "/api/components/web/runs";
const PROXY = "10.1.2.3";
const proxied = { loopback: false, proxies: rangesOf(["10.0.0.0/8"]), operators: ["admins"] };
const publicly = { names: ["plumb.example.com", "127.0.0.1"], loopback: false };

Deno.test("on loopback everybody may look, and only who has the printed token may act", async () => {
  await using server = serving();
  const me = await (await server.request("/api/me")).json();
  assert.equal(me.role, "viewer");
  assert.match(me.hint, /address that the server printed/);
  assert.equal((await server.request("/api/components")).status, 200);
  const refused = await server.request(
    DEPLOY,
    jsonBody({ action: "deploy" }, { "x-plumb-csrf": me.csrf }),
  );
  assert.equal(refused.status, 403);
  assert.equal(await codeOf(refused), "not-allowed");
  const headers = await server.operator();
  const asked = await server.request(DEPLOY, jsonBody({ action: "deploy" }, headers));
  assert.equal(asked.status, 201);
});

Deno.test("a wrong token opens no session, and the cookie is only for this server's own page", async () => {
  await using server = serving();
  const wrong = await server.request("/api/session", jsonBody({ token: `${TOKEN}x` }));
  assert.equal(wrong.status, 401);
  assert.equal(wrong.headers.get("set-cookie"), null);
  const right = await server.request("/api/session", jsonBody({ token: TOKEN }));
  const cookie = right.headers.get("set-cookie") ?? "";
  assert.match(cookie, /HttpOnly/);
  assert.match(cookie, /SameSite=Strict/);
  assert.ok(!cookie.includes(TOKEN));
  const headers = { cookie: cookie.split(";")[0] ?? "" };
  assert.equal((await (await server.request("/api/me", { headers })).json()).role, "operator");
  await server.request("/api/session", { method: "DELETE", headers });
  assert.equal((await (await server.request("/api/me", { headers })).json()).role, "viewer");
});

Deno.test("beyond loopback nobody is let in whom nobody vouches for", async () => {
  await using server = serving({ access: proxied, hosts: publicly });
  for (const path of ["/api/me", "/api/components", "/api/events", "/api/runs"]) {
    const answer = await server.request(path, { from: "192.0.2.7" });
    assert.equal(answer.status, 401, path);
  }
  assert.equal((await server.request("/healthz", { from: "192.0.2.7" })).status, 200);
});

Deno.test("headers of a proxy are believed from its address only", async () => {
  await using server = serving({ access: proxied, hosts: publicly });
  const headers = {
    "x-auth-request-preferred-username": "ada",
    "x-auth-request-groups": "/people,/admins",
  };
  const through = await (await server.request("/api/me", { headers, from: PROXY })).json();
  assert.equal(through.name, "ada");
  assert.equal(through.role, "operator");
  assert.equal(through.by, "proxy");
  const mapped = await server.request("/api/me", { headers, from: `::ffff:${PROXY}` });
  assert.equal(mapped.status, 200);
  for (const from of ["192.0.2.7", "127.0.0.1", "::1", "11.0.0.1", ""]) {
    assert.equal((await server.request("/api/me", { headers, from })).status, 401, from);
  }
});

Deno.test("without a trusted proxy, forged headers are worth nothing", async () => {
  await using server = serving({ access: { operators: ["admins"] } });
  const headers = {
    "x-auth-request-user": "ada",
    "x-auth-request-groups": "admins",
    "x-forwarded-user": "ada",
    "x-forwarded-for": PROXY,
    "x-real-ip": PROXY,
    forwarded: `for=${PROXY}`,
  };
  const me = await (await server.request("/api/me", { headers })).json();
  assert.equal(me.role, "viewer");
  assert.equal(me.by, "nothing");
});

Deno.test("a proxy's other headers, and headers sent twice, name nobody", async () => {
  await using server = serving({ access: proxied, hosts: publicly });
  const forged: Record<string, string>[] = [
    { "x-forwarded-user": "ada", "x-forwarded-groups": "admins" },
    { "x_auth_request_user": "ada", "x_auth_request_groups": "admins" },
    { "remote-user": "ada" },
    { "x-auth-request-user": "mallory, ada", "x-auth-request-groups": "admins" },
    { "x-auth-request-user": "", "x-auth-request-groups": "admins" },
    { "x-auth-request-groups": "admins" },
  ];
  for (const headers of forged) {
    const answer = await server.request("/api/me", { headers, from: PROXY });
    assert.equal(answer.status, 401, JSON.stringify(headers));
  }
});

Deno.test("roles come from groups", async () => {
  const access = { ...proxied, viewers: ["people"] };
  await using server = serving({ access, hosts: publicly });
  const ask = async (groups: string) => {
    const headers = { "x-auth-request-user": "ada", "x-auth-request-groups": groups };
    return await server.request("/api/me", { headers, from: PROXY });
  };
  assert.equal((await (await ask("people")).json()).role, "viewer");
  assert.equal((await (await ask("admins")).json()).role, "operator");
  for (const groups of ["", "administrators", "admins people", "peoples"]) {
    assert.equal((await ask(groups)).status, 403, groups);
  }
});

Deno.test("a request without the page's token does nothing, though the cookie is right", async () => {
  await using server = serving();
  const { "x-plumb-csrf": csrf, ...headers } = await server.operator();
  const other = (await (await server.request("/api/me")).json()).csrf;
  for (const given of [{}, { "x-plumb-csrf": "" }, { "x-plumb-csrf": other }]) {
    const answer = await server.request(
      DEPLOY,
      jsonBody({ action: "deploy" }, { ...headers, ...given }),
    );
    assert.equal(answer.status, 403);
    assert.equal(await codeOf(answer), "cross-site");
  }
  assert.deepEqual(server.audit, []);
  const right = { ...headers, "x-plumb-csrf": csrf ?? "" };
  assert.equal((await server.request(DEPLOY, jsonBody({ action: "deploy" }, right))).status, 201);
});

Deno.test("what other sites send is refused; a link to the dashboard is followed", async () => {
  await using server = serving();
  const operator = await server.operator();
  const foreign: Record<string, string>[] = [
    { origin: "https://evil.example" },
    { origin: "http://127.0.0.1:8081" },
    { origin: "http://localhost:8080" },
    { origin: "null" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
  ];
  for (const headers of foreign) {
    const words = JSON.stringify(headers);
    const read = await server.request("/api/components", { headers });
    assert.equal(read.status, 403, words);
    const acted = await server.request(
      DEPLOY,
      jsonBody({ action: "deploy" }, { ...operator, ...headers }),
    );
    assert.equal(acted.status, 403, words);
    const upgrade = { ...headers, upgrade: "websocket", connection: "upgrade" };
    const query = "namespace=web&pod=a&container=b";
    const followed = await server.request(`/api/components/web/logs?${query}`, {
      headers: upgrade,
    });
    assert.equal(followed.status, 403, words);
  }
  const own = { origin: "http://127.0.0.1:8080", "sec-fetch-site": "same-origin" };
  assert.equal((await server.request("/api/components", { headers: own })).status, 200);
  const link = {
    "sec-fetch-site": "cross-site",
    "sec-fetch-mode": "navigate",
    "sec-fetch-dest": "document",
  };
  assert.equal((await server.request("/", { headers: link })).status, 200);
  for (const [site, opener] of [["none", null], ["same-origin", null]] as const) {
    const { headers } = await server.request("/", { headers: { ...link, "sec-fetch-site": site } });
    assert.equal(headers.get("cross-origin-opener-policy"), opener, site);
  }
  for (const headers of [link, { ...link, "sec-fetch-site": "same-site" }, {}]) {
    const answer = await server.request("/", { headers });
    assert.equal(answer.headers.get("cross-origin-opener-policy"), "same-origin");
    assert.match(answer.headers.get("vary") ?? "", /sec-fetch-site/);
  }
  const framed = { ...link, "sec-fetch-dest": "iframe" };
  assert.equal((await server.request("/", { headers: framed })).status, 403);
});

Deno.test("a form, which any site can send, is not JSON; and bodies are small", async () => {
  await using server = serving();
  const headers = await server.operator();
  for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""]) {
    const given = { ...headers, "content-type": type };
    const answer = await server.request(DEPLOY, jsonBody({ action: "deploy" }, given));
    assert.equal(answer.status, 415, type);
  }
  const large = { action: "suspend", reason: "x".repeat(70_000) };
  const answer = await server.request(DEPLOY, jsonBody(large, headers));
  assert.equal(answer.status, 413);
  const broken = await server.request(DEPLOY, { method: "POST", body: "{", headers });
  assert.equal(broken.status, 400);
  const unknown = await server.request(
    DEPLOY,
    jsonBody({ action: "deploy", force: true }, headers),
  );
  assert.equal(unknown.status, 400);
  assert.deepEqual(server.audit, []);
});

Deno.test("a name that was led to this address is not this server's", async () => {
  await using server = serving();
  for (
    const host of ["evil.example", "evil.example:8080", "127.0.0.1.evil.example:8080", "[::2]"]
  ) {
    const answer = await server.request("/", { headers: { host } });
    assert.equal(answer.status, 421, host);
    assert.equal(await codeOf(answer), "wrong-host");
  }
  for (const host of ["localhost:8080", "127.0.0.1:8080", "[::1]:8080", "LOCALHOST:8080"]) {
    assert.equal((await server.request("/", { headers: { host } })).status, 200, host);
  }
  await using beyond = serving({ access: proxied, hosts: publicly });
  const given = { host: "localhost" };
  assert.equal((await beyond.request("/", { headers: given, from: PROXY })).status, 421);
});

Deno.test("who does what is told, and how it ended", async () => {
  await using server = serving();
  const headers = await server.operator();
  await server.request(DEPLOY, jsonBody({ action: "deploy" }, headers));
  while (server.audit.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  const told = server.audit.map(({ by, action, component, what }) => ({
    by,
    action,
    component,
    what,
  }));
  const common = { by: "ada", action: "deploy", component: "web" };
  assert.deepEqual(told, [{ ...common, what: "asked" }, { ...common, what: "in-sync" }]);
});
