/**
 * A certificate authority of one sandbox, made in memory.
 * @module
 */

import "reflect-metadata"; // must come before @peculiar/x509, which does not run without it
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Name,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";
import type { Extension, X509Certificate } from "@peculiar/x509";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const LIFETIME_DAYS = 30;
/** Tolerates clocks that differ a little. */
const BACKDATE_MINUTES = 5;

/** A certificate and its private key, both PEM. */
export interface Identity {
  readonly certificate: string;
  /** PKCS #8. */
  readonly key: string;
}

/** Signs certificates; exists only as long as the process. */
export class Authority {
  readonly #keys: CryptoKeyPair;
  readonly #certificate: X509Certificate;

  private constructor(keys: CryptoKeyPair, certificate: X509Certificate) {
    this.#keys = keys;
    this.#certificate = certificate;
  }

  /** Makes a new authority with a key of its own. */
  static async create(): Promise<Authority> {
    const keys = await generateKeys();
    const certificate = await X509CertificateGenerator.createSelfSigned({
      name: new Name([{ CN: ["plumb-sandbox"] }]),
      keys,
      signingAlgorithm: ALGORITHM,
      ...validity(),
      extensions: [
        new BasicConstraintsExtension(true, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.digitalSignature, true),
      ],
    });
    return new Authority(keys, certificate);
  }

  /** The authority's own certificate and key. */
  async identity(): Promise<Identity> {
    return { certificate: this.#certificate.toString("pem"), key: await keyText(this.#keys) };
  }

  /** A certificate for a server on loopback. */
  serving(name: string): Promise<Identity> {
    return this.#issueServing(name, [
      { type: "ip", value: "127.0.0.1" },
      { type: "dns", value: "localhost" },
      { type: "dns", value: "kubernetes.default.svc" },
    ]);
  }

  /** A certificate for a host, such as `*.example.com`. */
  hosting(host: string): Promise<Identity> {
    return this.#issueServing(host, [{ type: "dns", value: host }]);
  }

  #issueServing(name: string, names: { type: "ip" | "dns"; value: string }[]): Promise<Identity> {
    return this.#issue(new Name([{ CN: [name] }]), ExtendedKeyUsage.serverAuth, [
      new SubjectAlternativeNameExtension(names),
    ]);
  }

  /** A certificate that makes its holder a Kubernetes user with groups: common name and organizations. */
  client(user: string, groups: readonly string[]): Promise<Identity> {
    const name = new Name([...groups.map((group) => ({ O: [group] })), { CN: [user] }]);
    return this.#issue(name, ExtendedKeyUsage.clientAuth, []);
  }

  async #issue(name: Name, usage: string, extensions: Extension[]): Promise<Identity> {
    const keys = await generateKeys();
    const certificate = await X509CertificateGenerator.create({
      subject: name.toJSON(),
      issuer: this.#certificate.subject,
      publicKey: keys.publicKey,
      signingKey: this.#keys.privateKey,
      signingAlgorithm: ALGORITHM,
      ...validity(),
      extensions: [
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([usage]),
        ...extensions,
      ],
    });
    return { certificate: certificate.toString("pem"), key: await keyText(keys) };
  }
}

function generateKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
}

async function keyText(keys: CryptoKeyPair): Promise<string> {
  return PemConverter.encode(
    await crypto.subtle.exportKey("pkcs8", keys.privateKey),
    "PRIVATE KEY",
  );
}

function validity(): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return {
    notBefore: new Date(now - BACKDATE_MINUTES * 60_000),
    notAfter: new Date(now + LIFETIME_DAYS * 86_400_000),
  };
}
