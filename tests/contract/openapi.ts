/** Holds an exchange over HTTP against an OpenAPI 3.0 description, as its owner has published it. */
import { Ajv, type ValidateFunction } from "ajv";
import addFormats from "ajv-formats";
import { isMap } from "../../lib/field_path.ts";

/** A request, its body read as what its content type says. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly contentType: string;
  readonly body: unknown;
}

/** Its answer. */
export interface Answered {
  readonly status: number;
  readonly contentType: string;
  readonly body: unknown;
}

type Json = Readonly<Record<string, unknown>>;

/** A description, and what it has to say of exchanges. */
export class Description {
  readonly #document: Json;
  readonly #paths: readonly { readonly template: string; readonly pattern: RegExp }[];
  readonly #ajv = new Ajv({ strict: false, allErrors: true, coerceTypes: false });
  readonly #compiled = new Map<string, ValidateFunction>();

  constructor(document: unknown) {
    this.#document = map(withNull(document));
    addFormats.default(this.#ajv);
    for (const ignored of ["binary", "int32", "int64", "double", "float"]) {
      this.#ajv.addFormat(ignored, true);
    }
    this.#ajv.addSchema({ $id: "description", components: this.#document["components"] });
    this.#paths = Object.keys(map(this.#document["paths"]))
      .sort((one, other) => one.split("{").length - other.split("{").length)
      .map((template) => ({
        template,
        pattern: new RegExp(`^${template.replace(/\/$/, "").replaceAll(/\{[^}]+\}/g, "[^/]+")}/?$`),
      }));
  }

  /** What is wrong with a request; undefined when the description does not know of such an operation. */
  request(asked: Asked): readonly string[] | undefined {
    const operation = this.#operation(asked);
    if (operation === undefined) return undefined;
    return [...this.#query(operation, asked.query), ...this.#body(operation, asked)];
  }

  /** What is wrong with an answer. Refusals need not be described. */
  answer(asked: Asked, { status, contentType, body }: Answered): readonly string[] | undefined {
    const operation = this.#operation(asked);
    if (operation === undefined) return undefined;
    const described = map(operation["responses"])[String(status)];
    if (described === undefined) {
      return status >= 300
        ? []
        : [`${asked.method} ${asked.path}: status ${status} is not described`];
    }
    const content = map(map(described)["content"]);
    if (Object.keys(content).length === 0) return [];
    const schema = map(content[contentType.split(";")[0] ?? ""])["schema"];
    if (schema === undefined) {
      return [`${asked.path}: content type ${contentType} is not described`];
    }
    return this.#judge(`answer ${asked.method} ${asked.path} ${status}`, schema, body);
  }

  #operation({ method, path }: Asked): Json | undefined {
    const found = this.#paths.find(({ pattern }) => pattern.test(path));
    if (found === undefined) return undefined;
    const item = map(map(this.#document["paths"])[found.template])[method.toLowerCase()];
    return isMap(item) ? item : undefined;
  }

  #query(operation: Json, query: URLSearchParams): string[] {
    const parameters = (operation["parameters"] as readonly Json[] | undefined ?? [])
      .filter((parameter) => parameter["in"] === "query");
    const known = new Map(parameters.map((parameter) => [String(parameter["name"]), parameter]));
    const missing = parameters.filter(({ name, required }) =>
      required === true && !query.has(String(name))
    ).map(({ name }) => `the query lacks ${name}`);
    const wrong = [...query].flatMap(([name, value]) => {
      const schema = known.get(name)?.["schema"];
      if (schema === undefined) return [`the query has ${name}, which is not described`];
      return this.#judge(`query ${name}`, schema, typed(value, map(schema)["type"]));
    });
    return [...missing, ...wrong];
  }

  #body(operation: Json, asked: Asked): readonly string[] {
    const described = map(operation["requestBody"]);
    const content = map(described["content"]);
    if (asked.body === undefined) {
      return described["required"] === true ? [`${asked.path}: a body is required`] : [];
    }
    const schema = map(content[asked.contentType.split(";")[0] ?? ""])["schema"];
    if (schema === undefined) {
      return [`${asked.method} ${asked.path}: a body of ${asked.contentType} is not described`];
    }
    return this.#judge(`request ${asked.method} ${asked.path}`, schema, asked.body, true);
  }

  #judge(what: string, schema: unknown, value: unknown, closed = false): readonly string[] {
    const text = JSON.stringify(schema);
    const validate = this.#compiled.get(text) ??
      this.#ajv.compile(JSON.parse(text.replaceAll('"#/components', '"description#/components')));
    this.#compiled.set(text, validate);
    const wrong = validate(value)
      ? []
      : (validate.errors ?? []).map(({ instancePath, message }) =>
        `${what}: ${instancePath} ${message}`
      );
    return [...wrong, ...(closed ? this.#unknown(what, schema, value) : [])];
  }

  /** Fields that the description does not have: a slip of the client, which servers overlook. */
  #unknown(what: string, schema: unknown, value: unknown): string[] {
    const reference = map(schema)["$ref"];
    const name = typeof reference === "string" ? reference.split("/").at(-1) : undefined;
    const named = name === undefined
      ? schema
      : map(map(this.#document["components"])["schemas"])[name];
    const properties = map(map(named)["properties"]);
    if (!isMap(value) || Object.keys(properties).length === 0) return [];
    return Object.keys(value).filter((field) => !Object.hasOwn(properties, field))
      .map((field) => `${what}: the field ${field} is not described`);
  }
}

function map(value: unknown): Json {
  return isMap(value) ? value : {};
}

function typed(value: string, type: unknown): unknown {
  if (type === "integer" || type === "number") return Number(value);
  // Python's client writes its own words.
  if (type === "boolean") return /^(true|false)$/i.test(value) ? /true/i.test(value) : value;
  return value;
}

/** What OpenAPI 3.0 calls nullable, as JSON Schema has it. */
function withNull(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withNull);
  if (!isMap(value)) return value;
  const { nullable, ...rest } = Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, withNull(inner)]),
  );
  return nullable === true ? { anyOf: [{ type: "null" }, rest] } : rest;
}
