/** The real Keycloak that other tests talk to: it answers as its administrator, and ends without a trace. */
import assert from "node:assert/strict";
import { startKeycloak } from "./servers/keycloak.ts";

Deno.test("a Keycloak of one's own answers its administrator, and leaves nothing behind", async () => {
  const keycloak = await startKeycloak();
  const realm = crypto.randomUUID();
  const created = await keycloak.admin("", { method: "POST", json: { realm, enabled: true } });
  await created.body?.cancel();
  assert.equal(created.status, 201);
  const answer = await keycloak.admin(`/${realm}`);
  assert.equal((await answer.json()).realm, realm);
  await keycloak[Symbol.asyncDispose]();
  const { hostname, port } = new URL(keycloak.url);
  await assert.rejects(
    Deno.connect({ hostname, port: Number(port) }),
    Deno.errors.ConnectionRefused,
  );
});
