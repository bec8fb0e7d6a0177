/**
 * Runs the git program.
 *
 * It keeps the user's environment, and the system's and the user's git configuration: credential helpers, SSH keys,
 * proxies and certificate authorities are set up there. It overrides what could run a program of a repository's
 * choice, wait for a person, or point at another repository.
 * @module
 */
import { join } from "node:path";
import { type GitAddress, redact } from "./address.ts";
import { SourceError } from "./errors.ts";

/** A run of git. */
export interface GitOptions {
  /** A bare repository; absent for a command that finds its own. */
  readonly repository?: string;
  /** The remote that is talked to, for credentials and errors. */
  readonly address?: GitAddress | undefined;
  readonly input?: Uint8Array<ArrayBuffer>;
  readonly signal?: AbortSignal | undefined;
  /** Beside the user's own. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Milliseconds; no limit if absent. */
  readonly timeout?: number;
}

/** What a run of git left. */
export interface GitResult {
  readonly success: boolean;
  readonly stdout: Uint8Array<ArrayBuffer>;
  readonly stderr: string;
}

const CONFIGURATION = [
  "core.hooksPath=/dev/null",
  "core.fsmonitor=false",
  "fetch.recurseSubmodules=false",
  "gc.auto=0",
  "maintenance.auto=false",
  "advice.detachedHead=false",
].flatMap((setting) => ["-c", setting]);

const ENVIRONMENT = {
  GIT_ALLOW_PROTOCOL: "file:git:http:https:ssh",
  GIT_TERMINAL_PROMPT: "0",
  GIT_OPTIONAL_LOCKS: "0",
  LC_ALL: "C",
};

/**
 * Runs git and waits for its end. A run that takes too long is killed, with what it started.
 *
 * @throws {SourceError} `timeout`, or `git-failed` if git isn't there.
 */
export async function runGit(args: readonly string[], options: GitOptions): Promise<GitResult> {
  options.signal?.throwIfAborted();
  const child = start(args, options);
  let isLate = false;
  const kill = () => killGroup(child.pid);
  const timer = options.timeout === undefined ? undefined : setTimeout(() => {
    isLate = true;
    kill();
  }, options.timeout);
  options.signal?.addEventListener("abort", kill, { once: true });
  try {
    const [output] = await Promise.all([child.output(), write(child, options.input)]);
    options.signal?.throwIfAborted();
    if (isLate) throw tooLate(options);
    const stderr = redact(new TextDecoder().decode(output.stderr)).trim();
    return { success: output.success, stdout: output.stdout, stderr };
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", kill);
  }
}

/** Git has a session of its own, so that what it started ends with it, and no question reaches the terminal. */
function killGroup(id: number): void {
  try {
    Deno.kill(-id, "SIGKILL");
  } catch (error) {
    // It ended just now.
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function start(
  args: readonly string[],
  { repository, address, environment }: GitOptions,
): Deno.ChildProcess {
  const credentials = address?.credentials;
  try {
    return new Deno.Command("git", {
      args: [...CONFIGURATION, ...(credentials === undefined ? [] : CREDENTIAL_HELPER), ...args],
      env: {
        ...environment,
        ...ENVIRONMENT,
        ...(repository === undefined ? {} : environmentOf(repository)),
        ...(credentials === undefined ? {} : {
          PLUMB_GIT_USERNAME: credentials.username,
          PLUMB_GIT_PASSWORD: credentials.password,
        }),
      },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      detached: true,
    }).spawn();
  } catch (error) {
    throw new SourceError("git-failed", "The program git can't be started", {
      hint: "Install git, and see that it is in PATH.",
      cause: error,
    });
  }
}

/** Set even where git would find it itself: a run within a git hook inherits the variables of another repository. */
function environmentOf(repository: string): Record<string, string> {
  return {
    GIT_DIR: repository,
    GIT_OBJECT_DIRECTORY: join(repository, "objects"),
    GIT_ALTERNATE_OBJECT_DIRECTORIES: "",
    GIT_NAMESPACE: "",
  };
}

/** Hands over the credentials of an address by the environment, which other users can't read, unlike arguments. */
const CREDENTIAL_HELPER = [
  "-c",
  "credential.helper=",
  "-c",
  `credential.helper=!f() { printf 'username=%s\\npassword=%s\\n' "$PLUMB_GIT_USERNAME" "$PLUMB_GIT_PASSWORD"; }; f`,
];

async function write(child: Deno.ChildProcess, input: Uint8Array<ArrayBuffer> | undefined) {
  const writer = child.stdin.getWriter();
  try {
    if (input !== undefined) await writer.write(input);
    await writer.close();
  } catch {
    // Git ended before it had read all: its exit code and message tell why.
  }
}

function tooLate({ address, timeout = 0 }: GitOptions): SourceError {
  return new SourceError("timeout", `The repository did not answer within ${timeout / 1000} s`, {
    place: { url: address?.display },
    hint: "See whether the server is up and reachable from here.",
  });
}

const DECODER = new TextDecoder("utf-8", { fatal: true });

/** Output as text. */
export function textOf({ stdout }: GitResult): string {
  return DECODER.decode(stdout);
}
