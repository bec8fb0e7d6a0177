/** Whether a certificate serves what it is for. @module */
import { X509Certificate } from "node:crypto";

/**
 * What is wrong with a certificate, in words, or undefined.
 *
 * @param text PEM; of a chain, the first certificate counts.
 * @param hosts names that it must be for. A `*` stands for one label, the leftmost (RFC 9525, 6.3).
 * @param now milliseconds since 1970.
 */
export function certificateProblem(
  text: string,
  { hosts, now }: { readonly hosts: readonly string[]; readonly now: number },
): string | undefined {
  const certificate = read(text);
  if (certificate === undefined) return "holds no certificate";
  const [begin, end] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)];
  if (now > end) return `ran out on ${day(end)}`;
  if (now < begin) return `is not valid before ${day(begin)}`;
  const names = namesOf(certificate);
  const missing = hosts.find((host) => !names.some((name) => covers(name, host)));
  return missing === undefined
    ? undefined
    : `is not for ${missing}, but for ${names.join(", ") || "nobody"}`;
}

/** The day on which a certificate ends, such as `2027-01-31`; undefined where there is none. */
export function certificateEnd(text: string): string | undefined {
  const certificate = read(text);
  return certificate && day(Date.parse(certificate.validTo));
}

function read(text: string): X509Certificate | undefined {
  try {
    return new X509Certificate(text);
  } catch {
    return undefined;
  }
}

function namesOf({ subjectAltName = "" }: X509Certificate): string[] {
  return subjectAltName.split(", ").flatMap((entry) =>
    entry.startsWith("DNS:") ? [entry.slice("DNS:".length).toLowerCase()] : []
  );
}

function covers(name: string, host: string): boolean {
  if (name === host) return true;
  return name.startsWith("*.") && host.includes(".") &&
    host.slice(host.indexOf(".")) === name.slice(1);
}

function day(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
