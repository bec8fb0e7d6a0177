/**
 * Reads commits and folders out of a bare repository.
 * @module
 */
import { type CommitInfo, parseCommit } from "./commit.ts";
import { SourceError } from "./errors.ts";
import { runGit, textOf } from "./git.ts";
import { cacheRef } from "./remote.ts";
import { checkTotals, refuseLfsPointer, refuseUnsafePath, unsafePath } from "./limits.ts";
import type { Limits, SourceFile } from "./types.ts";

/** A folder of a commit. */
export interface TreeInfo {
  readonly commit: CommitInfo;
  /** Id of the folder's tree; undefined if the commit has no such folder. */
  readonly tree: string | undefined;
}

/** A bare repository. */
export interface Repository {
  readonly repository: string;
  readonly signal: AbortSignal | undefined;
}

/**
 * Looks a folder of a commit up.
 *
 * @param path `""` for the root.
 * @returns undefined if the repository does not have the whole commit.
 */
export async function findTree(
  { repository, signal }: Repository,
  commit: string,
  path: string,
): Promise<TreeInfo | undefined> {
  const ref = cacheRef(commit);
  const folder = path === "" ? `${ref}^{tree}` : `${ref}:${path}`;
  const [first, second] = await readObjects({ repository, signal }, [`${ref}^{commit}`, folder]);
  if (first === undefined) return undefined;
  const text = new TextDecoder().decode(first.bytes);
  return { commit: parseCommit(text), tree: second?.type === "tree" ? second.id : undefined };
}

/** The error for a folder that is not there, with what is. */
export async function folderNotFound(
  { repository, signal }: Repository,
  commit: string,
  path: string,
  url: string,
): Promise<SourceError> {
  const parents = path.split("/").map((_, index, names) => names.slice(0, index).join("/"))
    .reverse();
  for (const parent of parents) {
    const found = await findTree({ repository, signal }, commit, parent);
    if (found?.tree === undefined) continue;
    const args = ["ls-tree", "-z", "--name-only", "--full-tree", found.tree];
    const names = textOf(await runGit(args, { repository, signal })).split("\0").filter(Boolean);
    const listed = names.slice(0, 20).join(", ") + (names.length > 20 ? ", …" : "");
    return new SourceError(
      "path-not-found",
      `The repository has no folder ${path} at ${commit.slice(0, 7)}`,
      {
        place: { url },
        hint: `In ${parent === "" ? "its root" : parent} there are ${listed}.`,
      },
    );
  }
  return new SourceError("path-not-found", `The repository is empty at ${commit.slice(0, 7)}`, {
    place: { url },
  });
}

interface TreeEntry {
  readonly id: string;
  readonly path: string;
  readonly size: number;
  readonly executable: boolean;
}

/**
 * Reads all files of a folder.
 *
 * @param tree id of the folder's tree.
 * @throws {SourceError} `unsafe-path`, `too-large` or `git-failed`
 */
export async function readTree(
  { repository, signal }: Repository,
  tree: string,
  limits: Limits,
): Promise<SourceFile[]> {
  const listing = await runGit(["ls-tree", "-r", "-z", "-l", "--full-tree", tree], {
    repository,
    signal,
  });
  if (!listing.success) {
    throw new SourceError("git-failed", `git ls-tree failed: ${listing.stderr}`);
  }
  const entries = textOf(listing).split("\0").filter((line) => line !== "").map(parseEntry);
  checkTotals(entries, limits);
  const objects = await readObjects({ repository, signal }, entries.map(({ id }) => id));
  return entries.map(({ path, executable }, index) => {
    const bytes = objects[index]?.bytes;
    if (bytes === undefined) throw new SourceError("git-failed", `git has no content of ${path}`);
    refuseLfsPointer(path, bytes);
    return { path, bytes, executable };
  }).sort((one, other) => one.path < other.path ? -1 : 1);
}

function parseEntry(line: string): TreeEntry {
  const tab = line.indexOf("\t");
  const [mode = "", , id = "", size = ""] = line.slice(0, tab).split(/ +/);
  const path = line.slice(tab + 1);
  refuseUnsafePath(path);
  if (mode === "120000") throw unsafePath(path, "is a symbolic link", "Put the file itself there.");
  if (mode === "160000") {
    throw unsafePath(path, "is a submodule", "Make it a component of its own.");
  }
  return { id, path, size: Number(size), executable: mode === "100755" };
}

interface GitObject {
  readonly id: string;
  readonly type: string;
  readonly bytes: Uint8Array;
}

/** Reads objects by name, all in one process; undefined for those that are not there. */
async function readObjects(
  { repository, signal }: Repository,
  names: readonly string[],
): Promise<(GitObject | undefined)[]> {
  if (names.length === 0) return [];
  const input = new TextEncoder().encode(names.join("\n") + "\n");
  const result = await runGit(["cat-file", "--batch", "--buffer"], { repository, signal, input });
  if (!result.success) throw new SourceError("git-failed", `git cat-file failed: ${result.stderr}`);
  const { stdout } = result;
  const decoder = new TextDecoder();
  let position = 0;
  return names.map(() => {
    const end = stdout.indexOf(10, position);
    const header = decoder.decode(stdout.subarray(position, end));
    const [, id, type, size] = /^([0-9a-f]+) (\w+) (\d+)$/.exec(header) ?? [];
    position = end + 1;
    if (id === undefined || type === undefined) return undefined;
    const bytes = stdout.subarray(position, position + Number(size));
    position += Number(size) + 1;
    return { id, type, bytes };
  });
}
