/** The certificate that a server shows to visitors. @module */
import { Buffer } from "node:buffer";
import { isIP } from "node:net";
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
    signal.throwIfAborted();
    const socket = connect({
      host: hostname,
      port,
      // An address is no name that could be asked for.
      ...(isIP(host) === 0 ? { servername: host } : {}),
      rejectUnauthorized: false,
    });
    const end = (error: unknown) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      socket.destroy();
      reject(error);
    };
    const timer = setTimeout(() => end(new Error("it does not answer")), TIMEOUT_MILLISECONDS);
    const abort = () => end(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
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
