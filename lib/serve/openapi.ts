/** The OpenAPI description, made of the contract. @module */
import { z } from "zod";
import { failure, type Route, ROUTES } from "./contract.ts";

/** A JSON value. */
type Json = Record<string, unknown>;

const ALWAYS: Readonly<Record<number, string>> = {
  400: "The request is not as described",
  401: "Who asks is not known",
  403: "Who asks may not, or the request comes from another site",
  404: "There is no such thing",
  421: "The request is for another host",
  429: "Too many at once",
  500: "A defect of the server",
  503: "The cluster or the source can't be reached",
};

/** Collects schemas with a name as components, and refers to them. */
class Schemas {
  readonly named: Json = {};

  /** What is sent may leave out what has a default, so it can be another schema than what is told. */
  of(schema: z.ZodType, io: "input" | "output"): Json {
    const [given, told] = [z.toJSONSchema(schema, { io }), z.toJSONSchema(schema)];
    const differs = (name: string) =>
      JSON.stringify(given.$defs?.[name]) !== JSON.stringify(told.$defs?.[name]);
    const nameOf = (name: string) => differs(name) ? `${name}Input` : name;
    const { $defs = {}, $schema: _, ...rest } = moved(given, nameOf) as { $defs?: Json } & Json;
    for (const [name, definition] of Object.entries($defs)) this.named[nameOf(name)] = definition;
    return rest;
  }
}

/** With references to where OpenAPI keeps schemas. */
function moved(value: unknown, nameOf: (name: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item) => moved(item, nameOf));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, below]) => {
      const name = key === "$ref" ? /^#\/\$defs\/(.*)$/.exec(below)?.[1] : undefined;
      return name === undefined
        ? [key, moved(below, nameOf)]
        : [key, `#/components/schemas/${nameOf(name)}`];
    }),
  );
}

/**
 * The description of the API, in OpenAPI 3.1.
 *
 * @example
 * ```ts
 * import { openApi } from "./openapi.ts";
 * import assert from "node:assert/strict";
 *
 * const { paths } = openApi("1.0.0");
 * assert.ok("/api/runs/{id}/confirm" in paths);
 * ```
 */
export function openApi(version: string): { readonly paths: Json } & Json {
  const schemas = new Schemas();
  const paths: Record<string, Json> = {};
  for (const [name, route] of Object.entries<Route>(ROUTES)) {
    (paths[route.path] ??= {})[route.method] = operation(name, route, schemas);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Plumb",
      version,
      description: "The dashboard's API. Each POST and DELETE carries the header x-plumb-csrf, " +
        "which `GET /api/me` tells, unless it carries a bearer token.",
    },
    paths,
    components: {
      schemas: schemas.named,
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer", bearerFormat: "JWT" },
        cookie: { type: "apiKey", in: "cookie", name: "plumb-session" },
      },
    },
  };
}

function operation(operationId: string, route: Route, schemas: Schemas): Json {
  const { summary, role, body, form, command, status, failures = {} } = route;
  return {
    operationId,
    summary,
    "x-role": role,
    ...(role === "operator" ? { security: [{ bearer: [] }, { cookie: [] }] } : {}),
    parameters: [
      ...parametersOf(route.parameters, "path", schemas),
      ...parametersOf(route.query, "query", schemas),
      ...(form === "events"
        ? [{ name: "Last-Event-ID", in: "header", schema: { type: "string" } }]
        : []),
    ],
    ...(body === undefined ? {} : {
      requestBody: {
        required: true,
        content: { "application/json": { schema: schemas.of(body, "input") } },
      },
    }),
    ...(command === undefined ? {} : { "x-messages": schemas.of(command, "input") }),
    responses: {
      [status]: answerOf(route, schemas),
      ...Object.fromEntries(
        Object.entries({ ...ALWAYS, ...failures }).map(([code, description]) => [code, {
          description,
          content: { "application/json": { schema: schemas.of(failure, "output") } },
        }]),
      ),
    },
  };
}

const MEDIA = {
  json: "application/json",
  events: "text/event-stream",
  websocket: "application/json",
  text: "text/plain",
} as const;

function answerOf({ answer, form, summary }: Route, schemas: Schemas): Json {
  if (answer === undefined && form !== "text") return { description: "Done" };
  const schema = answer === undefined ? { type: "string" } : schemas.of(answer, "output");
  return { description: summary, content: { [MEDIA[form ?? "json"]]: { schema } } };
}

function parametersOf(
  given: z.ZodObject | undefined,
  place: "path" | "query",
  schemas: Schemas,
): Json[] {
  if (given === undefined) return [];
  const { properties = {}, required = [] } = schemas.of(given, "input") as {
    properties?: Json;
    required?: readonly string[];
  };
  return Object.entries(properties).map(([name, schema]) => (
    { name, in: place, required: place === "path" || required.includes(name), schema }
  ));
}
