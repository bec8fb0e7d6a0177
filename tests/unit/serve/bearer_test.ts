import assert from "node:assert/strict";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { bearerOf } from "../../../lib/serve/bearer.ts";
import { serving } from "./serving.ts";

const signing = await generateKeyPair("RS256");
const foreign = await generateKeyPair("RS256");

/** An issuer that publishes its key on loopback. */
async function startIssuer() {
  const key = { ...await exportJWK(signing.publicKey), kid: "one", alg: "RS256", use: "sig" };
  const closed = new AbortController();
  const address = { hostname: "127.0.0.1", port: 0, signal: closed.signal, onListen: () => {} };
  const server = Deno.serve(address, (request) => {
    const { origin, pathname } = new URL(request.url);
    return pathname === "/keys"
      ? Response.json({ keys: [key] })
      : Response.json({ issuer: origin, jwks_uri: `${origin}/keys` });
  });
  const issuer = `http://127.0.0.1:${server.addr.port}`;
  return {
    issuer,
    async [Symbol.asyncDispose]() {
      closed.abort();
      await server.finished;
    },
  };
}

interface Claims {
  readonly issuer: string;
  readonly audience?: string;
  readonly expires?: string;
  readonly groups?: unknown;
}

async function tokenOf(
  { issuer, audience = "plumb", expires = "5m", groups = ["/admins"] }: Claims,
  key: Parameters<SignJWT["sign"]>[0] = signing.privateKey,
  alg = "RS256",
): Promise<string> {
  const claims = { preferred_username: "ada", sub: "1", groups };
  return await new SignJWT(claims).setProtectedHeader({ alg, kid: "one" }).setIssuer(issuer)
    .setAudience(audience).setIssuedAt().setExpirationTime(expires).sign(key);
}

Deno.test("a bearer token of the issuer says who somebody is, and no other does", async () => {
  await using provider = await startIssuer();
  const { issuer } = provider;
  const bearer = bearerOf({ issuer, audience: "plumb" });
  await using server = serving({ access: { bearer, operators: ["admins"] } });
  const ask = async (authorization: string) =>
    await server.request("/api/me", { headers: { authorization } });

  const me = await (await ask(`Bearer ${await tokenOf({ issuer })}`)).json();
  assert.deepEqual([me.name, me.role, me.by], ["ada", "operator", "bearer"]);
  const viewer = await tokenOf({ issuer, groups: ["people"] });
  assert.equal((await (await ask(`Bearer ${viewer}`)).json()).role, "viewer");

  const unsigned = [{ alg: "none" }, { iss: issuer, aud: "plumb", sub: "1", exp: 4e9 }]
    .map((part) => btoa(JSON.stringify(part)).replaceAll("=", "")).join(".");
  const wrong: Record<string, string> = {
    "of another audience": await tokenOf({ issuer, audience: "account" }),
    "of another issuer": await tokenOf({ issuer: "https://evil.example" }),
    "signed by somebody else": await tokenOf({ issuer }, foreign.privateKey),
    "signed with a shared secret": await tokenOf({ issuer }, new Uint8Array(32), "HS256"),
    "expired": await tokenOf({ issuer, expires: "-5m" }),
    "not signed": `${unsigned}.`,
    "with groups of another type": await tokenOf({ issuer, groups: "admins" }),
    "no token": "ada",
    "too long": "x".repeat(20_000),
  };
  for (const [words, token] of Object.entries(wrong)) {
    const answer = await ask(`Bearer ${token}`);
    assert.equal(answer.status, 401, words);
    assert.ok(!(await answer.text()).includes(token), words);
  }
  for (const authorization of ["Basic YWRhOmFkYQ==", "Bearer", "Bearer a, Bearer b", ""]) {
    const answer = await ask(authorization);
    assert.equal(answer.status, 401, authorization);
  }
});

Deno.test("a bearer token is asked no page's token, since no browser sends it by itself", async () => {
  await using provider = await startIssuer();
  const { issuer } = provider;
  const bearer = bearerOf({ issuer, audience: "plumb" });
  await using server = serving({ access: { bearer, operators: ["admins"] } });
  const headers = {
    authorization: `Bearer ${await tokenOf({ issuer })}`,
    "content-type": "application/json",
  };
  const body = JSON.stringify({ action: "deploy" });
  const answer = await server.request("/api/components/web/runs", {
    method: "POST",
    headers,
    body,
  });
  assert.equal(answer.status, 201);
});

Deno.test("an issuer that is not reached by https is refused, and one that is away is told", async () => {
  assert.throws(() => bearerOf({ issuer: "http://auth.example.com", audience: "plumb" }), {
    code: "usage",
  });
  const bearer = bearerOf({ issuer: "http://127.0.0.1:9", audience: "plumb" });
  await assert.rejects(bearer("a.b.c"), { code: "issuer-unreachable" });
});
