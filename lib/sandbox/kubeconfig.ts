/**
 * Kubeconfig files of a sandbox.
 * @module
 */

import { dump } from "js-yaml";
import type { Identity } from "./certificates.ts";

/**
 * Writes a kubeconfig with everything embedded.
 *
 * @example
 * ```ts
 * import { kubeconfigText } from "./kubeconfig.ts";
 * import assert from "node:assert/strict";
 *
 * const text = kubeconfigText("https://127.0.0.1:6443", "CA", { certificate: "C", key: "K" });
 * assert.match(text, /server: https:\/\/127\.0\.0\.1:6443/);
 * assert.match(text, /certificate-authority-data: Q0E=/);
 * ```
 *
 * @param authority PEM of the certificate authority of the server.
 */
export function kubeconfigText(server: string, authority: string, identity: Identity): string {
  return dump({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{
      name: "sandbox",
      cluster: { server, "certificate-authority-data": btoa(authority) },
    }],
    users: [{
      name: "sandbox",
      user: {
        "client-certificate-data": btoa(identity.certificate),
        "client-key-data": btoa(identity.key),
      },
    }],
    contexts: [{ name: "sandbox", context: { cluster: "sandbox", user: "sandbox" } }],
    "current-context": "sandbox",
  }, { lineWidth: -1 });
}
