/** GitHub's client, and what it is refused. @module */
import { createPrivateKey } from "node:crypto";
import { App, Octokit } from "octokit";
import { z } from "zod";
import { ProposeError } from "./errors.ts";

/** Who asks: whoever a token belongs to, or a GitHub App that is installed on the repository. */
export type GitHubCredentials =
  | { readonly kind: "token"; readonly token: string }
  | {
    readonly kind: "app";
    readonly id: string;
    /** The App's private key in PEM, as GitHub gave it. */
    readonly key: string;
    /** Found by the repository when absent. */
    readonly installation: number | undefined;
  };

/** A repository at GitHub, and who asks. */
export interface GitHubRepository {
  readonly owner: string;
  readonly name: string;
  /** The API's address. */
  readonly api: string;
  readonly credentials: GitHubCredentials;
}

/** Longest wait that GitHub may ask for before something is tried again: seconds. */
const PATIENCE_SECONDS = 60;
const RETRIES = 2;
/** GitHub itself gives up a request after ten seconds. */
const ANSWER_MILLISECONDS = 30_000;

/**
 * A client that waits where GitHub asks for patience, and says nothing of its own.
 *
 * @throws {ProposeError} `bad-key` for an App's key that is none; whatever GitHub refuses to an App.
 */
export async function connectGitHub(
  { owner, name, api, credentials }: GitHubRepository,
): Promise<Octokit> {
  const again = (seconds: number, _options: unknown, _octokit: unknown, count: number) =>
    seconds <= PATIENCE_SECONDS && count < RETRIES;
  const options = {
    baseUrl: api,
    request: { fetch: (url: string, request: RequestInit) => fetchWhole(url, request) },
    log: { debug() {}, info() {}, warn() {}, error() {} },
    // Limits are those of a server.
    throttle: { id: api, onRateLimit: again, onSecondaryRateLimit: again },
  };
  if (credentials.kind === "token") return new Octokit({ ...options, auth: credentials.token });
  const { id, key, installation } = credentials;
  const app = new App({
    appId: id,
    privateKey: readKey(key),
    Octokit: Octokit.defaults(options),
    log: options.log,
  });
  const at = { owner, repo: name };
  const found = installation ?? (await app.octokit.rest.apps.getRepoInstallation(at)).data.id;
  return await app.getInstallationOctokit(found);
}

/**
 * An answer that is all there: GitHub's client takes what came before it broke off for all of it, and waits for ever for
 * what never comes.
 *
 * @throws {TypeError | DOMException} when it breaks off, or does not come.
 */
export async function fetchWhole(
  url: string,
  request: RequestInit,
  milliseconds = ANSWER_MILLISECONDS,
): Promise<Response> {
  const signal = AbortSignal.timeout(milliseconds);
  const response = await fetch(url, { ...request, signal });
  await response.clone().arrayBuffer();
  return response;
}

/** GitHub hands out keys in a format (PKCS#1) that web cryptography does not read. */
function readKey(key: string): string {
  try {
    return createPrivateKey(key).export({ type: "pkcs8", format: "pem" }).toString();
  } catch {
    // The cause could quote the key.
    throw new ProposeError("bad-key", "The private key of the GitHub App can't be read", {
      hint: "It is the PEM file that GitHub made on the App's page, whole, with its line breaks.",
    });
  }
}

/** What GitHub said instead of doing it. */
export interface Refusal {
  /** Absent where there was no answer, or it came from GraphQL. */
  readonly status: number | undefined;
  /** Of an error of GraphQL: `FORBIDDEN`, … */
  readonly type: string | undefined;
  readonly message: string;
  /** Too much was asked, or too fast. */
  readonly isRateLimit: boolean;
  /** When the limit begins anew, RFC 3339. */
  readonly reset: string | undefined;
}

const failedRequest = z.object({
  status: z.number().optional().catch(undefined),
  errors: z.tuple([z.looseObject({ type: z.string().optional() })], z.unknown()).optional()
    .catch(undefined),
  response: z.looseObject({
    headers: z.looseObject({ "x-ratelimit-reset": z.coerce.number().int().max(1e11).optional() })
      .optional(),
  }).optional().catch(undefined),
}).catch({});

/** A failed request in words. */
export function refusalOf(error: unknown): Refusal {
  const { status, errors, response } = failedRequest.parse(error);
  const message = error instanceof Error ? error.message.slice(0, 200) : "";
  const isRateLimit = status === 429 || /rate limit/i.test(message);
  const seconds = isRateLimit ? response?.headers?.["x-ratelimit-reset"] : undefined;
  const reset = seconds === undefined ? undefined : new Date(seconds * 1000).toISOString();
  return { status, type: errors?.[0].type, message, isRateLimit, reset };
}

/** Whether the token lacks a right, or doesn't see the repository. */
export function isForbidden({ status, type, isRateLimit }: Refusal): boolean {
  if (isRateLimit) return false;
  return status === 401 || status === 403 || status === 404 ||
    ["FORBIDDEN", "NOT_FOUND", "INSUFFICIENT_SCOPES"].includes(type ?? "");
}
