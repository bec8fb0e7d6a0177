/** The check `certificate`: visitors are shown a certificate that lasts. @module */
import { z } from "zod";
import { certificateEnd, certificateProblem } from "../../certificate.ts";
import { CheckFailure, defineCheck } from "../check.ts";
import { baseUrl } from "../settings_schema.ts";

const settings = z.strictObject({
  url: baseUrl.describe("Public address, with https."),
  days: z.int().min(0).default(14).describe("How long it must still be valid."),
});

/** What is wrong with a certificate now, or will be in some days; undefined when nothing is. */
export function problemWithin(
  certificate: string,
  { hosts, days, now = Date.now() }: {
    readonly hosts: readonly string[];
    readonly days: number;
    readonly now?: number;
  },
): string | undefined {
  return certificateProblem(certificate, { hosts, now }) ??
    certificateProblem(certificate, { hosts, now: now + days * 86_400_000 })
      ?.replace("ran out", `runs out within ${days} days,`);
}

/** For the host, begun, and not at its end. Whether its authority is trusted, every other check sees that asks there. */
export const certificateCheck = defineCheck({
  id: "certificate",
  title: "Certificate",
  proves: "Visitors are shown a certificate that is for this host, and valid for long enough.",
  needs: [],
  deadline: 30,
  settings,
  async run({ url, days }, context) {
    const { hostname } = new URL(url);
    const certificate = await context.publicCertificate(url).catch((cause: unknown) => {
      context.signal.throwIfAborted();
      const message = cause instanceof Error ? cause.message : String(cause);
      throw new CheckFailure(`${hostname} shows no certificate: ${message}`, {
        probably: "The ingress is away, its name does not resolve here, or it does not speak TLS.",
        hint: `Ask yourself: curl -v ${url}`,
        cause,
        transient: !message.includes("does not answer"),
      });
    });
    const problem = problemWithin(certificate, { hosts: [hostname], days });
    context.evidence("until", certificateEnd(certificate) ?? "unknown");
    if (problem === undefined) return;
    throw new CheckFailure(`The certificate that ${hostname} shows ${problem}`, {
      probably: problem.startsWith("is not for")
        ? "The ingress serves its own certificate: the Secret is missing, or is not for this host."
        : "Its source was not renewed, or the ingress has not read the new one.",
      hint:
        "Compare it with the Secret: the check of the deployment looks at that. Then reconcile.",
    });
  },
});
