/** Keycloak's admin API, as far as a client needs it, for the demo: clients in memory, and one administrator. @module */
import { z } from "zod";

/** A running server. */
export interface KeycloakStandIn extends AsyncDisposable {
  readonly url: string;
  readonly username: string;
  readonly password: string;
}

const client = z.looseObject({ clientId: z.string(), secret: z.string().optional() });
const mapper = z.looseObject({ name: z.string() });

interface Stored {
  readonly id: string;
  fields: z.output<typeof client>;
}

/** Starts it on a free port of loopback. */
export function startKeycloakStandIn(): KeycloakStandIn {
  const [username, password, token] = ["admin", crypto.randomUUID(), crypto.randomUUID()];
  const clients = new Map<string, Stored>();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname.endsWith("/protocol/openid-connect/token")) {
      const form = await request.formData();
      const known = form.get("username") === username && form.get("password") === password;
      return known ? Response.json({ access_token: token }) : new Response(null, { status: 401 });
    }
    if (request.headers.get("authorization") !== `Bearer ${token}`) {
      return new Response(null, { status: 401 });
    }
    const [, id, rest] = /^\/admin\/realms\/[^/]+\/clients(?:\/([^/]+))?(\/.*)?$/.exec(pathname) ??
      [];
    const body = request.body === null ? undefined : await request.json() as unknown;
    return answer(clients, {
      method: request.method,
      id,
      rest,
      body,
      wanted: searchParams.get("clientId"),
    });
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    username,
    password,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

interface Asked {
  readonly method: string;
  readonly id: string | undefined;
  /** What follows the id in the path. */
  readonly rest: string | undefined;
  readonly body: unknown;
  readonly wanted: string | null;
}

function answer(clients: Map<string, Stored>, { method, id, rest, body, wanted }: Asked): Response {
  const done = (status: number) => new Response(null, { status });
  if (id === undefined && method === "GET") {
    const found = [...clients.values()].filter(({ fields }) => fields.clientId === wanted);
    return Response.json(
      found.map(({ id, fields: { secret: _, ...shown } }) => ({ id, ...shown })),
    );
  }
  if (id === undefined) {
    const fields = client.parse(body);
    const mappers = mappersOf(fields).map((made) => ({ id: crypto.randomUUID(), ...made }));
    const stored = { id: crypto.randomUUID(), fields: { ...fields, protocolMappers: mappers } };
    clients.set(stored.id, stored);
    return done(201);
  }
  const stored = clients.get(id);
  if (stored === undefined) return done(404);
  if (rest === "/client-secret") return Response.json({ value: stored.fields.secret ?? "" });
  if (rest?.startsWith("/protocol-mappers/models")) {
    const changed = mapper.parse(body);
    const mappers = mappersOf(stored.fields);
    stored.fields = {
      ...stored.fields,
      protocolMappers: [...mappers.filter(({ name }) => name !== changed.name), {
        id: crypto.randomUUID(),
        ...changed,
      }],
    };
    return done(204);
  }
  if (method === "DELETE") clients.delete(id);
  else stored.fields = { ...stored.fields, ...client.parse(body) };
  return done(204);
}

function mappersOf(fields: Stored["fields"]): z.output<typeof mapper>[] {
  return z.array(mapper).catch([]).parse(fields["protocolMappers"]);
}
