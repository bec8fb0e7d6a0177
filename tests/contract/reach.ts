/** Ways to servers on loopback, and the checks of a component run over them. */
import type { CheckContext, CheckResult, Reach } from "../../lib/verify/mod.ts";
import { Http, planChecks, verify } from "../../lib/verify/mod.ts";
import type { Event } from "../../lib/event.ts";
import { servedCertificate } from "../../lib/verify/served.ts";

/** What there is to be reached. */
export interface Reachable {
  /** Ports on loopback by `namespace/name:port`. */
  readonly services?: Readonly<Record<string, number>>;
  /** By `secret/key`. */
  readonly secrets?: Readonly<Record<string, string>>;
  readonly cluster?: CheckContext["cluster"];
  /** Ports on loopback at which public hosts show their certificates. */
  readonly certificates?: Readonly<Record<string, number>>;
  /** For public hosts whose names don't resolve. */
  readonly clients?: Readonly<Record<string, Deno.HttpClient>>;
}

/** Ways that lead straight to loopback. */
export function directReach(
  { services = {}, secrets = {}, cluster, clients = {}, certificates = {} }: Reachable,
): Reach {
  const port = (service: string) => services[service] ?? 1;
  return {
    for: (signal) => ({
      connect: (service) => Promise.resolve({ hostname: "127.0.0.1", port: port(service) }),
      publicHttp: (base) => {
        const client = clients[new URL(base).hostname];
        return new Http(base, { signal, ...(client === undefined ? {} : { client }) });
      },
      publicCertificate: (base) => {
        const { hostname, port } = new URL(base);
        const address = certificates[hostname] ?? Number(port === "" ? 443 : port);
        return servedCertificate({ hostname: "127.0.0.1", port: address }, hostname, signal);
      },
      serviceHttp: (service) =>
        Promise.resolve(new Http(`http://127.0.0.1:${port(service)}`, { signal })),
      secret: ({ secret, key }) => {
        const value = secrets[`${secret}/${key}`];
        return value === undefined
          ? Promise.reject(new Error(`no secret ${secret}/${key}`))
          : Promise.resolve(value);
      },
      cluster,
    }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** What a run of checks said. */
export interface Verified {
  readonly results: readonly CheckResult[];
  readonly events: readonly Event[];
  /** The result of the only check. */
  readonly result: CheckResult;
}

/** Runs checks with their settings. */
export async function runChecks(
  checks: readonly Readonly<Record<string, unknown>>[],
  reachable: Reachable,
  signal?: AbortSignal,
): Promise<Verified> {
  const events: Event[] = [];
  const results = await verify(planChecks({ checks }), {
    reach: directReach(reachable),
    emit: (event) => events.push(event),
    signal,
  });
  const [result] = results;
  if (result === undefined) throw new Error("no check has run");
  return { results, events, result };
}
