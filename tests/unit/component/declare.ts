/**
 * Components for tests.
 * @module
 */
import { type Component, type ComponentFile, loadComponent } from "../../../lib/component/mod.ts";

/** A `component.yaml` with a spec, given as YAML from the first column on. */
export function componentFile(spec: string): ComponentFile {
  const lines = spec.trimEnd().split("\n").map((line) => `  ${line}\n`).join("");
  const text = "apiVersion: plumb.thinkube.io/v1alpha1\nkind: Component\n" +
    `metadata: { name: app }\nspec:\n  namespace: apps\n${lines}`;
  return { path: "component.yaml", bytes: new TextEncoder().encode(text) };
}

/** The component of such a file. Its `parameters:`, if it begins with them, are on line 6. */
export function declare(spec: string): Component {
  return loadComponent([componentFile(spec)], { folder: "app" });
}
