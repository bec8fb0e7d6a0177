/**
 * Puts the values of parameters into what a component says about itself.
 * @module
 */
import type { Component } from "./component.ts";
import { lineInComponent } from "./component.ts";
import { missingParameters, placeOf, secretInOther, unknownParameter } from "./parameter_errors.ts";
import type { Parameters } from "./parameters.ts";
import { substitute } from "./reference.ts";

/** The fields of a component that may refer to parameters. */
type Settled = Pick<Component, "manifests" | "requires" | "retain" | "verify" | "discovery">;

/**
 * The component with the references in `manifests`, `requires`, `retain`, `verify` and `discovery` replaced. Secrets
 * are refused: what these fields say is shown.
 *
 * @throws {ComponentError} `unknown-parameter`, `missing-parameter` or `secret-leak`, with the line.
 */
export function settleComponent(component: Component, parameters: Parameters): Component {
  if (component.parameters.size === 0) return component;
  const { manifests, requires, retain, verify, discovery } = component;
  const fields = { manifests, requires, retain, verify, discovery };
  const settled = replace(fields, [], { component, parameters });
  return { ...component, ...settled as Settled };
}

interface Context {
  readonly component: Component;
  readonly parameters: Parameters;
}

function replace(value: unknown, path: readonly (string | number)[], context: Context): unknown {
  if (typeof value === "string") return replaceText(value, path, context);
  if (Array.isArray(value)) {
    return value.map((item, index) => replace(item, [...path, index], context));
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, child]) => [name, replace(child, [...path, name], context)]),
  );
}

function replaceText(
  text: string,
  path: readonly (string | number)[],
  { component, parameters }: Context,
): unknown {
  return substitute(text, (name) => {
    const place = () => ({
      ...placeOf(component, name),
      line: lineInComponent(component, ["spec", ...path]),
    });
    if (!component.parameters.has(name)) throw unknownParameter(component, name, place());
    const parameter = parameters.get(name);
    if (parameter === undefined) throw missingParameters(component, [name]);
    if (parameter.secret) throw secretInOther(name, place());
    return parameter.value;
  });
}
