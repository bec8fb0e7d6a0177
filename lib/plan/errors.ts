/** Errors of the plan room. @module */
import { type ErrorDetails, PlumbError } from "../errors.ts";

/** Why no plan can be made. */
export type PlanErrorCode =
  | "dependency-cycle"
  | "dependency-missing"
  | "dependency-malformed"
  | "render-shrank"
  | "fields-too-deep";

/** The desired state can't become a plan. */
export class PlanError extends PlumbError {
  override readonly name = "PlanError";

  constructor(override readonly code: PlanErrorCode, message: string, details: ErrorDetails = {}) {
    super(code, message, details);
  }
}
