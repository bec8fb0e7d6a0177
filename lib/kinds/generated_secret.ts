/** `GeneratedSecret`: a Secret whose missing keys are made once and kept for ever after. @module */
import { Buffer } from "node:buffer";
import { z } from "zod";
import { isMap } from "../field_path.ts";
import { ANNOTATION, API_VERSION } from "../names.ts";
import type { KubernetesObject } from "../object.ts";
import type { DesiredObject } from "../render/types.ts";
import {
  type Expansion,
  metadata,
  parseDeclaration,
  type RealizedKind,
  type SecretReader,
} from "./kind.ts";

/** What generated values are made of. */
const ALPHABETS = {
  alphanumeric: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
  hex: "0123456789abcdef",
  base64url: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
} as const;

const secretKey = z.string().regex(/^[-._a-zA-Z0-9]+$/, "must be a key of a Secret");

const schema = z.strictObject({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal("GeneratedSecret"),
  metadata,
  spec: z.strictObject({
    type: z.string().default("Opaque").meta({ description: "Type of the Secret." }),
    generate: z.record(
      secretKey,
      z.strictObject({
        length: z.int().min(16).max(1024).default(50),
        alphabet: z.enum(["alphanumeric", "hex", "base64url"]).default("alphanumeric"),
        rotation: z.string().min(1).optional().meta({
          description: "Any text. When it becomes another one, the key is made anew, once.",
        }),
      }),
    ).default({}).meta({ description: "Keys that are made when they are missing, and then kept." }),
    data: z.record(secretKey, z.union([z.string(), z.number(), z.boolean()])).default({}).meta({
      description: "Keys that follow Git; values usually come from secret parameters.",
    }),
  }).refine(
    ({ generate, data }) => Object.keys(generate).every((key) => !Object.hasOwn(data, key)),
    {
      message: "a key is either generated or given, not both",
    },
  ),
});

/**
 * Random text without bias.
 *
 * @example
 * ```ts
 * import { randomText } from "./generated_secret.ts";
 * import assert from "node:assert/strict";
 *
 * assert.match(randomText(50, "hex"), /^[0-9a-f]{50}$/);
 * ```
 */
export function randomText(length: number, alphabet: keyof typeof ALPHABETS): string {
  const characters = ALPHABETS[alphabet];
  // Bytes at or above the largest multiple would favour the first characters.
  const limit = 256 - (256 % characters.length);
  let text = "";
  while (text.length < length) {
    for (const byte of crypto.getRandomValues(new Uint8Array(length))) {
      if (byte < limit && text.length < length) text += characters.charAt(byte % characters.length);
    }
  }
  return text;
}

/** Where a Secret says which rotation of each key it holds. */
const ROTATION = ANNOTATION.rotation;

function rotationsOf(live: KubernetesObject | undefined): Readonly<Record<string, unknown>> {
  try {
    const rotations: unknown = JSON.parse(live?.metadata.annotations?.[ROTATION] ?? "{}");
    return isMap(rotations) ? rotations : {};
  } catch {
    return {};
  }
}

/**
 * Keys that live are kept, whoever set them: a key that a person rotated stays as it is. Only another `rotation`
 * makes one anew.
 */
async function expand(declaration: DesiredObject, reader: SecretReader): Promise<Expansion> {
  const { metadata: { name, namespace, labels, annotations }, spec } = parseDeclaration(
    schema,
    declaration,
  );
  const live = await reader.readSecret(namespace, name);
  const existing = isMap(live?.["data"]) ? live["data"] : {};
  const rotations = rotationsOf(live);
  const wanted = Object.entries(spec.generate).flatMap(([key, { rotation }]) =>
    rotation === undefined ? [] : [[key, rotation] as const]
  );
  const generated = Object.entries(spec.generate).map(([key, { length, alphabet, rotation }]) => {
    const kept = existing[key];
    const stays = rotation === undefined || rotations[key] === rotation;
    return [
      key,
      typeof kept === "string" && kept !== "" && stays
        ? kept
        : encode(randomText(length, alphabet)),
    ] as const;
  });
  const noted = wanted.length === 0
    ? annotations
    : { ...annotations, [ROTATION]: JSON.stringify(Object.fromEntries(wanted)) };
  const given = Object.entries(spec.data).map(([key, value]) =>
    [key, encode(String(value))] as const
  );
  return {
    object: {
      apiVersion: "v1",
      kind: "Secret",
      metadata: {
        name,
        namespace,
        ...(labels === undefined ? {} : { labels }),
        ...(noted === undefined ? {} : { annotations: noted }),
      },
      type: spec.type,
      data: Object.fromEntries([...generated, ...given]),
    },
    sources: [],
    retain: true,
    generated: Object.keys(spec.generate),
  };
}

function encode(text: string): string {
  return Buffer.from(text).toString("base64");
}

/** The kind `GeneratedSecret`. */
export const generatedSecret: RealizedKind = { kind: "GeneratedSecret", schema, expand };
