/**
 * From a remote repository to a commit in the cache, with at most two conversations.
 * @module
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { nearestName } from "../suggest.ts";
import type { GitAddress } from "./address.ts";
import { SourceError, type SourceErrorCode } from "./errors.ts";
import { type GitResult, runGit, textOf } from "./git.ts";

/** A remote repository, and the bare one that caches what was fetched from it. */
export interface Remote {
  readonly address: GitAddress;
  readonly repository: string;
  /** Milliseconds for one conversation. */
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
}

const COMMIT_ID = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
/** What `git check-ref-format` refuses, and what git could take for an option. */
// deno-lint-ignore no-control-regex
const INVALID_REF = /^[-/]|[\x00-\x20\x7f~^:?*[\\]|\.\.|@\{|\/\/|[/.]$|\.lock$|^$/;

/**
 * Opens the cache of a repository, making it if need be. Safe when several runs do so at once.
 *
 * @throws {SourceError} `git-failed`
 */
export async function openCache(address: GitAddress, cache: string): Promise<string> {
  const name = createHash("sha256").update(address.url).digest("hex").slice(0, 32);
  const folder = join(cache, "git");
  const repository = join(folder, name);
  if (await exists(join(repository, "HEAD"))) return repository;
  await Deno.mkdir(folder, { recursive: true });
  const fresh = await Deno.makeTempDir({ dir: folder, prefix: "new-" });
  try {
    // The template could hold hooks.
    const args = ["init", "--quiet", "--bare", "--template=", "--", fresh];
    const made = await runGit(args, { repository: fresh });
    if (!made.success) throw new SourceError("git-failed", `git init failed: ${made.stderr}`);
    await Deno.rename(fresh, repository);
  } catch (error) {
    await Deno.remove(fresh, { recursive: true });
    // Another run was quicker.
    if (!await exists(join(repository, "HEAD"))) throw error;
  }
  return repository;
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/**
 * The commit that a ref names on the remote.
 *
 * @param ref branch, tag, full name, or full commit id; the remote's HEAD if absent.
 * @throws {SourceError} `ref-not-found` and all that a remote can fail with.
 */
export async function resolveRef(remote: Remote, ref: string | undefined): Promise<string> {
  if (ref !== undefined && COMMIT_ID.test(ref)) return ref;
  if (ref !== undefined && INVALID_REF.test(ref)) {
    throw refError(remote, ref, "is not the name of a ref");
  }
  const patterns = ref === undefined || ref === "HEAD"
    ? ["HEAD"]
    : [ref, `${ref}^{}`, `refs/heads/${ref}`, `refs/tags/${ref}`, `refs/tags/${ref}^{}`];
  const refs = await listRefs(remote, ["ls-remote", "--", remote.address.url, ...patterns]);
  if (ref === undefined || ref === "HEAD") {
    const head = refs.get("HEAD");
    if (head === undefined) {
      throw refError(remote, "HEAD", "does not exist: the repository is empty");
    }
    return head;
  }
  const branch = refs.get(`refs/heads/${ref}`);
  // An annotated tag is an object of its own; `^{}` is the commit that it stands for.
  const tag = refs.get(`refs/tags/${ref}^{}`) ?? refs.get(`refs/tags/${ref}`);
  if (branch !== undefined && tag !== undefined && branch !== tag) {
    throw refError(
      remote,
      ref,
      "is both a branch and a tag",
      `Write refs/heads/${ref} or refs/tags/${ref}.`,
    );
  }
  const commit = branch ?? tag ?? refs.get(`${ref}^{}`) ??
    (ref.startsWith("refs/") ? refs.get(ref) : undefined);
  if (commit === undefined) throw await refNotFound(remote, ref);
  return commit;
}

async function listRefs(remote: Remote, args: readonly string[]): Promise<Map<string, string>> {
  const result = await talk(remote, args);
  if (!result.success) throw failure(remote, result);
  return new Map(
    textOf(result).split("\n").filter((line) => line !== "").map((line) => {
      const [id = "", name = ""] = line.split("\t");
      return [name, id];
    }),
  );
}

async function refNotFound(remote: Remote, ref: string): Promise<SourceError> {
  if (/^[0-9a-f]{7,}$/.test(ref)) {
    return refError(remote, ref, "does not exist", "Give a commit by all of its 40 digits.");
  }
  const args = ["ls-remote", "--heads", "--tags", "--refs", "--", remote.address.url];
  const names = [...(await listRefs(remote, args)).keys()]
    .map((name) => name.replace(/^refs\/(?:heads|tags)\//, ""));
  const meant = nearestName(ref, names);
  const listed = names.slice(0, 10).join(", ") + (names.length > 10 ? ", …" : "");
  return refError(
    remote,
    ref,
    "does not exist",
    meant !== undefined ? `Did you mean ${meant}?` : `There are ${listed || "no branches"}.`,
  );
}

function refError({ address }: Remote, ref: string, problem: string, hint?: string): SourceError {
  return new SourceError("ref-not-found", `The ref ${JSON.stringify(ref)} ${problem}`, {
    place: { url: address.display },
    hint,
  });
}

/**
 * The ref of a commit in the cache. Git sets it when all objects have come: a commit without it may lack some, after
 * a fetch that was killed or is under way. It also tells the remote what need not be sent again.
 */
export function cacheRef(commit: string): string {
  return `refs/plumb/${commit}`;
}

/** How often a fetch is tried again that met another one in the same cache. */
const LOCK_ATTEMPTS = 20;

/**
 * Fetches one commit, without history.
 *
 * @throws {SourceError} `ref-not-found` if the remote does not give that commit, and all that a remote can fail with.
 */
export async function fetchCommit(remote: Remote, commit: string): Promise<void> {
  const args = ["fetch", "--quiet", "--depth=1", "--no-tags", "--no-write-fetch-head"];
  for (let attempt = 1;; attempt++) {
    const refspec = `+${commit}:${cacheRef(commit)}`;
    const result = await talk(remote, [...args, "--", remote.address.url, refspec]);
    if (result.success) return;
    const isLocked = /\.lock'?: File exists|shallow file has changed|cannot lock ref/.test(
      result.stderr,
    );
    if (!isLocked || attempt === LOCK_ATTEMPTS) throw fetchFailure(remote, commit, result);
    await delay(25 * attempt);
  }
}

function fetchFailure(remote: Remote, commit: string, result: GitResult): SourceError {
  return /not our ref|couldn't find remote ref|unadvertised object/i.test(result.stderr)
    ? refError(remote, commit, "is not a commit of the repository")
    : failure(remote, result);
}

function talk(remote: Remote, args: readonly string[]): Promise<GitResult> {
  const { repository, address, timeout, signal } = remote;
  return runGit(args, { repository, address, timeout, signal });
}

/** What git says when a remote fails, the meaning, and the way out; the first that fits. */
const FAILURES: readonly (readonly [RegExp, SourceErrorCode, message: string, hint: string])[] = [
  [
    /Authentication failed|could not read (?:Username|Password)|Permission denied|Host key verification|returned error: 40[13]/i,
    "authentication",
    "The repository can't be read with the credentials at hand",
    "Set up a credential helper, an SSH key and a known host, or a token, for the user that runs this.",
  ],
  [
    /dubious ownership/i,
    "not-a-repository",
    "The repository belongs to another user, so git refuses it",
    "Add it to safe.directory in the git configuration of the user that runs this.",
  ],
  [
    /not appear to be a git repository|not a git repository|repository .*not found|does not exist|not valid: is this a git/i,
    "not-a-repository",
    "There is no git repository at this address",
    "See whether the address is right, and whether the credentials at hand may read it.",
  ],
  [
    /resolve host|connect to|connection|unreachable|no route|timed out|SSL|TLS|certificate|early EOF|hung up|returned error: 5/i,
    "unreachable",
    "The repository can't be reached",
    "See whether the server is up and reachable from here. Nothing was changed.",
  ],
];

function failure({ address }: Remote, { stderr }: GitResult): SourceError {
  const place = { url: address.display };
  const known = FAILURES.find(([pattern]) => pattern.test(stderr));
  const said = stderr.split("\n").filter((line) => line !== "").slice(0, 3).join("; ");
  if (known === undefined) return new SourceError("git-failed", `git failed: ${said}`, { place });
  const [, code, message, hint] = known;
  return new SourceError(code, `${message} (${said})`, { place, hint });
}
