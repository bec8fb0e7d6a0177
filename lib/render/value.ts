/**
 * Copies a declaration while parameters are put in, within limits on its size.
 * @module
 */
import {
  type Component,
  type Parameters,
  substitute,
  suggestParameter,
  type Value,
} from "../component/mod.ts";
import type { Place } from "../errors.ts";
import { ANNOTATION, API_VERSION } from "../names.ts";
import { isMap } from "../field_path.ts";
import { MAX_DEPTH } from "../yaml.ts";
import type { Declaration } from "./documents.ts";
import { RenderError } from "./errors.ts";

/** How many scalars and collections one declaration may have when its aliases are written out. */
const MAX_NODES = 200_000;

/** Kinds that secret parameters may enter, outside of metadata: what they hold is never shown. */
const SECRET_KINDS: ReadonlySet<string> = new Set([
  "v1/Secret",
  `${API_VERSION}/GeneratedSecret`,
  `${API_VERSION}/KeycloakClient`,
  `${API_VERSION}/PodFile`,
]);

/**
 * Maps of free keys to text, in which the API server reads null as empty text: `node-role.kubernetes.io/worker:` is
 * a label.
 */
const MAPS_OF_TEXT: ReadonlySet<unknown> = new Set([
  "annotations",
  "binaryData",
  "data",
  "labels",
  "matchLabels",
  "nodeSelector",
  "parameters",
  "selector",
  "stringData",
]);

/**
 * Whether null means that a field is not set. Server-side apply would own such a field and undo what others set
 * there (seen on 1.34 with `replicas: null`). In custom resources null can mean something (the values of a Helm
 * release), and so it can in the schemas of their definitions.
 */
function isBuiltIn(apiVersion: unknown): boolean {
  const group = /^(.*)\//.exec(String(apiVersion))?.[1] ?? "";
  return group !== "apiextensions.k8s.io" && (!group.includes(".") || group.endsWith(".k8s.io"));
}

/** The parameters of a component. */
export interface SubstitutionOptions {
  readonly component: Component;
  readonly parameters: Parameters;
}

/**
 * The value of a declaration, without shared parts, with the parameters in their places if the component declares
 * any and the object doesn't opt out.
 *
 * A text that is one reference takes the parameter's type, also if it is quoted; a field whose whole value is an
 * optional parameter without a value is left out. So are fields of built-in kinds that are null.
 *
 * @throws {RenderError} `unknown-parameter`, `secret-leak`, `alias-bomb` or `too-deep`, with the line.
 */
export function resolveValue(declaration: Declaration, options: SubstitutionOptions): unknown {
  const isOn = options.component.parameters.size > 0 && !optsOut(declaration.value);
  return new Copy(declaration, isOn ? options : undefined).value(declaration.value);
}

/**
 * The value of a declaration, without shared parts.
 *
 * @throws {RenderError} `alias-bomb` or `too-deep`
 */
export function expandValue(declaration: Declaration): unknown {
  return new Copy(declaration, undefined).value(declaration.value);
}

function optsOut(value: unknown): boolean {
  const metadata = isMap(value) ? value["metadata"] : undefined;
  const annotations = isMap(metadata) ? metadata["annotations"] : undefined;
  return isMap(annotations) && annotations[ANNOTATION.substitute] === "disabled";
}

/** One copy under way: knows where it is, for errors. */
class Copy {
  readonly #declaration: Declaration;
  readonly #options: SubstitutionOptions | undefined;
  readonly #path: (string | number)[] = [];
  readonly #dropsNull: boolean;
  #nodes = 0;

  constructor(declaration: Declaration, options: SubstitutionOptions | undefined) {
    this.#declaration = declaration;
    this.#options = options;
    this.#dropsNull = isMap(declaration.value) && isBuiltIn(declaration.value["apiVersion"]);
  }

  /** Undefined only for a field whose parameter has no value. */
  value(source: unknown, isField = false): unknown {
    if (++this.#nodes > MAX_NODES) throw this.#tooMany();
    if (typeof source === "string") return this.#text(source, isField ? "field" : "item");
    if (typeof source !== "object" || source === null) return source;
    if (this.#path.length > MAX_DEPTH) throw this.#tooDeep();
    return Array.isArray(source)
      ? this.#list(source)
      : this.#map(source as Readonly<Record<string, unknown>>);
  }

  #list(source: readonly unknown[]): unknown[] {
    return source.map((item, index) => {
      this.#path.push(index);
      const value = this.value(item);
      this.#path.pop();
      return value;
    });
  }

  #map(source: Readonly<Record<string, unknown>>): Record<string, unknown> {
    const map: Record<string, unknown> = {};
    const dropsNull = this.#dropsNull && !MAPS_OF_TEXT.has(this.#path.at(-1));
    for (const key in source) {
      this.#path.push(key);
      const name = String(this.#text(key, "key"));
      const value = this.value(source[key], true);
      if (value !== undefined && !(dropsNull && value === null)) map[name] = value;
      this.#path.pop();
    }
    return map;
  }

  #text(source: string, role: "field" | "item" | "key"): Value | undefined {
    const options = this.#options;
    if (options === undefined || !source.includes("${")) return source;
    return substitute(source, (name, isAlone) => {
      const parameter = options.parameters.get(name);
      if (parameter?.secret && (role === "key" || !this.#mayHoldSecrets())) throw this.#leak(name);
      if (parameter !== undefined) return parameter.value;
      if (!options.component.parameters.has(name)) throw this.#unknown(name, options.component);
      if (isAlone && role === "field") return undefined;
      throw this.#withoutValue(name);
    });
  }

  #mayHoldSecrets(): boolean {
    const { value } = this.#declaration;
    return isMap(value) && SECRET_KINDS.has(`${value["apiVersion"]}/${value["kind"]}`) &&
      !["metadata", "apiVersion", "kind"].includes(String(this.#path[0]));
  }

  #place(): Place {
    const { provenance, lineOf } = this.#declaration;
    return { file: provenance.file, line: lineOf(this.#path) ?? provenance.line };
  }

  #unknown(name: string, component: Component): RenderError {
    return new RenderError("unknown-parameter", `There is no parameter ${name}`, {
      place: this.#place(),
      hint: `${
        suggestParameter(component, name)
      } For the text \${${name}} itself write $\${${name}}.`,
    });
  }

  #withoutValue(name: string): RenderError {
    return new RenderError(
      "unknown-parameter",
      `The parameter ${name} has no value, but one is needed here`,
      {
        place: this.#place(),
        hint:
          "Give it one, give it a default, or make it the whole value of a field, which is then left out.",
      },
    );
  }

  #leak(name: string): RenderError {
    const { value } = this.#declaration;
    const kind = isMap(value) ? String(value["kind"]) : "object";
    return new RenderError(
      "secret-leak",
      `The secret parameter ${name} would be readable in this ${kind}`,
      {
        place: this.#place(),
        hint: "Put it into a Secret, outside of its metadata, and refer to that.",
      },
    );
  }

  #tooMany(): RenderError {
    return new RenderError(
      "alias-bomb",
      `The document has more than ${MAX_NODES} values when its aliases are written out`,
      { place: this.#declaration.provenance, hint: "Divide it, or use fewer aliases." },
    );
  }

  #tooDeep(): RenderError {
    return new RenderError("too-deep", `The document is nested deeper than ${MAX_DEPTH} levels`, {
      place: this.#declaration.provenance,
      hint: "See whether an alias contains itself.",
    });
  }
}
