/** The certificate that a server shows to visitors. @module */
import { Buffer } from "node:buffer";
import { connect } from "node:tls";
import type { Address } from "./check.ts";

const TIMEOUT_MILLISECONDS = 10_000;

/**
 * Reads it, whether or not it can be trusted.
 *
 * @param host name that is asked for.
 * @returns PEM.
 * @throws {Error} when nobody answers, or nobody who speaks TLS.
 */
export function servedCertificate(
  { hostname, port }: Address,
  host: string,
  signal: AbortSignal,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port, servername: host, rejectUnauthorized: false });
    const end = (error: unknown) => {
      signal.removeEventListener("abort", abort);
      socket.destroy();
      reject(error);
    };
    const abort = () => end(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    socket.setTimeout(TIMEOUT_MILLISECONDS, () => end(new Error("it does not answer")));
    socket.once("error", end);
    socket.once("secureConnect", () => {
      const { raw } = socket.getPeerCertificate();
      resolve(pem(raw));
      end(undefined);
    });
  });
}

function pem(der: Uint8Array): string {
  const lines = Buffer.from(der).toString("base64").match(/.{1,64}/g) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}
