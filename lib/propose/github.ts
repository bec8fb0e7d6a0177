/** GitHub's client, and what it is refused. @module */
import { Octokit } from "octokit";

/** A repository at GitHub, and who asks. */
export interface GitHubRepository {
  readonly owner: string;
  readonly name: string;
  /** The API's address. */
  readonly api: string;
  readonly token: string;
}

/** Longest wait that GitHub may ask for before something is tried again: seconds. */
const PATIENCE_SECONDS = 60;
const RETRIES = 2;

/** A client that waits where GitHub asks for patience, and says nothing of its own. */
export function connectGitHub({ api, token }: GitHubRepository): Octokit {
  const again = (seconds: number, _options: unknown, _octokit: unknown, count: number) =>
    seconds <= PATIENCE_SECONDS && count < RETRIES;
  return new Octokit({
    auth: token,
    baseUrl: api,
    log: { debug() {}, info() {}, warn() {}, error() {} },
    throttle: { onRateLimit: again, onSecondaryRateLimit: again },
  });
}

/** What GitHub said instead of doing it. */
export interface Refusal {
  /** Absent where there was no answer. */
  readonly status: number | undefined;
  readonly message: string;
}

/** A failed request in words. */
export function refusalOf(error: unknown): Refusal {
  const status = typeof error === "object" && error !== null && "status" in error
    ? error.status
    : undefined;
  return {
    status: typeof status === "number" ? status : undefined,
    message: error instanceof Error ? error.message.slice(0, 200) : "",
  };
}

/** Whether the token lacks a right, or doesn't see the repository. */
export function isForbidden({ status }: Refusal): boolean {
  return status === 401 || status === 403 || status === 404;
}
