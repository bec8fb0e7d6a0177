/**
 * Opens the folder that holds a component's desired state.
 * @module
 */
import { parseAddress } from "./address.ts";
import { SourceError } from "./errors.ts";
import { refuseUnsafePath } from "./limits.ts";
import { openFolder } from "./local.ts";
import { fetchCommit, openCache, type Remote, resolveRef } from "./remote.ts";
import { verifyCommit } from "./signature.ts";
import { findTree, folderNotFound, readTree, type TreeInfo } from "./tree.ts";
import {
  DEFAULT_LIMITS,
  type Limits,
  type Source,
  type SourceFile,
  type SourceOptions,
} from "./types.ts";

/**
 * Opens a component's folder: at one commit of a repository, or on disk. Of a repository nothing is checked out,
 * and neither hooks nor filters run. When the remote has not moved, it is asked once and nothing is fetched.
 *
 * @throws {SourceError}
 * @throws the signal's reason when it aborts.
 *
 * @example
 * ```ts
 * import { openSource } from "./mod.ts";
 * import assert from "node:assert/strict";
 *
 * await assert.rejects(
 *   openSource({ url: "ext::sh -c id", path: "manifests/cvat", cache: "/nowhere" }),
 *   { name: "SourceError", code: "unsafe-url" },
 * );
 * ```
 */
export async function openSource(options: SourceOptions): Promise<Source> {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const { url, signal } = options;
  if (url === undefined) {
    if (isSigned(options)) {
      throw new SourceError("signature", "A local folder has no signature", {
        place: { file: options.path },
        hint: "Name the repository with --source, or do without --signed-by.",
      });
    }
    return await openFolder(options.path, limits, signal);
  }
  const address = parseAddress(url);
  const repository = await openCache(address, options.cache);
  const remote = { address, repository, timeout: limits.remoteMilliseconds, signal };
  return await openCommit(remote, options, limits);
}

async function openCommit(remote: Remote, options: SourceOptions, limits: Limits): Promise<Source> {
  const { address, repository, signal } = remote;
  const path = normalizePath(options.path);
  const revision = await resolveRef(remote, options.ref);
  const { commit, tree } = await findTree(remote, revision, path) ??
    await fetchTree(remote, revision, path);
  if (isSigned(options)) {
    await verifyCommit({
      repository,
      commit: revision,
      info: commit,
      signedBy: options.signedBy ?? [],
      url: address.display,
      signal,
    });
  }
  if (tree === undefined) throw await folderNotFound(remote, revision, path, address.display);
  let files: Promise<readonly SourceFile[]> | undefined;
  return {
    url: address.display,
    ...(options.ref === undefined ? {} : { ref: options.ref }),
    revision,
    tree,
    subject: commit.subject,
    author: commit.author,
    time: commit.time,
    files: () => files ??= readTree(remote, tree, limits),
  };
}

/** Whether a signature is required. */
function isSigned({ signedBy = [] }: SourceOptions): boolean {
  return signedBy.length > 0;
}

async function fetchTree(remote: Remote, revision: string, path: string): Promise<TreeInfo> {
  await fetchCommit(remote, revision);
  const found = await findTree(remote, revision, path);
  if (found !== undefined) return found;
  throw new SourceError("ref-not-found", `${revision} is not a commit`, {
    place: { url: remote.address.display },
  });
}

/** As git names a folder: without `.` and without slashes at the ends; `""` is the root. */
function normalizePath(path: string): string {
  const names = path.split("/").filter((name) => name !== "" && name !== ".");
  const plain = names.join("/");
  if (plain !== "") refuseUnsafePath(plain);
  return plain;
}
