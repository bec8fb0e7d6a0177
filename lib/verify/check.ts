/** What a check is, and what it gets to work with. @module */
import type { z } from "zod";
import { type ErrorDetails, PlumbError } from "../errors.ts";
import type { Http } from "./http.ts";

/** A check has found something wrong. Its message says what, `probably` why, the hint what to do next. */
export class CheckFailure extends PlumbError {
  override readonly name = "CheckFailure";
  /** The most probable cause, as a sentence. */
  readonly probably: string | undefined;
  /** It may pass by itself, so that the check is worth another attempt. */
  readonly transient: boolean;

  constructor(
    message: string,
    details: ErrorDetails & { readonly probably?: string; readonly transient?: boolean } = {},
  ) {
    super("check-failed", message, details);
    this.probably = details.probably;
    this.transient = details.transient ?? false;
  }
}

/** A key of a Secret; without a namespace, of the component's. */
export interface SecretKey {
  readonly namespace?: string | undefined;
  readonly secret: string;
  readonly key: string;
}

/** Where a server listens, as seen from here. */
export interface Address {
  readonly hostname: string;
  readonly port: number;
}

/** The part of a context by which servers are asked. */
export type Ways = Pick<CheckContext, "signal" | "publicHttp">;

/** A workload as the component declares it. */
export interface DeclaredWorkload {
  readonly kind: "Deployment" | "StatefulSet" | "DaemonSet";
  readonly name: string;
  readonly containers: readonly { readonly name: string; readonly image: string }[];
}

/** What a check works with. All of it ends with the check's deadline. */
export interface CheckContext {
  /** Aborted at the deadline, or when the run is interrupted. */
  readonly signal: AbortSignal;
  /** Marks what the check makes: `plumb-verify-` and a text of its own for each run. */
  readonly marker: string;
  /**
   * A server behind a Service, reached directly in the cluster, or through the API server from outside.
   *
   * @param service `namespace/name:port`; without a namespace, of the component's.
   */
  connect(service: string): Promise<Address>;
  /** HTTP to a public address, with the certificates and addresses that the run was given. */
  publicHttp(base: string): Http;
  /** The certificate that is shown at a public address, in PEM, whether or not it can be trusted. */
  publicCertificate(base: string): Promise<string>;
  /** HTTP to a server behind a Service. */
  serviceHttp(service: string): Promise<Http>;
  /** Reads a credential. Its value must not enter evidence or messages, and is taken out should it do so. */
  secret(key: SecretKey): Promise<string>;
  /** Lists what Kubernetes has of a kind in the component's namespace, or in another. */
  readonly cluster: ClusterView | undefined;
  /** What the component declares to run; undefined where that is not known. */
  readonly declared: readonly DeclaredWorkload[] | undefined;
  /** Records what was seen: a version, a latency, a count. */
  evidence(name: string, value: string | number): void;
  /** Runs when all checks have ended, however they did, the last first, with time of its own. */
  cleanup(what: string, work: (ways: Ways) => Promise<void>): void;
  /** What a check that this one needs has yielded. */
  output(check: string): unknown;
}

/** The part of a cluster that checks look at. */
export interface ClusterView {
  readonly namespace: string;
  list(
    kind: { readonly group: string; readonly version: string; readonly plural: string },
    options?: { readonly namespace?: string; readonly labelSelector?: string },
  ): Promise<readonly unknown[]>;
  /** Runs a program in a container, without a shell. */
  exec(
    container: { readonly namespace: string; readonly pod: string; readonly container: string },
    command: readonly string[],
  ): Promise<{ readonly code: number; readonly text: string; readonly errors: string }>;
}

/** One thing that is proven about a deployed component. */
export interface Check<Settings extends z.ZodType = z.ZodType> {
  /** As `component.yaml` names it. */
  readonly id: string;
  readonly title: string;
  /** What a pass proves, as a sentence. */
  readonly proves: string;
  /** Checks without which this one proves nothing; those that the component does not have don't count. */
  readonly needs: readonly string[];
  /** Seconds. */
  readonly deadline: number;
  /** How often it is tried again, within its deadline, after a failure that may pass by itself. Default: 2. */
  readonly retries?: number;
  /** What `component.yaml` may say about it. */
  readonly settings: Settings;
  /**
   * @returns what dependants may use.
   * @throws {CheckFailure} anything else that is thrown is a failure without a known cause.
   */
  run(settings: z.output<Settings>, context: CheckContext): Promise<unknown>;
}

/** A check with its settings' type inferred. */
export function defineCheck<Settings extends z.ZodType>(check: Check<Settings>): Check<Settings> {
  return check;
}
