/**
 * Components: what their folder declares, and the values of their parameters. Pure.
 * @module
 */
export {
  type Component,
  COMPONENT_FILE,
  type ComponentFile,
  lineInComponent,
  loadComponent,
  type LoadOptions,
  type Settings,
} from "./component.ts";
export { ComponentError, type ComponentErrorCode } from "./errors.ts";
export type { TextFile } from "./explain.ts";
export { componentJsonSchema, type JsonSchema } from "./json_schema.ts";
export { environmentName, suggestParameter, waysToSet } from "./parameter_errors.ts";
export { ParameterValue } from "./parameter_value.ts";
export {
  isRequired,
  type Parameters,
  type ParameterSources,
  resolveParameters,
} from "./parameters.ts";
export { substitute, type Value } from "./reference.ts";
export type {
  Adoption,
  FieldRule,
  OutsideData,
  ParameterDeclaration,
  PolicyLevel,
  Requirement,
  Retention,
  SecretReference,
  Waiver,
} from "./schema.ts";
export { settleComponent } from "./settle.ts";
