/** The whole dashboard on a socket. @module */
import type { Cluster } from "../cluster/mod.ts";
import { createApp } from "./app.ts";
import { loadPage } from "./assets.ts";
import { alarmOf } from "./alarm.ts";
import { bearerOf, type IssuerOptions } from "./bearer.ts";
import type { Commands } from "./commands.ts";
import type { ObjectTexts } from "./contract.ts";
import { PlumbError } from "../errors.ts";
import { createHandlers } from "./handlers.ts";
import { identifyBy } from "./identity.ts";
import type { Eyes } from "./look.ts";
import { Logs } from "./logs.ts";
import { isLoopback, rangesOf } from "./network.ts";
import { Observer } from "./observer.ts";
import { type AuditEntry, Runs } from "./runs.ts";
import { randomToken, Sessions } from "./sessions.ts";

/** What the dashboard shows, to whom, and where. */
export interface DashboardOptions {
  readonly hostname: string;
  /** 0 for a free one. */
  readonly port: number;
  readonly version: string;
  readonly cluster: Cluster;
  readonly eyes: Eyes;
  readonly commands: Commands;
  readonly texts: (component: string, key: string) => Promise<ObjectTexts | undefined>;
  /** Who starts it. */
  readonly owner: string;
  /** Public names. */
  readonly hosts: readonly string[];
  readonly issuer?: IssuerOptions | undefined;
  /** Ranges of addresses whose headers are believed. */
  readonly proxies: readonly string[];
  readonly viewers: readonly string[];
  readonly operators: readonly string[];
  readonly audit: (entry: AuditEntry) => void;
  readonly defect: (error: unknown) => void;
}

/** A dashboard that is up, until it is disposed: then runs end as by Ctrl-C. */
export interface Dashboard extends AsyncDisposable {
  /** `http://127.0.0.1:8080/`, to which a person on this machine goes. */
  readonly address: string;
  /** Lets act who shows it; only on loopback. */
  readonly token: string | undefined;
}

/** Answers that are under way may take so long when the server is stopped. */
const SHUTDOWN_MILLISECONDS = 3_000;

/**
 * Starts the dashboard.
 *
 * @throws {PlumbError} `usage` for access that can't be meant so, `listen` for an address that is taken.
 */
export async function startDashboard(options: DashboardOptions): Promise<Dashboard> {
  const { hostname, port, cluster, version, proxies, issuer, hosts } = options;
  const loopback = hostname === "localhost" || isLoopback(hostname);
  assertReachable(options, loopback);
  const token = loopback && proxies.length === 0 ? randomToken() : undefined;
  const sessions = token === undefined ? undefined : new Sessions(token);
  const runs: Runs = new Runs({
    commands: options.commands,
    audit: options.audit,
    changed: (run) => observer.tell(run),
  });
  const observer = new Observer({
    eyes: options.eyes,
    runs,
    cluster: { server: cluster.server, context: cluster.context },
    alarm: alarmOf(cluster),
  });
  const logs = new Logs(cluster);
  const app = createApp({
    page: await loadPage(),
    version,
    hosts: { names: hosts, loopback },
    sessions,
    identify: identifyBy({
      loopback,
      sessions,
      owner: options.owner,
      bearer: issuer && bearerOf(issuer),
      proxies: proxies.length === 0 ? undefined : rangesOf(proxies),
      viewers: options.viewers,
      operators: options.operators,
    }),
    handlers: createHandlers({ observer, runs, logs, texts: options.texts, version }),
    defect: options.defect,
  });
  const server = listen(
    { hostname, port },
    (request, { remoteAddr }) => app.fetch(request, { remoteAddr }),
  );
  const name = hostname.includes(":") ? `[${hostname}]` : hostname;
  return {
    address: `http://${name}:${server.addr.port}/`,
    token,
    async [Symbol.asyncDispose]() {
      await runs.drain();
      await observer[Symbol.asyncDispose]();
      logs.close();
      const late = Promise.withResolvers<void>();
      const timer = setTimeout(late.resolve, SHUTDOWN_MILLISECONDS);
      await Promise.race([server.shutdown(), late.promise]);
      clearTimeout(timer);
    },
  };
}

/** What listens beyond this machine must know who asks, and by which name it is asked. */
function assertReachable(
  { issuer, proxies, hosts, operators }: DashboardOptions,
  loopback: boolean,
): void {
  if (!loopback && issuer === undefined && proxies.length === 0) {
    throw new PlumbError("usage", "Who may see the dashboard is not said", {
      hint: "Beyond loopback, give --oidc-issuer or --trust-proxy; or listen on 127.0.0.1.",
    });
  }
  if (!loopback && hosts.length === 0) {
    throw new PlumbError("usage", "The name of the dashboard is not said", {
      hint: "Give the host in its address by --host, such as --host plumb.example.com.",
    });
  }
  if (operators.length > 0 && issuer === undefined && proxies.length === 0) {
    throw new PlumbError("usage", "Groups are known only from --oidc-issuer or --trust-proxy", {
      hint: "Give one of them, or leave out --operators.",
    });
  }
}

function listen(
  { hostname, port }: Pick<DashboardOptions, "hostname" | "port">,
  handler: Deno.ServeHandler<Deno.NetAddr>,
): Deno.HttpServer<Deno.NetAddr> {
  try {
    return Deno.serve({ hostname, port, onListen: () => {} }, handler);
  } catch (cause) {
    throw new PlumbError("listen", `${hostname}:${port} can't be listened on`, {
      hint: "Is another program there? Give another port by --listen, or 0 for a free one.",
      cause,
    });
  }
}
