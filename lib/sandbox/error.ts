/**
 * What can go wrong with a sandbox.
 * @module
 */

import { PlumbError } from "../errors.ts";
import type { ErrorDetails } from "../errors.ts";

/** The reasons, as {@link SandboxError} carries them. */
export type SandboxErrorCode =
  | "component-exited"
  | "not-ready"
  | "no-pods"
  | "port-taken"
  | "request-failed"
  | "stopped";

/**
 * A sandbox could not be started or used. The message ends with the last log lines of the component that
 * failed, if one did.
 */
export class SandboxError extends PlumbError {
  override readonly name = "SandboxError";

  constructor(override readonly code: SandboxErrorCode, message: string, details?: ErrorDetails) {
    super(code, message, details);
  }
}
