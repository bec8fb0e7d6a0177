/** `SecretCopy`: a copy of a Secret of another namespace that follows its source. @module */
import { Buffer } from "node:buffer";
import { z } from "zod";
import { isMap } from "../field_path.ts";
import { API_VERSION } from "../names.ts";
import { type KubernetesObject, referenceOf } from "../object.ts";
import type { DesiredObject } from "../render/types.ts";
import { certificateProblem } from "../certificate.ts";
import type { Place } from "../errors.ts";
import {
  type Expansion,
  KindError,
  metadata,
  parseDeclaration,
  type RealizedKind,
  type SecretReader,
} from "./kind.ts";

const schema = z.strictObject({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal("SecretCopy"),
  metadata,
  spec: z.strictObject({
    from: z.strictObject({ namespace: z.string().min(1), name: z.string().min(1) }),
    keys: z.array(z.string().min(1)).min(1).optional().meta({
      description: "Only these keys; all when absent.",
    }),
    hosts: z.array(z.string().min(1)).min(1).optional().meta({
      description: "Names for which the certificate in tls.crt must be valid now.",
    }),
  }),
});

/** A token is bound to its own ServiceAccount: the API server would refuse the copy, or make a new token. */
const SERVICE_ACCOUNT_TOKEN = "kubernetes.io/service-account-token";

async function expand(declaration: DesiredObject, reader: SecretReader): Promise<Expansion> {
  const parsed = parseDeclaration(schema, declaration);
  const { metadata: { name, namespace, labels, annotations }, spec: { from, keys } } = parsed;
  const place = { ...declaration.provenance, object: `Secret ${from.namespace}/${from.name}` };
  if (from.namespace === namespace && from.name === name) {
    // The source would become ours, and go when Git drops the copy.
    throw new KindError("source-refused", "A Secret can't be a copy of itself", {
      place,
      hint: "Remove the SecretCopy, or give it a name or a namespace of its own.",
    });
  }
  const source = await reader.readSecret(from.namespace, from.name);
  if (source === undefined) {
    throw new KindError("source-missing", "The Secret to copy does not exist", {
      place,
      hint: `Create it, or correct spec.from of SecretCopy ${namespace}/${name}.`,
    });
  }
  const data = isMap(source["data"]) ? source["data"] : {};
  assertCopiable(source, data, { ...parsed.spec, place });
  return {
    object: {
      apiVersion: "v1",
      kind: "Secret",
      metadata: {
        name,
        namespace,
        ...(labels === undefined ? {} : { labels }),
        ...(annotations === undefined ? {} : { annotations }),
      },
      type: typeof source["type"] === "string" ? source["type"] : "Opaque",
      data: keys === undefined ? data : Object.fromEntries(keys.map((key) => [key, data[key]])),
    },
    sources: [{
      reference: referenceOf({ ...source, apiVersion: "v1", kind: "Secret" }),
      resourceVersion: source.metadata.resourceVersion ?? "",
    }],
    retain: false,
  };
}

/** What is asked for must be there, and be good for what it is copied for. */
function assertCopiable(
  source: KubernetesObject,
  data: Readonly<Record<string, unknown>>,
  { keys = [], hosts, place }: z.output<typeof schema>["spec"] & { readonly place: Place },
): void {
  if (source["type"] === SERVICE_ACCOUNT_TOKEN) {
    throw new KindError("source-refused", "A service account's token can't be copied", {
      place,
      hint: "Give the workload a service account of its own.",
    });
  }
  const missing = keys.filter((key) => !Object.hasOwn(data, key));
  if (missing.length > 0) {
    throw new KindError("source-missing", `The Secret to copy has no key ${missing.join(", ")}`, {
      place,
      hint: `It has: ${Object.keys(data).join(", ") || "no key at all"}.`,
    });
  }
  const problem = hosts === undefined
    ? undefined
    : certificateProblem(decoded(data["tls.crt"]), { hosts, now: Date.now() });
  if (problem !== undefined) {
    throw new KindError("source-refused", `The certificate to copy ${problem}`, {
      place,
      hint: "Renew it, name the Secret of another one, or correct spec.hosts.",
    });
  }
}

function decoded(value: unknown): string {
  return typeof value === "string" ? Buffer.from(value, "base64").toString() : "";
}

/** The kind `SecretCopy`. */
export const secretCopy: RealizedKind = { kind: "SecretCopy", schema, expand };
