/** Certificates that begin and end when a test wants it. */
import "reflect-metadata";
import {
  BasicConstraintsExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const DAY = 86_400_000;

/** All PEM. */
export interface TestCertificate {
  readonly certificate: string;
  readonly key: string;
  /** Who has signed it. */
  readonly authority: string;
}

/** A certificate for a host, signed by an authority of its own. */
export async function makeCertificate(
  host: string,
  { from = -1, to = 30 }: { readonly from?: number; readonly to?: number } = {},
): Promise<TestCertificate> {
  const generate = () => crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const [signer, own] = await Promise.all([generate(), generate()]);
  const at = (days: number) => new Date(Date.now() + days * DAY);
  const authority = await X509CertificateGenerator.createSelfSigned({
    name: "CN=authority of a test",
    keys: signer,
    signingAlgorithm: ALGORITHM,
    notBefore: at(-400),
    notAfter: at(400),
    extensions: [new BasicConstraintsExtension(true, undefined, true)],
  });
  const certificate = await X509CertificateGenerator.create({
    subject: `CN=${host}`,
    issuer: authority.subject,
    publicKey: own.publicKey,
    signingKey: signer.privateKey,
    signingAlgorithm: ALGORITHM,
    notBefore: at(from),
    notAfter: at(to),
    extensions: [new SubjectAlternativeNameExtension([{ type: "dns", value: host }])],
  });
  return {
    certificate: certificate.toString("pem"),
    key: PemConverter.encode(
      await crypto.subtle.exportKey("pkcs8", own.privateKey),
      "PRIVATE KEY",
    ),
    authority: authority.toString("pem"),
  };
}
