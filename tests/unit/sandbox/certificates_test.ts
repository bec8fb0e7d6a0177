import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { Authority } from "../../../lib/sandbox/certificates.ts";

Deno.test("a serving certificate is for loopback and signed by its authority", async () => {
  const authority = await Authority.create();
  const root = new X509Certificate((await authority.identity()).certificate);
  const serving = await authority.serving("sandbox");
  const certificate = new X509Certificate(serving.certificate);
  assert.equal(root.ca, true);
  assert.equal(certificate.ca, false);
  assert.equal(certificate.verify(root.publicKey), true);
  assert.equal(certificate.checkIP("127.0.0.1"), "127.0.0.1");
  assert.equal(certificate.checkHost("localhost"), "localhost");
  assert.equal(certificate.checkHost("example.com"), undefined);
  assert.equal(certificate.checkPrivateKey(createPrivateKey(serving.key)), true);
});

Deno.test("a client certificate names the user and the groups, with any characters", async () => {
  const authority = await Authority.create();
  const { certificate } = await authority.client("ada, the first=1", ["team a", "team+b"]);
  const { subject } = new X509Certificate(certificate);
  const parts = subject.split("\n").sort();
  assert.equal(parts.length, 3);
  assert.match(parts[0] ?? "", /^CN=.*ada.*the first/);
  assert.match(parts[2] ?? "", /^O=.*team/);
});

Deno.test("an authority does not vouch for the certificates of another", async () => {
  const [one, other] = await Promise.all([Authority.create(), Authority.create()]);
  const root = new X509Certificate((await one.identity()).certificate);
  const foreign = new X509Certificate((await other.client("ada", [])).certificate);
  assert.equal(foreign.verify(root.publicKey), false);
});
