/**
 * What rendering yields.
 * @module
 */
import type { KubernetesObject } from "../object.ts";
import type { FieldPath } from "../field_path.ts";

/** Where an object was written: a file relative to the component's root, and the 1-based line it starts on. */
export interface Provenance {
  readonly file: string;
  readonly line: number;
}

/** An object as Git wants it. */
export interface DesiredObject {
  readonly object: KubernetesObject;
  readonly provenance: Provenance;
  /**
   * 1-based line of a field in `provenance.file`, or undefined where it can't be told (generated, kustomized).
   * Parses the document when first asked; for diffs only.
   */
  lineOf(path: FieldPath): number | undefined;
}
