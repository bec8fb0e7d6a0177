/**
 * Objects that Plumb itself realizes: declared, planned, applied and pruned like any other, without a CRD.
 * @module
 */
export { kindJsonSchemas } from "./json_schema.ts";
export {
  type Expansion,
  type ExternalObject,
  type ExternalState,
  type Handle,
  type KindContext,
  KindError,
  type KindErrorCode,
  type RealizedKind,
  type Remainder,
  type SecretReader,
} from "./kind.ts";
export { realizedKinds } from "./kinds.ts";
