/** The check of the certificate that visitors see, and what the other checks say of one that can't be trusted. */
import assert from "node:assert/strict";
import { openTunnel } from "../../lib/verify/mod.ts";
import { runChecks } from "./reach.ts";
import { makeCertificate, type TestCertificate } from "./servers/certificates.ts";
import { freePort } from "./servers/ports.ts";

const HOST = "cvat.example.com";
const URL_OF_CVAT = `https://${HOST}`;

function serve({ certificate: cert, key }: TestCertificate) {
  const options = { hostname: "127.0.0.1", port: 0, cert, key, onListen() {} };
  return Deno.serve(options, () => new Response("welcome"));
}

async function run(check: Readonly<Record<string, unknown>>, port: number, authority?: string) {
  await using tunnel = await openTunnel({ hostname: "127.0.0.1", port }, authority);
  const { result } = await runChecks([{ url: URL_OF_CVAT, ...check }], {
    certificates: { [HOST]: port },
    clients: { [HOST]: tunnel.client },
  });
  return `${result.status}: ${result.message} ${result.probably} ${
    JSON.stringify(result.evidence)
  }`;
}

const CASES = [
  { name: "one that lasts", lasts: {}, says: /^passed: .*until","value":"20\d\d-/ },
  {
    name: "one that has expired",
    lasts: { from: -40, to: -2 },
    says: /cvat\.example\.com shows ran out on 20.*not renewed/,
    trusted: /The certificate has expired/,
  },
  {
    name: "one that expires soon",
    lasts: { to: 10 },
    says: /shows runs out within 14 days, on 20.*not renewed/,
  },
  {
    name: "one that has not begun",
    lasts: { from: 2 },
    says: /shows is not valid before 20/,
  },
  {
    name: "one for another host",
    host: "other.example.com",
    lasts: {},
    says: /shows is not for cvat\.example\.com, but for other\.example\.com.*serves its own/,
    trusted: /certificate is for another name/,
  },
] as const;

Deno.test("the certificate that visitors see is judged, and the cause named", async (test) => {
  for (const { name, lasts, says, ...rest } of CASES) {
    await test.step(name, async () => {
      const made = await makeCertificate("host" in rest ? rest.host : HOST, lasts);
      await using server = serve(made);
      const { port } = server.addr;
      assert.match(await run({ check: "certificate" }, port, made.authority), says);
      const asked = await run({ check: "http" }, port, made.authority);
      assert.match(asked, "trusted" in rest ? rest.trusted : /^(passed|failed)/);
    });
  }
});

Deno.test("an authority that nobody trusts, a server without TLS, and none at all are told apart", async () => {
  const made = await makeCertificate(HOST);
  await using server = serve(made);
  assert.match(
    await run({ check: "http" }, server.addr.port),
    /^failed: .*authority is not trusted here: give it by --certificate-authority/,
  );
  await using plain = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response("welcome"),
  );
  assert.match(
    await run({ check: "certificate" }, plain.addr.port),
    /^failed: cvat\.example\.com shows no certificate: .*does not speak TLS/,
  );
  assert.match(
    await run({ check: "certificate" }, freePort()),
    /^failed: cvat\.example\.com shows no certificate: .*ECONNREFUSED.*ingress is away/,
  );
});
