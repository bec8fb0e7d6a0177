/** Stands for secrets, so that none is ever handed to a policy. @module */
import { type Component, type Parameters, ParameterValue } from "../component/mod.ts";

/**
 * The parameters with a marker in the place of each secret value, given or not: so policies see into which fields
 * secrets flow, and a component can be judged where its secrets are not known.
 *
 * @example
 * ```ts
 * import { maskSecrets } from "./mask.ts";
 * import { loadComponent } from "../component/mod.ts";
 * import assert from "node:assert/strict";
 *
 * const text = `
 * apiVersion: plumb.thinkube.io/v1alpha1
 * kind: Component
 * metadata: { name: web }
 * spec:
 *   namespace: web
 *   parameters: { password: { type: string, secret: true, description: Of the database } }
 * `;
 * const files = [{ path: "component.yaml", bytes: new TextEncoder().encode(text) }];
 * const masked = maskSecrets(loadComponent(files, { folder: "web" }), new Map());
 * assert.equal(masked.get("password")?.value, "(secret password)");
 * ```
 */
export function maskSecrets(component: Component, parameters: Parameters): Parameters {
  const secrets = [...component.parameters].filter(([, { secret }]) => secret).map(([name]) =>
    [name, new ParameterValue(`(secret ${name})`, true)] as const
  );
  return new Map([...parameters, ...secrets]);
}
