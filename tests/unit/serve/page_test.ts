import assert from "node:assert/strict";
import { serving } from "./serving.ts";

Deno.test("the page is served, and nothing outside of it is", async () => {
  await using server = serving();
  const answer = await server.request("/");
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get("content-type") ?? "", /^text\/html/);
  const links = [...(await answer.text()).matchAll(/(?:href|src)="(assets[^"]+)"/g)];
  assert.ok(links.length > 0);
  for (const [, path] of links) {
    const headers = { "accept-encoding": "gzip" };
    const asset = await server.request(`/${path}`, { headers });
    assert.equal(asset.status, 200);
    assert.match(asset.headers.get("cache-control") ?? "", /immutable/);
    assert.equal(asset.headers.get("content-encoding"), "gzip");
  }
  for (const path of ["/assets/../mod.ts", "/assets/%2e%2e/mod.ts", "/assets//etc/passwd"]) {
    assert.equal((await server.request(path)).status, 404, path);
  }
});

Deno.test("the browser runs nothing that does not come from the server", async () => {
  await using server = serving();
  const policy = (await server.request("/")).headers.get("content-security-policy") ?? "";
  assert.match(policy, /default-src 'none'/);
  assert.match(policy, /script-src 'self'; style-src( 'sha256-[^']+')+;/);
  assert.doesNotMatch(policy, /unsafe|https?:/);
});

Deno.test("the server tells that it is up, and how it is spoken to", async () => {
  await using server = serving();
  const health = await server.request("/healthz");
  assert.deepEqual(await health.json(), { status: "ok", version: "1.2.3" });
  const { openapi, paths } = await (await server.request("/api/openapi.json")).json();
  assert.equal(openapi, "3.1.0");
  assert.ok("/api/components/{name}/runs" in paths);
});
