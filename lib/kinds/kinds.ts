/** All kinds that Plumb realizes. @module */
import { generatedSecret } from "./generated_secret.ts";
import { keycloakClient } from "./keycloak_client.ts";
import type { RealizedKind } from "./kind.ts";
import { podFile } from "./pod_file.ts";
import { secretCopy } from "./secret_copy.ts";

/** All such kinds, by name; their API version is that of `component.yaml`. */
export const realizedKinds: ReadonlyMap<string, RealizedKind> = new Map(
  [generatedSecret, secretCopy, keycloakClient, podFile].map((kind) => [kind.kind, kind]),
);
