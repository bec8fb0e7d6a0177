/** A server that can't be asked, as the failure of a check. @module */
import { CheckFailure } from "./check.ts";
import { HttpError } from "./http.ts";

/** What it most probably means that a server can't be asked, and what to do next. */
export interface Unreached {
  /** Put before what happened: `OPA`. */
  readonly server?: string;
  readonly away: string;
  /** As `away` when absent. */
  readonly timeout?: string;
  readonly hint: string;
}

/**
 * Asks. An answer of any status is an answer.
 *
 * @throws {CheckFailure} when there is none.
 */
export async function reached<Result>(
  question: () => Promise<Result>,
  { server, away, timeout = away, hint }: Unreached,
): Promise<Result> {
  try {
    return await question();
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    const { kind, message } = error;
    throw new CheckFailure(
      server === undefined ? message : `${server} can't be reached: ${message}`,
      {
        probably: kind === "tls" ? untrusted(message) : kind === "timeout" ? timeout : away,
        hint,
        cause: error,
        transient: kind === "unreachable",
      },
    );
  }
}

/** What is wrong with a certificate, as rustls names it. */
function untrusted(message: string): string {
  if (/expired/i.test(message)) {
    return "The certificate has expired: its source was not renewed, or the ingress has an old copy.";
  }
  if (/NotValidForName|not valid for name/i.test(message)) {
    return "The certificate is for another name: the ingress serves its own, or another host's.";
  }
  if (/not ?valid ?(yet|before)/i.test(message)) {
    return "The certificate is not valid yet: it was made just now, or a clock is wrong.";
  }
  if (/UnknownIssuer/.test(message)) {
    return "The certificate's authority is not trusted here: give it by --certificate-authority, or the ingress serves its own.";
  }
  return "What listens there does not speak TLS, or its certificate is damaged.";
}
