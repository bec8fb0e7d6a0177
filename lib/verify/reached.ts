/** A server that can't be asked, as the failure of a check. @module */
import { CheckFailure } from "./check.ts";
import { HttpError } from "./http.ts";

/** For addresses whose certificate nobody here vouches for. */
export const UNTRUSTED =
  "The certificate is expired, for another name, or signed by an authority that is not trusted here.";

/** What it most probably means that a server can't be asked, and what to do next. */
export interface Unreached {
  /** Put before what happened: `OPA`. */
  readonly server?: string;
  readonly away: string;
  /** As `away` when absent. */
  readonly timeout?: string;
  /** As `away` when absent. */
  readonly tls?: string;
  readonly hint: string;
}

/**
 * Asks. An answer of any status is an answer.
 *
 * @throws {CheckFailure} when there is none.
 */
export async function reached<Result>(
  question: () => Promise<Result>,
  { server, away, timeout = away, tls = away, hint }: Unreached,
): Promise<Result> {
  try {
    return await question();
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    const { kind, message } = error;
    throw new CheckFailure(
      server === undefined ? message : `${server} can't be reached: ${message}`,
      {
        probably: kind === "tls" ? tls : kind === "timeout" ? timeout : away,
        hint,
        cause: error,
        transient: kind === "unreachable",
      },
    );
  }
}
