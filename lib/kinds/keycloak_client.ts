/** `KeycloakClient`: a client of a realm, kept as Git says; its secret goes straight into a Secret. @module */
import { Buffer } from "node:buffer";
import { z } from "zod";
import { type FieldPath, isMap } from "../field_path.ts";
import { API_VERSION } from "../names.ts";
import { describe, type KubernetesObject, referenceOf } from "../object.ts";
import type { FieldDifference } from "../plan/types.ts";
import type { DesiredObject } from "../render/types.ts";
import { randomText } from "./generated_secret.ts";
import { KeycloakAdmin, type LiveClient } from "./keycloak_admin.ts";
import {
  type Expansion,
  type ExternalState,
  type Handle,
  type KindContext,
  KindError,
  metadata,
  parseDeclaration,
  type RealizedKind,
  type Remainder,
  type SecretReader,
} from "./kind.ts";

/** Credentials must not travel in clear text, but to this machine or inside of the cluster. */
const address = z.url({ protocol: /^https?$/ }).refine((text) => {
  const { protocol, hostname } = new URL(text);
  return protocol === "https:" ||
    /^(localhost|127\.\d+\.\d+\.\d+|\[::1\]|.+\.svc(\.cluster\.local)?)$/.test(hostname);
}, { message: "must begin with https://" }).transform((text) => text.replace(/\/+$/, ""));

const redirectUri = z.url({ protocol: /^https?$/ }).refine(
  (uri) => !new URL(uri).hostname.includes("*"),
  {
    message: "must not have * in its host",
  },
);

const mapper = z.strictObject({
  name: z.string().min(1),
  type: z.string().min(1).meta({ description: "Such as oidc-audience-mapper." }),
  config: z.record(z.string(), z.string()).default({}),
});

const clientFields = z.strictObject({
  clientId: z.string().min(1),
  name: z.string().default(""),
  enabled: z.boolean().default(true),
  baseUrl: z.string().default(""),
  redirectUris: z.array(redirectUri).default([]).meta({
    description: "All of them: others are removed.",
  }),
  webOrigins: z.array(z.string()).default([]),
  publicClient: z.boolean().default(false),
  standardFlowEnabled: z.boolean().default(true),
  implicitFlowEnabled: z.boolean().default(false),
  directAccessGrantsEnabled: z.boolean().default(false),
  serviceAccountsEnabled: z.boolean().default(false),
  attributes: z.record(z.string(), z.string()).default({}).meta({
    description: "Others stay as they are. PKCE with S256 unless it says otherwise.",
  }),
  protocolMappers: z.array(mapper).default([]).meta({ description: "Others stay as they are." }),
});

const schema = z.strictObject({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal("KeycloakClient"),
  metadata,
  spec: z.strictObject({
    server: address.meta({ description: "Keycloak's address." }),
    realm: z.string().min(1),
    credentials: z.strictObject({ namespace: z.string().min(1), name: z.string().min(1) }).meta({
      description: "A Secret with username and password, or client-id and client-secret.",
    }),
    client: clientFields,
    secret: z.strictObject({ name: z.string().min(1), key: z.string().min(1) }).meta({
      description: "Where the client's secret goes.",
    }),
  }),
});
type Spec = z.output<typeof schema>["spec"];

/** A mark by which a client is known as a component's. */
const OWNER = "plumb.thinkube.io.component";
const PKCE = { "pkce.code.challenge.method": "S256" };

const handleSchema = z.object({
  server: z.string(),
  realm: z.string(),
  clientId: z.string(),
  credentials: z.object({ namespace: z.string(), name: z.string() }),
});

async function expand(declaration: DesiredObject, context: KindContext): Promise<Expansion> {
  const { metadata: { name, namespace, labels, annotations }, spec } = parseDeclaration(
    schema,
    declaration,
  );
  const { server, realm, credentials, client, secret } = spec;
  const place = { ...declaration.provenance, object: describe(referenceOf(declaration.object)) };
  const admin = new KeycloakAdmin({
    server,
    realm,
    credentials: await credentialsOf(context, credentials, place),
    place,
  });
  const live = await admin.find(client.clientId);
  const value = live === undefined || client.publicClient
    ? await keptSecret(context, namespace, secret)
    : await admin.secretOf(live.id);
  const wanted = desiredClient(spec, context.component);
  const shown: KubernetesObject = {
    apiVersion: API_VERSION,
    kind: "KeycloakClient",
    metadata: {
      name,
      namespace,
      ...(annotations === undefined ? {} : { annotations }),
    },
    spec: {
      server,
      realm,
      credentials,
      client: { ...client, attributes: { ...PKCE, ...client.attributes } },
      secret,
    },
  };
  return {
    object: {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: secret.name, namespace, ...(labels === undefined ? {} : { labels }) },
      type: "Opaque",
      data: { [secret.key]: Buffer.from(value).toString("base64") },
    },
    external: {
      object: shown,
      handle: { server, realm, clientId: client.clientId, credentials },
      observe: () => Promise.resolve(stateOf(live, wanted, context.component)),
      apply: () => put(admin, wanted, value),
    },
    sources: [],
    retain: false,
  };
}

type Wanted = ReturnType<typeof desiredClient>;

/** The client in Keycloak's own words. */
function desiredClient({ client }: Spec, component: string) {
  const { protocolMappers, attributes, ...fields } = client;
  return {
    fields: { ...fields, protocol: "openid-connect" },
    attributes: { ...PKCE, ...attributes, [OWNER]: component },
    mappers: protocolMappers.map(({ name, type, config }) => (
      { name, protocol: "openid-connect", protocolMapper: type, config }
    )),
  };
}

async function credentialsOf(
  reader: SecretReader,
  { namespace, name }: Spec["credentials"],
  place: KindError["place"],
): Promise<Readonly<Record<string, string>>> {
  const secret = await reader.readSecret(namespace, name);
  const data = isMap(secret?.["data"]) ? secret["data"] : {};
  const found = Object.fromEntries(
    Object.entries(data).map((
      [key, value],
    ) => [key, Buffer.from(String(value), "base64").toString().trim()]),
  );
  const complete = (one: string, other: string) => Boolean(found[one] && found[other]);
  if (complete("username", "password") || complete("client-id", "client-secret")) return found;
  throw new KindError(
    "source-missing",
    secret === undefined
      ? `Secret ${namespace}/${name} with Keycloak's credentials does not exist`
      : `Secret ${namespace}/${name} has neither username and password nor client-id and client-secret`,
    {
      place,
      hint:
        `kubectl create secret generic ${name} --namespace ${namespace} --from-literal=username=… --from-file=password=…`,
    },
  );
}

/** For a client that does not exist yet: what the Secret has, so that a client made anew keeps its secret. */
async function keptSecret(
  reader: SecretReader,
  namespace: string,
  { name, key }: Spec["secret"],
): Promise<string> {
  const data = (await reader.readSecret(namespace, name))?.["data"];
  const kept = isMap(data) ? data[key] : undefined;
  return typeof kept === "string" && kept !== ""
    ? Buffer.from(kept, "base64").toString()
    : randomText(40, "alphanumeric");
}

function stateOf(live: LiveClient | undefined, wanted: Wanted, component: string): ExternalState {
  if (live === undefined) return { state: "absent" };
  const owner = live.attributes[OWNER];
  return {
    state: "present",
    id: live.id,
    differences: differencesOf(live, wanted),
    ...(owner === undefined || owner === component ? {} : { owner: `component ${owner}` }),
  };
}

/** Where the client differs, by the fields of the declaration. */
function differencesOf(live: LiveClient, wanted: Wanted): FieldDifference[] {
  const found: FieldDifference[] = [];
  const compare = (path: readonly string[], from: unknown, to: unknown) => {
    if (sameText(from, to)) return;
    const steps: FieldPath = ["spec", "client", ...path].map((field) => ({ field }));
    const difference = from === undefined ? "added" : "changed";
    found.push({ path: steps, difference, live: from, desired: to, owner: undefined });
  };
  for (const [name, value] of Object.entries(wanted.fields)) {
    // What is empty, Keycloak leaves out.
    if (name !== "protocol") compare([name], live[name] ?? (value === "" ? "" : undefined), value);
  }
  for (const [name, value] of Object.entries(wanted.attributes)) {
    if (name !== OWNER) compare(["attributes", name], live.attributes[name], value);
  }
  for (const { name, protocolMapper, config } of wanted.mappers) {
    const other = live.protocolMappers.find((item) => item.name === name);
    if (other === undefined) {
      compare(["protocolMappers", name], undefined, { type: protocolMapper, config });
      continue;
    }
    compare(["protocolMappers", name, "type"], other.protocolMapper, protocolMapper);
    for (const [key, value] of Object.entries(config)) {
      compare(["protocolMappers", name, "config", key], other.config[key], value);
    }
  }
  return found;
}

/** Lists are sets here: Keycloak keeps no order. */
function sameText(one: unknown, other: unknown): boolean {
  const text = (value: unknown) => JSON.stringify(Array.isArray(value) ? [...value].sort() : value);
  return text(one) === text(other);
}

/** Read again, since it may have been made or changed after the plan. */
async function put(admin: KeycloakAdmin, wanted: Wanted, secret: string): Promise<string> {
  const { fields, attributes, mappers } = wanted;
  const before = await admin.find(fields.clientId);
  if (before === undefined) {
    await admin.create({
      ...fields,
      attributes,
      protocolMappers: mappers,
      ...(fields.publicClient ? {} : { secret }),
    });
  } else {
    await admin.update(before.id, {
      ...fields,
      attributes: { ...before.attributes, ...attributes },
    });
    for (const mapper of mappers) {
      const other = before.protocolMappers.find(({ name }) => name === mapper.name);
      const config = { ...other?.config, ...mapper.config };
      await admin.putMapper(before.id, {
        ...mapper,
        config,
        ...(other === undefined ? {} : { id: other.id }),
      });
    }
  }
  return (before ?? await admin.find(fields.clientId))?.id ?? "";
}

async function remove(handle: Handle, context: KindContext): Promise<Remainder | undefined> {
  const { server, realm, clientId, credentials } = handleSchema.parse(handle);
  const place = { object: `KeycloakClient ${clientId}` };
  const admin = new KeycloakAdmin({
    server,
    realm,
    credentials: await credentialsOf(context, credentials, place),
    place,
  });
  const live = await admin.find(clientId);
  if (live === undefined) return undefined;
  if (live.attributes[OWNER] !== context.component) {
    return { reason: "it no longer carries this component's mark", later: false };
  }
  await admin.remove(live.id);
  return undefined;
}

/** The kind `KeycloakClient`. */
export const keycloakClient: RealizedKind = { kind: "KeycloakClient", schema, expand, remove };
