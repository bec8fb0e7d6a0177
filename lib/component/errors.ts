/**
 * What can be wrong with a component's declaration or with the parameters given to it.
 * @module
 */
import { type ErrorDetails, PlumbError } from "../errors.ts";

/** Reasons of a {@link ComponentError}. */
export type ComponentErrorCode =
  /** `component.yaml` or a file of parameters is not YAML. */
  | "yaml"
  /** `component.yaml` does not match its schema. */
  | "invalid"
  /** A parameter is given, or referred to, that `component.yaml` does not declare. */
  | "unknown-parameter"
  /** Required parameters have no value. */
  | "missing-parameter"
  /** A parameter's value is not of its type. */
  | "wrong-type"
  /** Defaults refer to each other in a circle. */
  | "cycle"
  /** A secret parameter is given, or used, where others could read it. */
  | "secret-leak";

/** A component's declaration or its parameters are wrong. Values of secret parameters never show. */
export class ComponentError extends PlumbError {
  override readonly name = "ComponentError";

  constructor(override readonly code: ComponentErrorCode, message: string, details?: ErrorDetails) {
    super(code, message, details);
  }
}
