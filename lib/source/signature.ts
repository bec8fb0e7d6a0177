/**
 * Signatures of commits, by keys that a run was told to trust: those of SSH and those of GPG.
 * @module
 */
import { join } from "node:path";
import type { CommitInfo } from "./commit.ts";
import { SourceError } from "./errors.ts";
import { runGit } from "./git.ts";

/** Longest file of keys that is read. */
const MAX_CHARACTERS = 1024 * 1024;
const PGP_BLOCK = /-----BEGIN PGP PUBLIC KEY BLOCK-----[\s\S]*?-----END PGP PUBLIC KEY BLOCK-----/g;

/** Which commit to verify, and by what. */
export interface SignatureOptions {
  readonly repository: string;
  readonly commit: string;
  readonly info: CommitInfo;
  /** Files of ssh-keygen's ALLOWED SIGNERS, or of armored public keys of GPG. */
  readonly signedBy: readonly string[];
  /** For errors. */
  readonly url: string;
  readonly signal: AbortSignal | undefined;
}

/**
 * Requires a valid signature by a key of the files. The keys that the user's own keyring holds don't count.
 *
 * @throws {SourceError} `signature`
 */
export async function verifyCommit(options: SignatureOptions): Promise<void> {
  const { commit, info, signedBy, url } = options;
  const files = signedBy.join(", ");
  const refuse = (problem: string) =>
    new SourceError(
      "signature",
      `The commit ${commit.slice(0, 12)} of ${info.author} ${problem}: nothing of it is used`,
      {
        place: { url },
        hint: `Let somebody whose key is in ${files} sign it (git commit --amend --no-edit -S), ` +
          "or add the key of whoever signed it.",
      },
    );
  if (info.signature === undefined) throw refuse("has no signature of SSH or GPG");
  const keys = await readKeys(signedBy);
  const folder = await Deno.makeTempDir({ prefix: "plumb-keys-" });
  try {
    const isGood = info.signature === "ssh"
      ? await verifySsh(options, folder, keys.ssh)
      : await verifyGpg(options, folder, keys.gpg);
    if (!isGood) throw refuse("is not signed by a listed key, or was altered after it was");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function readKeys(files: readonly string[]): Promise<{ ssh: string; gpg: string }> {
  const texts = await Promise.all(files.map(async (file) => {
    try {
      const text = await Deno.readTextFile(file);
      if (text.length > MAX_CHARACTERS) throw new Error("it is too long");
      return text;
    } catch (cause) {
      throw new SourceError("signature", "The keys that may sign can't be read", {
        place: { file },
        hint: "Give --signed-by a file of allowed signers (man ssh-keygen), or of " +
          "`gpg --armor --export KEY`.",
        cause,
      });
    }
  }));
  return {
    ssh: texts.map((text) => text.replaceAll(PGP_BLOCK, "")).join("\n"),
    gpg: texts.flatMap((text) => text.match(PGP_BLOCK) ?? []).join("\n"),
  };
}

async function verifySsh(
  { repository, commit, signal }: SignatureOptions,
  folder: string,
  keys: string,
): Promise<boolean> {
  const file = join(folder, "allowed");
  await Deno.writeTextFile(file, keys);
  const settings = [
    `gpg.ssh.allowedSignersFile=${file}`,
    "gpg.ssh.program=ssh-keygen",
    "gpg.minTrustLevel=fully",
  ].flatMap((setting) => ["-c", setting]);
  return (await runGit([...settings, "verify-commit", commit], { repository, signal })).success;
}

/** In a home of its own, where nothing is but the listed keys. */
async function verifyGpg(
  { repository, commit, signal }: SignatureOptions,
  home: string,
  keys: string,
): Promise<boolean> {
  if (keys === "") return false;
  await Deno.chmod(home, 0o700);
  await importKeys(home, keys);
  const settings = ["-c", "gpg.program=gpg", "-c", "gpg.openpgp.program=gpg"];
  const { success, stderr } = await runGit([...settings, "verify-commit", "--raw", commit], {
    repository,
    signal,
    environment: { GNUPGHOME: home },
  });
  // Of a key that has run out or was revoked it says something else.
  return success && /^\[GNUPG:\] GOODSIG /m.test(stderr);
}

async function importKeys(home: string, keys: string): Promise<void> {
  const file = join(home, "listed.asc");
  await Deno.writeTextFile(file, keys);
  const args = ["--batch", "--quiet", "--no-autostart", "--import", file];
  const gpg = new Deno.Command("gpg", { args, env: { GNUPGHOME: home }, stdin: "null" });
  const output = await gpg.output().catch((cause) => {
    throw new SourceError("signature", "The program gpg can't be started", {
      hint: "Install GnuPG, or sign with keys of SSH.",
      cause,
    });
  });
  if (output.success) return;
  const said = new TextDecoder().decode(output.stderr).split("\n")[0] ?? "";
  throw new SourceError("signature", `The public keys of GPG can't be read: ${said}`, {
    hint: "Make the file anew: gpg --armor --export KEY.",
  });
}
