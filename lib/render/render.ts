/**
 * Files become the objects that Git wants.
 * @module
 */
import type { Component, ComponentFile, Parameters } from "../component/mod.ts";
import { describePlace } from "../errors.ts";
import { describe, keyOf, referenceOf } from "../object.ts";
import { concretePath } from "./concrete_path.ts";
import { type Declaration, readDeclarations } from "./documents.ts";
import { RenderError } from "./errors.ts";
import { buildKustomization, findKustomization, type Kustomize } from "./kustomize.ts";
import { toObject } from "./object.ts";
import { decodeFile, selectManifests } from "./select.ts";
import type { DesiredObject } from "./types.ts";
import { resolveValue } from "./value.ts";

/** What is rendered. */
export interface RenderOptions {
  /** All files of the component's folder. */
  readonly files: readonly ComponentFile[];
  readonly component: Component;
  readonly parameters: Parameters;
  /** Runs `kustomize build` on a folder; needed only if the folder has a kustomization. */
  readonly kustomize?: Kustomize | undefined;
}

/**
 * Renders the manifests of a component. With a kustomization at the folder's root, kustomize decides which files
 * count; otherwise `spec.manifests` does. Objects come in the order of files and of documents in them.
 *
 * @throws {RenderError} with file and line.
 *
 * @example
 * ```ts
 * import { loadComponent } from "../component/mod.ts";
 * import { render } from "./mod.ts";
 * import assert from "node:assert/strict";
 *
 * const bytes = new TextEncoder().encode("apiVersion: v1\nkind: Namespace\nmetadata:\n  name: cvat\n");
 * const files = [{ path: "namespace.yaml", bytes }];
 * const component = loadComponent(files, { folder: "cvat" });
 * const [namespace] = await render({ files, component, parameters: new Map() });
 * assert.deepEqual(namespace?.provenance, { file: "namespace.yaml", line: 1 });
 * assert.equal(namespace?.lineOf([{ field: "metadata" }, { field: "name" }]), 4);
 * ```
 */
export async function render(options: RenderOptions): Promise<DesiredObject[]> {
  const { files, component } = options;
  const kustomization = findKustomization(files);
  const declarations = kustomization === undefined
    ? selectManifests(files, component.manifests).flatMap((file) =>
      readDeclarations(decodeFile(file))
    )
    : await buildKustomization(files, kustomization, options.kustomize);
  const objects = declarations.map((declaration) => toDesired(declaration, options));
  refuseDuplicates(objects, component.namespace);
  return objects;
}

function toDesired(declaration: Declaration, options: RenderOptions): DesiredObject {
  const object = toObject(declaration, resolveValue(declaration, options));
  return {
    object,
    provenance: declaration.provenance,
    lineOf(path) {
      const steps = concretePath(object, path);
      return steps === undefined ? undefined : declaration.lineOf(steps);
    },
  };
}

/** An object without a namespace is in that of the component, so both forms name the same object. */
function refuseDuplicates(objects: readonly DesiredObject[], namespace: string): void {
  const seen = new Map<string, DesiredObject>();
  for (const desired of objects) {
    const reference = { namespace, ...referenceOf(desired.object) };
    const key = keyOf(reference);
    const first = seen.get(key);
    if (first !== undefined) {
      throw new RenderError(
        "duplicate",
        `${describe(referenceOf(desired.object))} is declared twice, first at ${
          describePlace(first.provenance)
        }`,
        { place: desired.provenance, hint: "Remove one of the two, or give it another name." },
      );
    }
    seen.set(key, desired);
  }
}
