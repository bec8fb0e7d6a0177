/**
 * The desired state: a component's folder at a known commit, or on disk.
 * @module
 */
export { SourceError, type SourceErrorCode } from "./errors.ts";
export { openSource } from "./open.ts";
export {
  DEFAULT_LIMITS,
  type Limits,
  type Source,
  type SourceFile,
  type SourceOptions,
} from "./types.ts";
