/** The one interface of the kinds that Plumb realizes itself. @module */
import { z } from "zod";
import type { Cluster } from "../cluster/mod.ts";
import { type ErrorDetails, PlumbError } from "../errors.ts";
import type { FieldPath } from "../field_path.ts";
import { describe, type KubernetesObject, type ObjectReference, referenceOf } from "../object.ts";
import type { FieldDifference } from "../plan/types.ts";
import type { DesiredObject } from "../render/types.ts";

/** Why a declaration can't be realized. */
export type KindErrorCode =
  | "invalid"
  | "source-missing"
  | "source-refused"
  | "unreachable"
  | "refused";

/** A declaration of one of Plumb's own kinds is wrong, or what it refers to is. Values never show. */
export class KindError extends PlumbError {
  override readonly name = "KindError";

  constructor(override readonly code: KindErrorCode, message: string, details: ErrorDetails = {}) {
    super(code, message, details);
  }
}

/** Reads Secrets of the cluster. */
export interface SecretReader {
  readSecret(namespace: string, name: string): Promise<KubernetesObject | undefined>;
}

/** What realizing works with. */
export interface KindContext extends SecretReader {
  readonly cluster: Cluster;
  /** Name of the component: what is made outside of the cluster's API is marked with it. */
  readonly component: string;
  /** All that the component declares, before it is realized. */
  readonly declared: readonly DesiredObject[];
}

/** What lives of an object outside of the cluster's API. */
export type ExternalState =
  | { readonly state: "absent" }
  | {
    readonly state: "present";
    /** What tells it from one of the same name that was made later. */
    readonly id: string;
    /** Where it is not as desired. Values of secrets are masked. */
    readonly differences: readonly FieldDifference[];
    /** Whose it is, if somebody else claims it. */
    readonly owner?: string;
  }
  /** It can't be reached now, and need not be: a later run does the work. */
  | { readonly state: "out-of-reach"; readonly reason: string };

/** With this an object is found again when its declaration has left Git. No secret is in it. */
export type Handle = Readonly<Record<string, unknown>>;

/** An object that lives outside of the cluster's API. */
export interface ExternalObject {
  /** Desired state, as it is shown: the declaration without what is secret. */
  readonly object: KubernetesObject;
  readonly handle: Handle;
  /** @throws {KindError} */
  observe(): Promise<ExternalState>;
  /**
   * Makes it as desired.
   *
   * @returns its id.
   * @throws {KindError}
   */
  apply(): Promise<string>;
}

/** What a declaration becomes: an object of the cluster, one outside of its API, or both. */
export interface Expansion {
  readonly object?: KubernetesObject;
  readonly external?: ExternalObject;
  /** Objects whose content went in, as they were read: when they move, the declaration must be realized anew. */
  readonly sources: readonly {
    readonly reference: ObjectReference;
    readonly resourceVersion: string;
  }[];
  /** What it holds can't be made again, so it survives prune and rollback. */
  readonly retain: boolean;
  /** Of a Secret that is retained, the keys that can't be made again. */
  readonly generated?: readonly string[];
}

/** Why something outside of the cluster's API stays. */
export interface Remainder {
  readonly reason: string;
  /** It is the component's, and a later run can remove it; otherwise it is somebody else's by now. */
  readonly later: boolean;
}

/** A kind that is declared like any other but that Plumb realizes itself. */
export interface RealizedKind {
  readonly kind: string;
  /** Schema of the whole declaration. */
  readonly schema: z.ZodType;
  /**
   * The object that a declaration becomes, given what lives now.
   *
   * @throws {KindError}
   */
  expand(declaration: DesiredObject, context: KindContext): Promise<Expansion>;
  /**
   * Removes what was made outside of the cluster's API.
   *
   * @returns why it stays, if it does.
   * @throws {KindError}
   */
  remove?(handle: Handle, context: KindContext): Promise<Remainder | undefined>;
  /** Whether what the handle leads to serves others too, so that it stays where it was before the component. */
  isShared?(handle: Handle): boolean;
}

/** `metadata` of a declaration. */
export const metadata = z.looseObject({
  name: z.string().min(1),
  namespace: z.string().min(1),
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});

/**
 * Reads a declaration by its schema.
 *
 * @throws {KindError} `invalid`, at the first field that is wrong, or where the declaration begins.
 */
export function parseDeclaration<Schema extends z.ZodType>(
  schema: Schema,
  declaration: DesiredObject,
): z.output<Schema> {
  const { object, provenance: { file, line } } = declaration;
  const { success, data, error } = schema.safeParse(object);
  if (success) return data;
  const problems = error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  const [wrong] = error.issues.map(fieldOf).map((path) => declaration.lineOf(path));
  throw new KindError("invalid", `${object.kind} is not valid: ${problems.join("; ")}`, {
    place: { file, line: wrong ?? line, object: describe(referenceOf(object)) },
    hint: "Correct the declaration in Git.",
  });
}

/** The field that an issue is about; for unknown fields the first of them, not what has them. */
function fieldOf(issue: z.core.$ZodIssue): FieldPath {
  const unknown = issue.code === "unrecognized_keys" ? issue.keys.slice(0, 1) : [];
  return [...issue.path, ...unknown].map((step) =>
    typeof step === "number" ? { index: step } : { field: String(step) }
  );
}
