/**
 * What a component's folder must not hold.
 * @module
 */
import { SourceError } from "./errors.ts";
import type { Limits } from "./types.ts";

/** `unsafe-path`: a file that is refused by its name or kind. */
export function unsafePath(path: string, problem: string, hint?: string): SourceError {
  return new SourceError("unsafe-path", `${JSON.stringify(path)} ${problem}`, {
    place: { file: path },
    hint,
  });
}

/**
 * Refuses names that could leave the folder or deceive a reader.
 *
 * @throws {SourceError} `unsafe-path`
 */
export function refuseUnsafePath(path: string): void {
  // deno-lint-ignore no-control-regex
  if (/[\x00-\x1f\x7f]/.test(path)) throw unsafePath(path, "has control characters in its name");
  if (path.includes("\\")) throw unsafePath(path, "has a backslash in its name");
  if (path.split("/").some((name) => name === ".." || name === "." || name === "")) {
    throw unsafePath(path, "is not a plain path");
  }
}

/**
 * Refuses what is too much, by the sizes alone.
 *
 * @throws {SourceError} `too-large`
 */
export function checkTotals(
  files: readonly { readonly path: string; readonly size: number }[],
  limits: Limits,
): void {
  if (files.length > limits.files) {
    throw tooLarge(
      undefined,
      `The folder holds ${files.length} files; ${limits.files} are allowed`,
    );
  }
  for (const { path, size } of files) {
    if (size > limits.fileBytes) {
      throw tooLarge(path, `${path} holds ${size} bytes; ${limits.fileBytes} are allowed`);
    }
  }
  const total = files.reduce((sum, { size }) => sum + size, 0);
  if (total > limits.totalBytes) {
    throw tooLarge(undefined, `The folder holds ${total} bytes; ${limits.totalBytes} are allowed`);
  }
}

function tooLarge(file: string | undefined, message: string): SourceError {
  return new SourceError("too-large", message, {
    place: { file },
    hint: "Keep only manifests in a component's folder, or divide it.",
  });
}

/** The first line of a pointer, git-lfs specification, version 1. */
const LFS_POINTER = "version https://git-lfs.github.com/spec/";

/**
 * Refuses a pointer to a file in Git LFS: the file itself is elsewhere.
 *
 * @throws {SourceError} `unsafe-path`
 */
export function refuseLfsPointer(path: string, bytes: Uint8Array): void {
  if (new TextDecoder().decode(bytes.subarray(0, LFS_POINTER.length)) === LFS_POINTER) {
    throw unsafePath(path, "is a Git LFS pointer, not the file itself", "Keep it in Git as it is.");
  }
}
