/**
 * Commits as git stores them, and their signatures.
 * @module
 */
import { SourceError } from "./errors.ts";
import { runGit } from "./git.ts";

/** What is told about a commit. */
export interface CommitInfo {
  readonly subject: string;
  readonly author: string;
  /** When it was committed, RFC 3339. */
  readonly time: string;
  /** Whether it carries an SSH signature, valid or not. */
  readonly hasSshSignature: boolean;
}

/**
 * Reads the text of a commit object.
 *
 * @example
 * ```ts
 * import { parseCommit } from "./commit.ts";
 * import assert from "node:assert/strict";
 *
 * const commit = parseCommit(
 *   "tree 1\nauthor Ada <ada@example.com> 0 +0000\ncommitter Ada <ada@example.com> 60 +0000\n\nAdd OPA\n",
 * );
 * assert.equal(commit.subject, "Add OPA");
 * assert.equal(commit.author, "Ada");
 * assert.equal(commit.time, "1970-01-01T00:01:00Z");
 * ```
 */
export function parseCommit(text: string): CommitInfo {
  const end = text.indexOf("\n\n");
  const header = end < 0 ? text : text.slice(0, end);
  const [subject = ""] = end < 0 ? [] : text.slice(end).trimStart().split("\n");
  const author = /^author (.*?) ?<[^>]*> \d+ /m.exec(header)?.[1] ?? "";
  const seconds = Number(/^committer .*> (\d+) /m.exec(header)?.[1] ?? 0);
  return {
    subject,
    author,
    time: new Date(seconds * 1000).toISOString().replace(".000", ""),
    hasSshSignature: /^gpgsig(?:-sha256)? -----BEGIN SSH SIGNATURE-----$/m.test(header),
  };
}

/** Which commit to verify, and with what. */
export interface SignatureOptions {
  readonly repository: string;
  readonly commit: string;
  readonly info: CommitInfo;
  /** A file in the format of ssh-keygen's ALLOWED SIGNERS. */
  readonly allowedSigners: string;
  /** For errors. */
  readonly url: string;
  readonly signal: AbortSignal | undefined;
}

/**
 * Requires a valid SSH signature by a listed key. Other signatures don't count: git would accept those of any key
 * that the user's keyring holds.
 *
 * @throws {SourceError} `signature`
 */
export async function verifyCommit(options: SignatureOptions): Promise<void> {
  const { repository, commit, info, allowedSigners, url, signal } = options;
  const refuse = (problem: string) =>
    new SourceError("signature", `The commit ${commit.slice(0, 7)} of ${info.author} ${problem}`, {
      place: { url },
      hint: `Only commits signed by a key in ${allowedSigners} are applied.`,
    });
  if (!info.hasSshSignature) throw refuse("has no SSH signature");
  const settings = [`gpg.ssh.allowedSignersFile=${allowedSigners}`, "gpg.minTrustLevel=fully"];
  const args = [...settings.flatMap((setting) => ["-c", setting]), "verify-commit", commit];
  const { success } = await runGit(args, { repository, signal });
  if (!success) throw refuse("is not signed by a listed key");
}
