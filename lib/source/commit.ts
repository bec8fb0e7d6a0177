/**
 * Commits as git stores them.
 * @module
 */

/** What is told about a commit. */
export interface CommitInfo {
  readonly subject: string;
  readonly author: string;
  /** When it was committed, RFC 3339. */
  readonly time: string;
  /** What kind of signature it carries, valid or not; undefined for none or another. */
  readonly signature: "ssh" | "gpg" | undefined;
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
    signature: signatureOf(header),
  };
}

function signatureOf(header: string): CommitInfo["signature"] {
  const [, kind] = /^gpgsig(?:-sha256)? -----BEGIN (SSH|PGP) SIGNATURE-----$/m.exec(header) ?? [];
  return kind === undefined ? undefined : kind === "SSH" ? "ssh" : "gpg";
}
