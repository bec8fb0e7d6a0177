/**
 * Renders texts for tests.
 * @module
 */
import {
  type Component,
  type ComponentFile,
  loadComponent,
  type ParameterSources,
  resolveParameters,
} from "../../../lib/component/mod.ts";
import { type DesiredObject, type Kustomize, render } from "../../../lib/render/mod.ts";

/** What a component is rendered with. */
export interface Rendering {
  /** `spec.parameters` of component.yaml as YAML in one line. */
  readonly parameters?: string;
  /** `spec.manifests` of component.yaml as YAML in one line. */
  readonly manifests?: string;
  readonly environment?: ParameterSources["environment"];
  readonly kustomize?: Kustomize;
}

/** Files by their paths, as a source yields them. */
export function toFiles(
  texts: Readonly<Record<string, string | Uint8Array>>,
): ComponentFile[] {
  return Object.entries(texts).map(([path, content]) => ({
    path,
    bytes: typeof content === "string" ? new TextEncoder().encode(content) : content,
  }));
}

/** Renders files; with a `component.yaml` only if the rendering asks for one. */
export async function renderFiles(
  texts: Readonly<Record<string, string | Uint8Array>>,
  rendering: Rendering = {},
): Promise<DesiredObject[]> {
  const { parameters, manifests, environment, kustomize } = rendering;
  const lines = [
    ...(parameters === undefined ? [] : [`  parameters: ${parameters}\n`]),
    ...(manifests === undefined ? [] : [`  manifests: ${manifests}\n`]),
  ];
  const declaration = "apiVersion: plumb.thinkube.io/v1alpha1\nkind: Component\n" +
    `metadata: { name: app }\nspec:\n  namespace: apps\n${lines.join("")}`;
  const files = toFiles(lines.length === 0 ? texts : { ...texts, "component.yaml": declaration });
  const component: Component = loadComponent(files, { folder: "app", namespace: "apps" });
  const values = await resolveParameters(component, { environment });
  return await render({ files, component, parameters: values, kustomize });
}

/** A ConfigMap with more lines, from line 4 on. */
export function configMap(name: string, more = ""): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\n${more}`;
}
