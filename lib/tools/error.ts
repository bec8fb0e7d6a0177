/**
 * What can go wrong with a program that Plumb needs.
 * @module
 */

import { PlumbError } from "../errors.ts";
import type { ErrorDetails } from "../errors.ts";

/** The reasons, as {@link ToolError} carries them. */
export type ToolErrorCode =
  | "tool-missing"
  | "download-failed"
  | "checksum-mismatch"
  | "build-failed";

/** A program that Plumb needs is not there and could not be brought. */
export class ToolError extends PlumbError {
  override readonly name = "ToolError";

  constructor(override readonly code: ToolErrorCode, message: string, details?: ErrorDetails) {
    super(code, message, details);
  }
}
