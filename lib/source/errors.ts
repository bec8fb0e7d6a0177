/**
 * What can go wrong while the desired state is fetched or read.
 * @module
 */
import { type ErrorDetails, PlumbError } from "../errors.ts";

/** Reasons of a {@link SourceError}. */
export type SourceErrorCode =
  /** The address could make git run a program or take it for an option. */
  | "unsafe-url"
  | "not-a-repository"
  | "ref-not-found"
  | "unreachable"
  | "timeout"
  | "authentication"
  | "path-not-found"
  /** A symbolic link, a submodule, an LFS pointer, or a name that could leave the folder. */
  | "unsafe-path"
  | "too-large"
  /** The commit is not signed by a listed key. */
  | "signature"
  | "git-failed";

/** The desired state can't be had. Credentials of an address never show. */
export class SourceError extends PlumbError {
  override readonly name = "SourceError";

  constructor(override readonly code: SourceErrorCode, message: string, details?: ErrorDetails) {
    super(code, message, details);
  }
}
