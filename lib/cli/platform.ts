/** Stand-ins, in the sandbox, for the platform that CVAT expects. @module */
import { createServer, type Server } from "node:net";
import { fileURLToPath } from "node:url";
import { Authority, forwardPort } from "../sandbox/mod.ts";
import type { ReconcileOptions, RunContext } from "./command.ts";
import { runComponent } from "./reconcile.ts";

/** Services of the platform, and their ports. */
const SERVICES = [
  { namespace: "postgres", port: 5432 },
  { namespace: "keycloak", port: 8080 },
  { namespace: "clickhouse", port: 8123 },
  { namespace: "valkey", port: 6379 },
] as const;

/** The name of the wildcard certificate's Secret, by Thinkube's rule. */
export function tlsSecretName(domain: string): string {
  return `${domain.replaceAll(".", "-")}-tls`;
}

/**
 * Applies the platform to a sandbox, and listens for the connections to it until disposed.
 *
 * Only Services, Secrets and classes are real; behind a Service there is a listener that accepts connections.
 */
export async function installPlatform(
  { kubeconfig, domain, keycloak }: {
    readonly kubeconfig: string;
    readonly domain: string;
    /** Who may change clients at Keycloak. */
    readonly keycloak: { readonly username: string; readonly password: string };
  },
  context: RunContext,
): Promise<AsyncDisposable> {
  const listener = await listen();
  try {
    for (const { namespace, port } of SERVICES) {
      await forwardPort(kubeconfig, { namespace, port, to: listener.port });
    }
    const { certificate, key } = await (await Authority.create()).hosting(`*.${domain}`);
    const options: ReconcileOptions = {
      command: "reconcile",
      mode: "apply",
      path: fileURLToPath(new URL("platform", import.meta.url)),
      set: [`tlsSecret=${tlsSecretName(domain)}`, `keycloakUsername=${keycloak.username}`],
      kubeconfig,
      refresh: false,
      yes: true,
      wait: true,
      timeout: 60_000,
    };
    const environment = {
      ...context.environment,
      PLUMB_PARAMETER_CERTIFICATE: certificate,
      PLUMB_PARAMETER_KEY: key,
      PLUMB_PARAMETER_KEYCLOAK_PASSWORD: keycloak.password,
    };
    await runComponent(options, { ...context, environment });
  } catch (error) {
    await listener[Symbol.asyncDispose]();
    throw error;
  }
  return listener;
}

/** A listener on a free port of loopback that accepts connections and keeps them open. */
async function listen(): Promise<AsyncDisposable & { readonly port: number }> {
  const server: Server = createServer((socket) => socket.on("error", () => socket.destroy()));
  const sockets = new Set<{ destroy(): void }>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    [Symbol.asyncDispose]: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
