/**
 * A component's folder on this machine's disk.
 * @module
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { SourceError } from "./errors.ts";
import { runGit, textOf } from "./git.ts";
import { checkTotals, refuseLfsPointer, refuseUnsafePath, unsafePath } from "./limits.ts";
import type { Limits, Source, SourceFile } from "./types.ts";

/**
 * Opens a local folder, with the limits that a folder in Git has.
 *
 * @throws {SourceError} `path-not-found`, `unsafe-path` or `too-large`
 */
export async function openFolder(
  folder: string,
  limits: Limits,
  signal: AbortSignal | undefined,
): Promise<Source> {
  const found = await listFolder(folder, limits);
  const [files, revision] = await Promise.all([
    Promise.all(found.map(({ path }) => readFile(folder, path))),
    describeRevision(folder, signal),
  ]);
  return { url: folder, revision, tree: hashFiles(files), files: () => Promise.resolve(files) };
}

interface FoundFile {
  readonly path: string;
  readonly size: number;
}

async function listFolder(folder: string, limits: Limits): Promise<FoundFile[]> {
  const files: FoundFile[] = [];
  const visit = async (parent: string) => {
    for await (const entry of Deno.readDir(join(folder, parent))) {
      const path = parent === "" ? entry.name : `${parent}/${entry.name}`;
      if (entry.name === ".git") continue;
      refuseUnsafePath(path);
      if (entry.isSymlink) {
        throw unsafePath(path, "is a symbolic link", "Put the file itself there.");
      }
      if (entry.isDirectory) await visit(path);
      else if (!entry.isFile) throw unsafePath(path, "is neither a file nor a folder");
      else files.push({ path, size: (await Deno.lstat(join(folder, path))).size });
      // Before a whole disk is listed.
      if (files.length > limits.files) checkTotals(files, limits);
    }
  };
  try {
    await visit("");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      throw new SourceError("path-not-found", `There is no folder ${folder}`, {
        hint: "Give the path of a component's folder.",
      });
    }
    throw error;
  }
  files.sort((one, other) => one.path < other.path ? -1 : 1);
  checkTotals(files, limits);
  return files;
}

async function readFile(folder: string, path: string): Promise<SourceFile> {
  const bytes = await Deno.readFile(join(folder, path));
  refuseLfsPointer(path, bytes);
  return { path, bytes };
}

function hashFiles(files: readonly SourceFile[]): string {
  const hash = createHash("sha256");
  // Lengths keep apart what names and contents could otherwise run together.
  for (const { path, bytes } of files) {
    hash.update(`${path.length} ${path} ${bytes.length} `).update(bytes);
  }
  return `sha256:${hash.digest("hex")}`;
}

/** `local`, and the commit that is checked out where the folder is part of a work tree and git is installed. */
async function describeRevision(folder: string, signal: AbortSignal | undefined): Promise<string> {
  const args = ["-C", folder, "status", "--porcelain=v2", "--branch", "--", "."];
  const text = await runGit(args, { signal }).then(
    (status) => status.success ? textOf(status) : "",
    (error) => {
      if (error instanceof SourceError) return "";
      throw error;
    },
  );
  const commit = /^# branch\.oid ([0-9a-f]{7})/m.exec(text)?.[1];
  if (commit === undefined) return "local";
  return `local (${commit}${/^[^#]/m.test(text) ? " with changes" : ""})`;
}
