/**
 * Gives the parameters of a component their values.
 * @module
 */
import type { Place } from "../errors.ts";
import type { Component } from "./component.ts";
import { ComponentError } from "./errors.ts";
import type { TextFile } from "./explain.ts";
import { type Given, readFile, readSet } from "./given.ts";
import {
  environmentName,
  missingParameters,
  placeOf,
  secretInOther,
  unknownParameter,
} from "./parameter_errors.ts";
import { ParameterValue, readValue } from "./parameter_value.ts";
import { referencesIn, substitute, type Value } from "./reference.ts";
import type { ParameterDeclaration, SecretReference } from "./schema.ts";

/** Values of parameters, by name. An optional parameter without a value is not in it. */
export type Parameters = ReadonlyMap<string, ParameterValue>;

/** Where values come from; the first that has one decides. */
export interface ParameterSources {
  /** `NAME=VALUE` from the command line. Refused for secret parameters: others can read a command line. */
  readonly set?: readonly string[] | undefined;
  /** A file that maps names to values. */
  readonly file?: TextFile | undefined;
  /** Environment variables by name, of which those of {@link environmentName} count, unless they are empty. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
  /** Reads a key of a Secret of the cluster; undefined if there is no such Secret or key. */
  readonly readSecret?: (reference: SecretReference) => Promise<string | undefined>;
  /** Required parameters may be missing: who needs only some of them is told when one of those is. */
  readonly partial?: boolean;
  /** Leave out values of parameters that this component does not declare: another revision of it does. */
  readonly ignoresUnknown?: boolean;
}

/**
 * Settles the values of all parameters: from the command line, a file, the environment, a Secret of the cluster,
 * or the default, in this order.
 *
 * @throws {ComponentError} `unknown-parameter`, `missing-parameter`, `wrong-type`, `cycle`, `secret-leak`, or
 * `yaml` for the file of parameters.
 *
 * @example
 * ```ts
 * import { loadComponent, resolveParameters } from "./mod.ts";
 * import assert from "node:assert/strict";
 *
 * const text = `
 * apiVersion: plumb.thinkube.io/v1alpha1
 * kind: Component
 * metadata: { name: cvat }
 * spec:
 *   namespace: cvat
 *   parameters:
 *     domain: { type: hostname, description: Domain of the platform }
 *     host: { type: hostname, default: "cvat.\${domain}", description: Host of the application }
 * `;
 * const files = [{ path: "component.yaml", bytes: new TextEncoder().encode(text) }];
 * const component = loadComponent(files, { folder: "cvat" });
 * const parameters = await resolveParameters(component, { set: ["domain=example.com"] });
 * assert.equal(parameters.get("host")?.value, "cvat.example.com");
 * ```
 */
export async function resolveParameters(
  component: Component,
  sources: ParameterSources = {},
): Promise<Parameters> {
  const resolution = new Resolution(component, sources);
  const values = new Map<string, ParameterValue>();
  const missing: string[] = [];
  for (const [name, declaration] of component.parameters) {
    const value = await resolution.resolve(name);
    if (value !== undefined) values.set(name, value);
    else if (isRequired(declaration)) missing.push(name);
  }
  if (missing.length > 0 && !sources.partial) throw missingParameters(component, missing);
  return values;
}

/** Whether a run can't go on without a value. */
export function isRequired({ required, default: fallback }: ParameterDeclaration): boolean {
  return required ?? fallback === undefined;
}

/** One run of settling values; remembers what is settled and what is being settled. */
class Resolution {
  readonly #component: Component;
  readonly #sources: ParameterSources;
  readonly #set: ReadonlyMap<string, Given>;
  readonly #file: ReadonlyMap<string, Given>;
  readonly #resolved = new Map<string, ParameterValue | undefined>();
  readonly #open: string[] = [];

  constructor(component: Component, sources: ParameterSources) {
    this.#component = component;
    this.#sources = sources;
    const unknown = sources.ignoresUnknown ? "ignored" : "refused";
    this.#set = readSet(component, sources.set ?? [], unknown);
    this.#file = readFile(component, sources.file, unknown);
  }

  async resolve(name: string): Promise<ParameterValue | undefined> {
    if (this.#resolved.has(name)) return this.#resolved.get(name);
    const declaration = this.#component.parameters.get(name);
    if (declaration === undefined) {
      throw unknownParameter(this.#component, name, this.#place(this.#open.at(-1) ?? name));
    }
    if (this.#open.includes(name)) {
      throw new ComponentError(
        "cycle",
        `Parameters refer in a circle: ${[...this.#open, name].join(" → ")}`,
        {
          place: this.#place(name),
          hint: "Give one of them a value of its own.",
        },
      );
    }
    this.#open.push(name);
    const given = await this.#find(name, declaration);
    const value = given === undefined ? undefined : this.#check(name, declaration, given);
    this.#open.pop();
    this.#resolved.set(name, value);
    return value;
  }

  async #find(name: string, declaration: ParameterDeclaration): Promise<Given | undefined> {
    const given = this.#set.get(name) ?? this.#file.get(name);
    if (given !== undefined) return given;
    const variable = environmentName(name);
    const text = this.#sources.environment?.[variable];
    // Continuous integration sets variables of absent secrets to nothing.
    if (text !== undefined && text !== "") return { value: text, from: variable };
    return await this.#findInSecret(declaration) ?? await this.#findDefault(name, declaration);
  }

  async #findInSecret({ secretRef }: ParameterDeclaration): Promise<Given | undefined> {
    if (secretRef === undefined || this.#sources.readSecret === undefined) return undefined;
    const reference = {
      namespace: await this.#expand(secretRef.namespace),
      name: await this.#expand(secretRef.name),
      key: await this.#expand(secretRef.key),
    };
    const value = await this.#sources.readSecret(reference);
    const { namespace, name, key } = reference;
    return value === undefined
      ? undefined
      : { value, from: `key ${key} of Secret ${namespace}/${name}` };
  }

  async #findDefault(name: string, declaration: ParameterDeclaration): Promise<Given | undefined> {
    const { default: fallback } = declaration;
    if (fallback === undefined) return undefined;
    const place = this.#place(name);
    if (typeof fallback !== "string") return { value: fallback, from: "its default", place };
    if (this.#sources.partial && await this.#lacks(fallback)) return undefined;
    return { value: await this.#expand(fallback), from: "its default", place };
  }

  /** Whether a text refers to a parameter without a value. */
  async #lacks(text: string): Promise<boolean> {
    for (const name of referencesIn(text)) {
      if (this.#component.parameters.has(name) && await this.resolve(name) === undefined) {
        return true;
      }
    }
    return false;
  }

  /** Replaces references to other parameters, which must not be secret: what they go into may be shown. */
  async #expand(text: string): Promise<string> {
    const values = new Map<string, Value>();
    for (const name of referencesIn(text)) {
      const value = await this.resolve(name);
      const place = this.#place(this.#open.at(-1) ?? name);
      if (value === undefined) throw missingParameters(this.#component, [name]);
      if (value.secret) throw secretInOther(name, place);
      values.set(name, value.value);
    }
    return String(substitute(text, (name) => values.get(name)));
  }

  #check(name: string, declaration: ParameterDeclaration, given: Given): ParameterValue {
    const reading = readValue(declaration, given.value);
    const secret = declaration.secret ?? false;
    if ("value" in reading) return new ParameterValue(reading.value, secret);
    const shown = secret ? "" : ` is ${JSON.stringify(given.value)} and`;
    throw new ComponentError(
      "wrong-type",
      `The parameter ${name} from ${given.from}${shown} ${reading.problem}`,
      {
        place: given.place ?? this.#place(name),
        hint: declaration.description,
      },
    );
  }

  #place(name: string): Place {
    return placeOf(this.#component, name);
  }
}
