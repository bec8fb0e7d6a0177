/** Errors of the apply room. @module */
import { type ErrorDetails, PlumbError } from "../errors.ts";

/** What can go wrong between a plan and the cluster. */
export type ApplyErrorCode =
  | "inventory-unreadable"
  | "inventory-foreign"
  | "inventory-too-large"
  | "journal-unreadable"
  | "lease-lost"
  | "unknown-kind"
  | "duplicate"
  | "secret-malformed"
  | "outside-stays"
  | "namespace-mismatch"
  | "permission-missing"
  | "requirement-unmet"
  | "render-shrank"
  | "deletion-unconfirmed"
  | "no-way-back"
  | "undo-unconfirmed"
  | "plan-moved"
  | "plan-unreadable"
  | "moved"
  | "suspended"
  | "unknown-component"
  | "rollback-unconfirmed"
  | "namespace-shared"
  | "retained-unreadable"
  | "retained-too-large"
  | "not-retained"
  | "not-gone"
  | "volume-lost";

/** An error of the apply room. */
export class ApplyError extends PlumbError {
  override readonly name = "ApplyError";

  constructor(override readonly code: ApplyErrorCode, message: string, details: ErrorDetails = {}) {
    super(code, message, details);
  }
}
