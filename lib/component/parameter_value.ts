/**
 * The value of one parameter: checked against its type, and hidden if it is secret.
 * @module
 */
import { MASKED } from "../event.ts";
import type { Value } from "./reference.ts";
import type { ParameterDeclaration } from "./schema.ts";

/** A value that shows itself only to who asks for it: a secret one is masked in JSON and in what is printed. */
export class ParameterValue {
  readonly #value: Value;

  constructor(value: Value, readonly secret: boolean) {
    this.#value = value;
  }

  /** The value itself, secret or not. */
  get value(): Value {
    return this.#value;
  }

  /** What may be shown. */
  toJSON(): Value {
    return this.secret ? MASKED : this.#value;
  }

  /** What may be shown. */
  toString(): string {
    return String(this.toJSON());
  }

  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

/** A value of the declared type, or what is wrong with what was given. */
export type Reading = { readonly value: Value } | { readonly problem: string };

/**
 * Reads a value as its declaration wants it. The problem never quotes the value.
 *
 * @param given text from the command line, the environment or a Secret; also numbers and booleans from YAML.
 *
 * @example
 * ```ts
 * import { readValue } from "./parameter_value.ts";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(readValue({ type: "integer", description: "How many" }, "3"), { value: 3 });
 * assert.deepEqual(readValue({ type: "integer", description: "How many" }, "three"), {
 *   problem: "must be a whole number",
 * });
 * ```
 */
export function readValue(declaration: ParameterDeclaration, given: unknown): Reading {
  const reading = readType(declaration, given);
  const { pattern } = declaration;
  if ("problem" in reading || pattern === undefined) return reading;
  return new RegExp(`^(?:${pattern})$`, "u").test(String(reading.value))
    ? reading
    : { problem: `must match the pattern ${pattern}` };
}

function readType({ type, values }: ParameterDeclaration, given: unknown): Reading {
  switch (type) {
    case "integer":
      return readInteger(given);
    case "boolean":
      return readBoolean(given);
    case "quantity":
      return readText(typeof given === "number" ? String(given) : given, type);
    case "enum":
      return typeof given === "string" && values?.includes(given)
        ? { value: given }
        : { problem: `must be one of ${values?.join(", ")}` };
    default:
      return readText(given, type);
  }
}

function readInteger(given: unknown): Reading {
  const value = typeof given === "string" && /^[-+]?[0-9]+$/.test(given) ? Number(given) : given;
  return typeof value === "number" && Number.isSafeInteger(value)
    ? { value }
    : { problem: "must be a whole number" };
}

function readBoolean(given: unknown): Reading {
  if (given === true || given === "true") return { value: true };
  if (given === false || given === "false") return { value: false };
  return { problem: "must be true or false" };
}

type TextType = Exclude<ParameterDeclaration["type"], "integer" | "boolean" | "enum">;

const HOSTNAME =
  /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$/;
/** As Kubernetes' resource.Quantity is written. */
const QUANTITY = /^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?$/;
/** The grammar of distribution/reference: registry, path, tag, digest. */
const IMAGE =
  /^([a-zA-Z0-9.-]+(:[0-9]+)?\/)?[a-z0-9]+([._/-]+[a-z0-9]+)*(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@sha256:[0-9a-f]{64})?$/;

const TEXT_TYPES: Readonly<
  Record<TextType, readonly [isValid: (text: string) => boolean, problem: string]>
> = {
  string: [() => true, "must be text"],
  hostname: [
    (text) => HOSTNAME.test(text),
    "must be a host name in lower case, such as example.com",
  ],
  quantity: [(text) => QUANTITY.test(text), "must be a quantity, such as 500m or 20Gi"],
  url: [(text) => /^[a-z][a-z0-9+.-]*:\/\//.test(text) && URL.canParse(text), "must be a URL"],
  image: [
    (text) => IMAGE.test(text),
    "must be a container image, such as registry.example.com/app:1.0",
  ],
};

function readText(given: unknown, type: TextType): Reading {
  const [isValid, problem] = TEXT_TYPES[type];
  if (typeof given !== "string") return { problem: `${problem}: quote it in YAML` };
  return isValid(given) ? { value: given } : { problem };
}
