/**
 * What there is to say about a parameter that is missing, unknown, or where it must not be.
 * @module
 */
import type { Place } from "../errors.ts";
import { nearestName } from "../suggest.ts";
import { type Component, COMPONENT_FILE, lineInComponent } from "./component.ts";
import { ComponentError } from "./errors.ts";

/**
 * The environment variable that gives a parameter its value.
 *
 * @example
 * ```ts
 * import { environmentName } from "./parameter_errors.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(environmentName("oauth2ClientSecret"), "PLUMB_PARAMETER_OAUTH2_CLIENT_SECRET");
 * ```
 */
export function environmentName(parameter: string): string {
  const words = parameter.replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2");
  return `PLUMB_PARAMETER_${words.toUpperCase()}`;
}

/** Where a parameter is declared. */
export function placeOf(component: Component, name: string): Place {
  return {
    file: component.file?.path ?? COMPONENT_FILE,
    line: lineInComponent(component, ["spec", "parameters", name]),
  };
}

/** The ways to give a parameter a value, as a sentence. */
export function waysToSet(component: Component, name: string): string {
  const declaration = component.parameters.get(name);
  const { namespace, name: secret, key } = declaration?.secretRef ?? {};
  return [
    ...(declaration?.secret ? [] : [`--set ${name}=VALUE`]),
    "--parameters FILE",
    environmentName(name),
    ...(secret === undefined ? [] : [`key ${key} of Secret ${namespace}/${secret}`]),
  ].join(", or ");
}

/** `missing-parameter`: required parameters that no source has. */
export function missingParameters(component: Component, names: readonly string[]): ComponentError {
  const list = names.map((name) => {
    const { line } = placeOf(component, name);
    const { description } = component.parameters.get(name) ?? {};
    return `${name} (${COMPONENT_FILE}:${line ?? 1}, ${description})`;
  });
  const [first = ""] = names;
  return new ComponentError(
    "missing-parameter",
    `No value is given for ${names.length === 1 ? "the parameter" : "the parameters"} ${
      list.join("; ")
    }`,
    { place: placeOf(component, first), hint: `Give ${first} by ${waysToSet(component, first)}.` },
  );
}

/** `unknown-parameter`: a name that `component.yaml` does not declare. */
export function unknownParameter(component: Component, name: string, place: Place): ComponentError {
  return new ComponentError("unknown-parameter", `There is no parameter ${name}`, {
    place,
    hint: suggestParameter(component, name),
  });
}

/** What an unknown name may have been meant to be. */
export function suggestParameter({ parameters }: Component, name: string): string {
  const meant = nearestName(name, parameters.keys());
  if (meant !== undefined) return `Did you mean ${meant}?`;
  return parameters.size === 0
    ? `Declare it in ${COMPONENT_FILE}, under spec.parameters.`
    : `Declared are ${[...parameters.keys()].join(", ")}.`;
}

/** `secret-leak`: a secret goes into something that is shown. */
export function secretInOther(name: string, place: Place): ComponentError {
  return new ComponentError("secret-leak", `The secret parameter ${name} would be shown here`, {
    place,
    hint: "Refer to it in an object of kind Secret, GeneratedSecret or KeycloakClient only.",
  });
}
