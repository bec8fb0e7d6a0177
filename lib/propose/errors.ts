/** Why a proposal can't be made. @module */
import { type ErrorDetails, PlumbError } from "../errors.ts";

/** A closed set of reasons. */
export type ProposeErrorCode =
  | "no-repository"
  | "no-credentials"
  | "bad-key"
  | "forbidden"
  | "base-moved"
  | "no-base"
  | "foreign-commit"
  | "busy"
  | "rate-limited"
  | "refused"
  | "unreachable";

/** A proposal could not be made. */
export class ProposeError extends PlumbError {
  override readonly name = "ProposeError";

  constructor(
    override readonly code: ProposeErrorCode,
    message: string,
    details: ErrorDetails = {},
  ) {
    super(code, message, details);
  }
}
