/** What the Kubernetes API can answer instead of what was asked for. @module */
import { z } from "zod";
import { type ErrorDetails, PlumbError } from "../errors.ts";

/** Reasons of a {@link ClusterError}. */
export type ClusterErrorCode =
  | "kubeconfig"
  | "unreachable"
  | "timeout"
  | "unauthorized"
  | "forbidden"
  | "namespace-terminating"
  | "not-found"
  | "conflict"
  | "gone"
  | "invalid"
  | "admission-denied"
  | "too-many-requests"
  | "too-large"
  | "store-full"
  | "server"
  | "unexpected";

/** One field that the API server objects to. */
export interface Cause {
  readonly field?: string | undefined;
  readonly message: string;
  readonly reason?: string | undefined;
}

const REFUSALS: ReadonlySet<ClusterErrorCode> = new Set([
  "forbidden",
  "namespace-terminating",
  "not-found",
  "conflict",
  "invalid",
  "admission-denied",
  "store-full",
]);

/** A failed request, or a cluster that can't be asked. */
export class ClusterError extends PlumbError {
  override readonly name = "ClusterError";
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** Machine-readable reason of the Kubernetes `Status`, such as `AlreadyExists`. */
  readonly reason: string;
  readonly causes: readonly Cause[];

  /** Whether the API server refused the object at hand, as opposed to a cluster that could not answer. */
  get isRefusal(): boolean {
    return REFUSALS.has(this.code);
  }

  constructor(
    override readonly code: ClusterErrorCode,
    message: string,
    details: ErrorDetails & {
      readonly status?: number;
      readonly reason?: string;
      readonly causes?: readonly Cause[];
    } = {},
  ) {
    super(code, message, details);
    this.status = details.status ?? 0;
    this.reason = details.reason ?? "";
    this.causes = details.causes ?? [];
  }
}

const statusObject = z.object({
  kind: z.literal("Status"),
  message: z.string().optional(),
  reason: z.string().optional(),
  details: z.object({
    causes: z.array(z.object({
      field: z.string().optional(),
      message: z.string().optional(),
      reason: z.string().optional(),
    })).optional(),
  }).optional(),
});

/** Code and hint for each HTTP status that says something about the request. */
const BY_STATUS: Readonly<Record<number, readonly [ClusterErrorCode, string?]>> = {
  400: ["invalid"],
  401: [
    "unauthorized",
    "Log in to the cluster again: the credentials of the kubeconfig are not accepted.",
  ],
  403: ["forbidden", "Ask the cluster's administrator for this permission."],
  404: ["not-found"],
  409: ["conflict"],
  410: ["gone"],
  413: ["too-large"],
  422: ["invalid"],
  429: ["too-many-requests", "The API server is overloaded. Run again later."],
};

/**
 * Makes an error of an answer that is not a success.
 *
 * @param what the request in words, such as `patch deployments cvat/opa`.
 * @param body of the answer; may be anything.
 */
export function errorOfAnswer(
  what: string,
  { status, body, url }: { readonly status: number; readonly body: string; readonly url: string },
): ClusterError {
  const parsed = statusObject.safeParse(parseJson(body));
  const answer = parsed.success ? parsed.data : undefined;
  const message = answer?.message ?? (body.slice(0, 300).trim() || `HTTP ${status}`);
  const causes = (answer?.details?.causes ?? []).map((cause) => ({
    ...cause,
    message: cause.message ?? "",
  }));
  const [code, hint] = classify(status, message, causes);
  return new ClusterError(code, `${what}: ${message}`, {
    status,
    reason: answer?.reason ?? "",
    causes,
    hint,
    place: { url },
  });
}

function classify(
  status: number,
  message: string,
  causes: readonly Cause[],
): readonly [ClusterErrorCode, string?] {
  if (causes.some(({ reason }) => reason === "NamespaceTerminating")) {
    return [
      "namespace-terminating",
      "The namespace is being deleted. Wait until it is gone, or look for what holds it with " +
      "`kubectl get namespace NAME -o yaml`, then run again.",
    ];
  }
  // An admission plugin or webhook refuses with any 4xx; only its words tell.
  if (
    /admission webhook .* denied|ValidatingAdmissionPolicy .* denied|exceeded quota/i.test(message)
  ) {
    return [
      "admission-denied",
      "An admission rule of the cluster refuses the object. Change it in Git.",
    ];
  }
  if (/etcdserver: mvcc: database space exceeded/.test(message)) {
    return [
      "store-full",
      "The cluster's etcd is full and takes no writes. Free or enlarge it, defragment it, and disarm its alarm with " +
      "`etcdctl alarm disarm`; then run again.",
    ];
  }
  const webhook = /failed calling webhook "([^"]+)"/.exec(message)?.[1];
  if (webhook !== undefined) {
    return [
      "server",
      `The webhook ${webhook} does not answer. Look at the pods and Service behind it, then run again.`,
    ];
  }
  // The API server answers 500 when an applied object does not fit its schema, or a value its type (`cpu: abc`), though
  // no repetition can mend it.
  if (/failed to (create typed patch object|convert new object)/.test(message)) {
    return ["invalid", "Correct the field in Git, or install the version of the API that has it."];
  }
  return BY_STATUS[status] ?? [status >= 500 ? "server" : "unexpected"];
}

/**
 * An answer in the shape that the API promises.
 *
 * @param what the request in words.
 * @throws {ClusterError} `unexpected`: whatever answered is no API server, or a broken one.
 */
export function shaped<Schema extends z.ZodType>(
  what: string,
  schema: Schema,
  answer: unknown,
): z.output<Schema> {
  const { success, data } = schema.safeParse(answer);
  if (success) return data;
  throw new ClusterError("unexpected", `${what}: the answer is not what the Kubernetes API gives`, {
    hint:
      "Check that the server of the kubeconfig is a Kubernetes API server, and nothing in between answers for it.",
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
