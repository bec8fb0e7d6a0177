/**
 * GitHub's own OpenAPI description, held against what is asked and what is answered.
 * @module
 */
import { Ajv, type ValidateFunction } from "ajv";
import formats from "ajv-formats";
import { z } from "zod";

const content = z.record(z.string(), z.object({ schema: z.unknown().optional() }));
const reference = z.object({ $ref: z.string() });
const parameter = z.object({
  name: z.string(),
  in: z.string(),
  required: z.boolean().default(false),
  schema: z.unknown().optional(),
});
const body = z.object({ required: z.boolean().default(false), content });
const response = z.object({ content: content.optional() });
const operation = z.object({
  parameters: z.array(z.unknown()).default([]),
  requestBody: z.unknown().optional(),
  responses: z.record(z.string(), z.unknown()),
});
const openapi = z.object({
  paths: z.record(z.string(), z.record(z.string(), z.unknown())),
  components: z.record(z.string(), z.record(z.string(), z.unknown())),
});

/** What GitHub answers on every route, though only some of them say so. */
const EVERYWHERE = [400, 401, 403, 404, 405, 409, 422, 429];
const named = z.object({ properties: z.record(z.string(), z.unknown()).default({}) });
const branches = z.object({ oneOf: z.array(z.unknown()), anyOf: z.array(z.unknown()) }).partial();

/** What somebody asks: a route as `GET /repos/{owner}/{repo}`, and what fills it. */
export interface Asked {
  readonly route: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  /** Absent without a body. */
  readonly body?: unknown;
}

/** What in a request doesn't fit. */
export interface Misfits {
  /** GitHub refuses it. */
  readonly wrong: readonly string[];
  /** GitHub takes it and does nothing with it, so nobody would see a misspelled name. */
  readonly unknown: readonly string[];
}

/** The description. Schemas are compiled when a route is used for the first time. */
export class Description {
  // A query is text, so numbers in it are made from text; a body is JSON and stays as it is.
  readonly #body = formats.default(new Ajv({ strict: false, logger: false, allErrors: true }));
  readonly #text = formats.default(new Ajv({ strict: false, logger: false, coerceTypes: true }));
  readonly #known = new Set<string>();
  readonly #compiled = new Map<string, ValidateFunction>();

  constructor(readonly document: z.infer<typeof openapi>) {}

  static #loaded: Promise<Description> | undefined;

  /** The description that GitHub publishes, read once and shared with what was compiled of it. */
  static load(): Promise<Description> {
    return Description.#loaded ??= Description.#read();
  }

  static async #read(): Promise<Description> {
    const { default: json } = await import("@octokit/openapi/generated/api.github.com.json", {
      with: { type: "json" },
    });
    return new Description(openapi.parse(json));
  }

  /** Whether a route gives a list in pages. */
  pages(route: string): boolean {
    return this.#parameters(route).some(({ name }) => name === "per_page");
  }

  /** What in a request doesn't fit. */
  request({ route, parameters, query, body: given }: Asked): Misfits {
    const described = this.#operation(route);
    if (described === undefined) return { wrong: [`${route} is not described`], unknown: [] };
    const wrong: string[] = [];
    const known = this.#parameters(route);
    for (const { name, in: place, required, schema } of known) {
      const value = place === "path" ? parameters[name] : place === "query" ? query[name] : "";
      if (place === "header" || (value === undefined && !required)) continue;
      const fits = this.#compile(`${route} ${place} ${name}`, schema, this.#text);
      if (!fits({ value })) wrong.push(`${place} ${name}: ${explain(fits)}`);
    }
    const names = known.filter((each) => each.in === "query").map((each) => each.name);
    const unknown = Object.keys(query).filter((name) => !names.includes(name))
      .map((name) => `query ${name}: is not described`);
    const inBody = this.#requestBody(route, described.requestBody, given);
    return { wrong: [...wrong, ...inBody.wrong], unknown: [...unknown, ...inBody.unknown] };
  }

  /** What in an answer doesn't fit; empty when all does. */
  answer(route: string, status: number, given: unknown): string[] {
    const described = this.#operation(route);
    if (described === undefined) return [`${route} is not described`];
    const own = described.responses[String(status)];
    const schemas = own === undefined
      ? EVERYWHERE.includes(status)
        ? [{ $ref: "#/components/schemas/basic-error" }, {
          $ref: "#/components/schemas/validation-error",
        }]
        : undefined
      : jsonOf(response.parse(this.#resolve(own)).content);
    if (schemas === undefined) return [`status ${status} is not described`];
    // A refusal without a described body has one all the same.
    if (schemas.length === 0) {
      return given === undefined || status >= 400 ? [] : ["body: nothing is described"];
    }
    // One refusal fits several of the forms that the description tells apart.
    const forms = status < 400
      ? schemas
      : schemas.flatMap((schema) => branches.catch({}).parse(schema).oneOf ?? [schema]);
    const fits = this.#compile(`${route} ${status}`, { anyOf: forms }, this.#body);
    return fits({ value: given }) ? [] : [`body: ${explain(fits)}`];
  }

  #requestBody(route: string, given: unknown, value: unknown): Misfits {
    const described = given === undefined ? undefined : body.parse(this.#resolve(given));
    if (value === undefined) {
      return { wrong: described?.required ? ["body: is missing"] : [], unknown: [] };
    }
    if (described === undefined) return { wrong: [], unknown: ["body: is not described"] };
    const [schema] = jsonOf(described.content);
    const fits = this.#compile(`${route} body`, schema, this.#body);
    if (!fits({ value })) return { wrong: [`body: ${explain(fits)}`], unknown: [] };
    const names = this.#namesOf(schema);
    const unknown = Object.keys(z.record(z.string(), z.unknown()).catch({}).parse(value))
      .filter((name) => !names.has(name)).map((name) => `body ${name}: is not described`);
    return { wrong: [], unknown };
  }

  #namesOf(schema: unknown): Set<string> {
    const resolved = this.#resolve(schema);
    const { oneOf = [], anyOf = [] } = branches.catch({}).parse(resolved);
    const more = [...oneOf, ...anyOf].flatMap((each) => [...this.#namesOf(each)]);
    return new Set([
      ...Object.keys(named.catch({ properties: {} }).parse(resolved).properties),
      ...more,
    ]);
  }

  #parameters(route: string): z.infer<typeof parameter>[] {
    return (this.#operation(route)?.parameters ?? [])
      .map((each) => parameter.parse(this.#resolve(each)));
  }

  #operation(route: string): z.infer<typeof operation> | undefined {
    const [method = "", path = ""] = route.split(" ");
    const found = this.document.paths[path]?.[method.toLowerCase()];
    return found === undefined ? undefined : operation.parse(found);
  }

  #resolve(given: unknown): unknown {
    const { success, data } = reference.safeParse(given);
    if (!success) return given;
    const [, , kind = "", name = ""] = data.$ref.split("/");
    return this.document.components[kind]?.[name];
  }

  #compile(key: string, schema: unknown, ajv: Ajv): ValidateFunction {
    const known = this.#compiled.get(key);
    if (known !== undefined) return known;
    const wrapped = { type: "object", required: ["value"], properties: { value: schema } };
    const compiled = ajv.compile(this.#convert(wrapped, ajv) as Record<string, unknown>);
    this.#compiled.set(key, compiled);
    return compiled;
  }

  /** A schema of OpenAPI 3.0 as JSON Schema; the schemas that it refers to become known to the validator. */
  #convert(given: unknown, ajv: Ajv): unknown {
    if (Array.isArray(given)) return given.map((each) => this.#convert(each, ajv));
    const { success, data: schema } = z.record(z.string(), z.unknown()).safeParse(given);
    if (!success) return given;
    if (typeof schema.$ref === "string") return { $ref: this.#refer(schema.$ref, ajv) };
    const { nullable, discriminator: _, example: __, examples: ___, ...rest } = schema;
    const converted = Object.fromEntries(
      Object.entries(rest).map(([name, value]) => [
        name,
        name === "properties" ? this.#convertAll(value, ajv) : this.#convert(value, ajv),
      ]),
    );
    return nullable === true ? { anyOf: [{ type: "null" }, converted] } : converted;
  }

  // A property may be called `nullable` or `example`: names are no keywords.
  #convertAll(given: unknown, ajv: Ajv): unknown {
    return Object.fromEntries(
      Object.entries(z.record(z.string(), z.unknown()).parse(given))
        .map(([name, value]) => [name, this.#convert(value, ajv)]),
    );
  }

  #refer(pointer: string, ajv: Ajv): string {
    const name = pointer.slice("#/components/schemas/".length);
    const key = `${ajv === this.#text ? "text" : "body"} ${name}`;
    if (!this.#known.has(key)) {
      // Before it is converted: a schema may refer to itself.
      this.#known.add(key);
      const schema = this.#convert(this.#resolve({ $ref: pointer }), ajv);
      ajv.addSchema(schema as Record<string, unknown>, name);
    }
    return name;
  }
}

function jsonOf(described: z.infer<typeof content> | undefined): unknown[] {
  const json = described?.["application/json"];
  return json === undefined ? [] : [json.schema];
}

function explain(fits: ValidateFunction): string {
  return (fits.errors ?? []).slice(0, 8).map(({ instancePath, message, params }) =>
    `${instancePath.slice("/value".length)} ${message} ${JSON.stringify(params)}`.trim()
  ).join("; ");
}
