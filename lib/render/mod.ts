/**
 * From files to the objects that Git wants, each with the place it was written at.
 * @module
 */
export { RenderError, type RenderErrorCode } from "./errors.ts";
export type { Kustomize } from "./kustomize.ts";
export { render, type RenderOptions } from "./render.ts";
export { selectManifests } from "./select.ts";
export type { DesiredObject, Provenance } from "./types.ts";
