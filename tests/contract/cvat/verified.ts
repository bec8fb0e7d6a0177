/** A CVAT with its OPA, and the checks run against it. */
import { type Reachable, runChecks, type Verified } from "../reach.ts";
import { type Opa, startOpa } from "../servers/opa.ts";
import { freePort, until } from "../servers/ports.ts";
import { type Cvat, type CvatOptions, startCvat } from "./double.ts";

/** Both, running. */
export interface CvatWithOpa extends AsyncDisposable {
  readonly cvat: Cvat;
  readonly url: string;
  readonly opaPort: number;
  /** Ends OPA. */
  stopOpa(): Promise<void>;
  /** Runs checks of CVAT with what they need to know. */
  check(
    names: readonly string[],
    settings?: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
    more?: Reachable & { readonly signal?: AbortSignal },
  ): Promise<Verified>;
}

/** Who has a login. */
export const ACCOUNTS = [
  { username: "admin", password: "admin-password", group: "admin" },
  { username: "checker", password: "checker-password", group: "user" },
  { username: "other", password: "other-password", group: "user" },
  { username: "worker", password: "worker-password", group: "worker" },
] as const;

const question = (privilege: string) => ({
  scope: "create",
  auth: {
    user: { id: 1, privilege },
    organization: null,
    organization_specified: false,
  },
  resource: null,
});

/** Two decisions that CVAT's rules make. */
export const DECISIONS = [
  { path: "tasks/allow", input: question("user"), result: true },
  { path: "tasks/allow", input: question("worker"), result: false },
];

/** Starts both, and waits until OPA has its rules. */
export async function startCvatWithOpa(
  options: Partial<CvatOptions> & { readonly withBundle?: boolean } = {},
): Promise<CvatWithOpa> {
  const { withBundle = true, ...rest } = options;
  const opaPort = freePort();
  const opaUrl = `http://127.0.0.1:${opaPort}`;
  const cvat = await startCvat({ opa: opaUrl, accounts: ACCOUNTS, ...rest });
  const url = `http://127.0.0.1:${cvat.port}`;
  const opa: Opa = await startOpa({ port: opaPort, ...(withBundle ? { bundle: url } : {}) });
  if (withBundle && options.rules === undefined) {
    await until("the bundle", async () => {
      const answer = await fetch(`${opaUrl}/health?bundles`);
      await answer.body?.cancel();
      return answer.ok;
    }, 20);
  }
  let stopped = false;
  const stopOpa = async () => {
    if (!stopped) await opa[Symbol.asyncDispose]();
    stopped = true;
  };
  return {
    cvat,
    url,
    opaPort,
    stopOpa,
    check: (names, settings = {}, { signal, ...more } = {}) => {
      const account = { username: "checker", password: { secret: "s", key: "checker" } };
      const outsider = { username: "other", password: { secret: "s", key: "other" } };
      const known: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
        "cvat-health": { url, service: "cvat-backend:8080", version: options.release ?? "2.64.0" },
        opa: { service: "opa:8181", bundle: "cvat", decisions: DECISIONS },
        "cvat-rules": { url, account, outsider, service: "opa:8181" },
        "cvat-events": { url, account, table: "cvat.events", patience: 5 },
      };
      const checks = names.map((check) => ({
        check,
        ...(known[check] ??
          (check.startsWith("cvat-") ? { url, account, outsider, patience: 1 } : {})),
        ...settings[check],
      }));
      return runChecks(checks, {
        ...more,
        services: { "cvat-backend:8080": cvat.port, "opa:8181": opaPort, ...more.services },
        secrets: { "s/checker": "checker-password", "s/other": "other-password", ...more.secrets },
      }, signal);
    },
    async [Symbol.asyncDispose]() {
      await stopOpa();
      await cvat[Symbol.asyncDispose]();
    },
  };
}
