/** The check of any address, with each fault. */
import assert from "node:assert/strict";
import { planChecks } from "../../lib/verify/mod.ts";
import { runChecks } from "./reach.ts";

Deno.test("the check of an address passes when all is well, and names each fault", async (test) => {
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/moved") return Response.redirect("https://login.example.com/");
    if (pathname === "/away") return new Response("bad gateway", { status: 502 });
    return new Response("welcome to the shop");
  });
  const run = async (settings: Readonly<Record<string, unknown>>, port = server.addr.port) => {
    const { result } = await runChecks([{ check: "http", service: "shop:80", ...settings }], {
      services: { "shop:80": port },
    });
    return `${result.status}: ${result.message} ${result.probably}`;
  };
  await test.step("well", async () => {
    assert.match(await run({ contains: "shop" }), /^passed/);
    assert.match(await run({ path: "/moved", status: 302 }), /^passed/);
  });
  await test.step("another status", async () => {
    assert.match(await run({ path: "/away" }), /answers 502, not 200.*behind the ingress is away/);
    assert.match(
      await run({ path: "/moved" }),
      /answers 302.*leads to https:\/\/login\.example\.com /,
    );
  });
  await test.step("another content", async () => {
    assert.match(await run({ contains: "library" }), /without the text "library"/);
  });
  await test.step("nobody there", async () => {
    assert.match(await run({}, 1), /can't be reached.*is down/);
  });
  await test.step("neither an address nor a service", () => {
    assert.throws(() => planChecks({ checks: [{ check: "http" }] }), /either url or service/);
  });
});
