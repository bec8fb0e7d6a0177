/**
 * The files that a control plane reads: certificates, keys, kubeconfigs, stages.
 * @module
 */

import { join } from "node:path";
import { FILES } from "./components.ts";
import type { Authority } from "./certificates.ts";
import { kubeconfigText } from "./kubeconfig.ts";
import { stagesText } from "./stages.ts";

/**
 * Writes all of them into a folder, readable for this user only.
 *
 * @param server URL of the API server.
 */
export async function writeFiles(
  folder: string,
  server: string,
  authority: Authority,
): Promise<void> {
  const [own, serving, kubeletClient, serviceAccounts, admin, controllerManager, scheduler] =
    await Promise.all([
      authority.identity(),
      authority.serving("sandbox"),
      authority.client("kube-apiserver", ["system:masters"]),
      authority.client("service-accounts", []),
      authority.client("admin", ["system:masters"]),
      authority.client("system:kube-controller-manager", ["system:masters"]),
      authority.client("system:kube-scheduler", []),
    ]);
  const texts: Record<string, string> = {
    [FILES.authority]: own.certificate,
    [FILES.authorityKey]: own.key,
    [FILES.serving]: serving.certificate,
    [FILES.servingKey]: serving.key,
    [FILES.kubeletClient]: kubeletClient.certificate,
    [FILES.kubeletClientKey]: kubeletClient.key,
    [FILES.serviceAccounts]: serviceAccounts.certificate,
    [FILES.serviceAccountsKey]: serviceAccounts.key,
    [FILES.admin]: kubeconfigText(server, own.certificate, admin),
    [FILES.controllerManager]: kubeconfigText(server, own.certificate, controllerManager),
    [FILES.scheduler]: kubeconfigText(server, own.certificate, scheduler),
    [FILES.stages]: stagesText(),
    [FILES.logs]: logText(["This pod runs in a sandbox: nothing but its status is real."]),
  };
  await Deno.mkdir(join(folder, FILES.programs));
  await Promise.all(
    Object.entries(texts).map(([file, text]) =>
      Deno.writeTextFile(join(folder, file), text, { mode: 0o600 })
    ),
  );
}

/**
 * Lines as a container runtime logs them (CRI log format: time, stream, full or partial, text).
 *
 * @example
 * ```ts
 * import { logText } from "./files.ts";
 * import assert from "node:assert/strict";
 *
 * const text = logText(["ready"], new Date("2026-01-02T03:04:05Z"));
 * assert.equal(text, "2026-01-02T03:04:05.000Z stdout F ready\n");
 * ```
 */
export function logText(lines: readonly string[], time: Date = new Date()): string {
  return lines.map((line) => `${time.toISOString()} stdout F ${line}\n`).join("");
}
