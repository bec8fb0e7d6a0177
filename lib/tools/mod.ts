/**
 * Programs that Plumb needs: found, or brought by a pinned checksum, or built.
 * @module
 */

export { GIT, KUSTOMIZE, OPA } from "./catalog.ts";
export { ToolError } from "./error.ts";
export type { ToolErrorCode } from "./error.ts";
export { findTool, requireTool } from "./resolve.ts";
export type { Archive, GoBuild, Lookup, Platform, Tool, ToolOptions } from "./tool.ts";
