/**
 * What can be wrong with manifests.
 * @module
 */
import { type ErrorDetails, PlumbError } from "../errors.ts";

/** Reasons of a {@link RenderError}. */
export type RenderErrorCode =
  | "yaml"
  /** A document is not a Kubernetes object with apiVersion, kind and metadata.name. */
  | "not-an-object"
  /** Two documents declare the same object. */
  | "duplicate"
  /** A reference to a parameter that is not declared, or that has no value where one is needed. */
  | "unknown-parameter"
  /** A secret parameter would go where it can be read. */
  | "secret-leak"
  /** Aliases make a document too large. */
  | "alias-bomb"
  | "too-deep"
  /** A file is not UTF-8. */
  | "encoding"
  /** `component.yaml` names a file that is not there. */
  | "no-file"
  | "kustomize";

/** The manifests don't yield objects. Values of secret parameters never show. */
export class RenderError extends PlumbError {
  override readonly name = "RenderError";

  constructor(override readonly code: RenderErrorCode, message: string, details?: ErrorDetails) {
    super(code, message, details);
  }
}
