/** A component's folder as the dashboard reads it, and what of it is shown. @module */
import { type Component, isRequired, loadComponent, type Parameters } from "../component/mod.ts";
import type { Declared } from "../serve/mod.ts";
import type { Source, SourceFile } from "../source/mod.ts";
import { type PlannedCheck, titleOf } from "../verify/mod.ts";
import { checksIn } from "./verify.ts";

/** A component's folder, in the source as it was last read. */
export interface Folder {
  readonly folder: string;
  /** Without values, as `component.yaml` says it. */
  readonly component: Component | undefined;
  readonly source: Source;
  /** Why the component can't be read. */
  readonly error?: unknown;
}

/** A folder of the source as a source of its own. */
export function readFolder(folder: string, root: Source, files: readonly SourceFile[]): Folder {
  const tree = `${root.tree}/${folder}`;
  const source: Source = { ...root, tree, files: () => Promise.resolve(files) };
  try {
    return { folder, source, component: loadComponent(files, { folder }) };
  } catch (error) {
    return { folder, source, component: undefined, error };
  }
}

/** The state of Git that was read. */
export function revisionOf(
  { url, ref, revision, subject, author, time }: Source,
): Declared["revision"] {
  return {
    url,
    revision,
    ...(ref === undefined ? {} : { ref }),
    ...(subject === undefined ? {} : { subject }),
    ...(author === undefined ? {} : { author }),
    ...(time === undefined ? {} : { time: new Date(time).toISOString() }),
  };
}

/** Whether somebody has given a parameter a value. */
export type Given = (name: string) => boolean;

/** Parameters, with values that are not secret. */
export function rowsOf(
  component: Component,
  known: Parameters,
  isGiven: Given,
): Declared["parameters"] {
  return [...component.parameters].map(([name, declaration]) => {
    const { type, description, secret = false, values, default: fallback, secretRef } = declaration;
    const origin = isGiven(name) || secretRef !== undefined ? "given" : "default";
    const value = known.get(name);
    return {
      name,
      type,
      description,
      secret,
      required: isRequired(declaration),
      ...(values === undefined ? {} : { values: [...values] }),
      ...(fallback === undefined ? {} : { default: fallback }),
      // Secret values write themselves as such.
      ...(value === undefined ? {} : { value: String(value), origin }),
    };
  });
}

/** The checks of a component, or what is wrong with their settings. */
export function checksOf(component: Component): Pick<Declared, "checks" | "checksError"> {
  const { verify } = component;
  if (verify === undefined) return { checks: undefined };
  try {
    return { checks: checksIn(component).map(shown) };
  } catch (error) {
    return { checks: undefined, checksError: error };
  }
}

function shown(planned: PlannedCheck) {
  return { name: planned.name, title: titleOf(planned), proves: planned.check.proves };
}
