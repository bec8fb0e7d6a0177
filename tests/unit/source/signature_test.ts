/** Only what a listed key has signed is used. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { openSource } from "../../../lib/source/mod.ts";
import { git, TestRepository } from "./repository.ts";

/** How somebody signs, and the file that lists his key. */
interface Signer {
  readonly settings: readonly string[];
  readonly list: string;
  readonly environment: Readonly<Record<string, string>>;
}

async function run(program: string, args: string[], env: Record<string, string> = {}) {
  const command = new Deno.Command(program, { args, env, stdin: "null" });
  const { success, stdout, stderr } = await command.output();
  assert(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

async function sshSigner({ folder }: TestRepository, name: string): Promise<Signer> {
  const key = join(folder, name);
  await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", key]);
  const list = join(folder, `${name}.list`);
  await Deno.writeTextFile(list, `ada@example.com ${await Deno.readTextFile(`${key}.pub`)}`);
  const settings = ["-c", "gpg.format=ssh", "-c", `user.signingkey=${key}`];
  return { settings, list, environment: {} };
}

async function gpgSigner({ folder }: TestRepository, name: string): Promise<Signer> {
  const home = join(folder, `gpg-${name}`);
  await Deno.mkdir(home, { mode: 0o700 });
  const environment = { GNUPGHOME: home };
  const user = `${name} <${name}@example.com>`;
  const how = ["--batch", "--quiet", "--passphrase", "", "--quick-generate-key", user];
  await run("gpg", [...how, "ed25519", "sign", "never"], environment);
  const list = join(folder, `${name}.asc`);
  await Deno.writeTextFile(list, await run("gpg", ["--armor", "--export"], environment));
  const settings = ["-c", "gpg.format=openpgp", "-c", `user.signingkey=${name}@example.com`];
  return { settings, list, environment };
}

/** Signs the last commit anew. */
async function sign({ work }: TestRepository, { settings, environment }: Signer): Promise<void> {
  const args = ["-C", work, ...settings, "commit", "--quiet", "--amend", "--no-edit", "-S"];
  await run("git", args, environment);
}

/** The last commit with other words under the same signature. */
async function alter({ work, folder }: TestRepository): Promise<void> {
  const commit = await git(work, "cat-file", "commit", "HEAD");
  const forged = join(folder, "forged");
  await Deno.writeTextFile(forged, commit.replace("Add the app", "Add a bug") + "\n");
  const id = await git(work, "hash-object", "-t", "commit", "-w", forged);
  await git(work, "update-ref", "refs/heads/main", id);
}

const open = ({ work: url, cache }: TestRepository, ...signedBy: string[]) =>
  openSource({ url, path: "manifests/app", cache, signedBy });
const refused = (message: RegExp) => ({ code: "signature", message });

for (const [kind, make] of [["SSH", sshSigner], ["GPG", gpgSigner]] as const) {
  Deno.test(`${kind}: what a listed key signed is used; unsigned, of another key or altered it is not`, async () => {
    await using repository = await TestRepository.create();
    const [listed, foreign] = [await make(repository, "listed"), await make(repository, "foreign")];
    try {
      const id = await git(repository.work, "rev-parse", "HEAD");
      await assert.rejects(open(repository, listed.list), {
        code: "signature",
        message: new RegExp(`commit ${id.slice(0, 12)} of .* has no signature`),
        hint: /key is in .*listed.* sign it .*or add the key/,
      });
      await sign(repository, foreign);
      await assert.rejects(open(repository, listed.list), refused(/not signed by a listed key/));
      await sign(repository, listed);
      assert.equal((await (await open(repository, listed.list)).files()).length, 2);
      assert.equal((await (await open(repository, foreign.list, listed.list)).files()).length, 2);
      await assert.rejects(open(repository, foreign.list), refused(/not signed by a listed key/));
      await alter(repository);
      await assert.rejects(open(repository, listed.list), refused(/or was altered after/));
    } finally {
      for (const { environment } of [listed, foreign]) {
        if (kind === "GPG") await run("gpgconf", ["--kill", "all"], environment);
      }
    }
  });
}

Deno.test("keys of one kind don't vouch for signatures of the other", async () => {
  await using repository = await TestRepository.create();
  const [ssh, gpg] = [await sshSigner(repository, "ada"), await gpgSigner(repository, "ada-gpg")];
  try {
    await sign(repository, gpg);
    await assert.rejects(open(repository, ssh.list), refused(/not signed by a listed key/));
    await open(repository, ssh.list, gpg.list);
    await sign(repository, ssh);
    await assert.rejects(open(repository, gpg.list), refused(/not signed by a listed key/));
  } finally {
    await run("gpgconf", ["--kill", "all"], gpg.environment);
  }
});

Deno.test("a key of GPG that was revoked signs nothing any more", async () => {
  await using repository = await TestRepository.create();
  const signer = await gpgSigner(repository, "listed");
  const { environment, list } = signer;
  try {
    await sign(repository, signer);
    await open(repository, list);
    const shown = await run("gpg", ["--list-keys", "--with-colons"], environment);
    const [, fingerprint] = /^fpr:+([0-9A-F]+):/m.exec(shown) ?? [];
    const file = join(environment["GNUPGHOME"] ?? "", `openpgp-revocs.d/${fingerprint}.rev`);
    const revocation = (await Deno.readTextFile(file)).replace(":-----BEGIN", "-----BEGIN");
    await Deno.writeTextFile(file, revocation);
    await run("gpg", ["--batch", "--quiet", "--import", file], environment);
    await Deno.writeTextFile(list, await run("gpg", ["--armor", "--export"], environment));
    await assert.rejects(open(repository, list), refused(/not signed by a listed key/));
  } finally {
    await run("gpgconf", ["--kill", "all"], environment);
  }
});

Deno.test("without a list that can be read, or of a local folder, nothing is used", async () => {
  await using repository = await TestRepository.create();
  await sign(repository, await sshSigner(repository, "some"));
  await assert.rejects(open(repository, join(repository.folder, "nothing")), {
    code: "signature",
    message: /can't be read/,
    hint: /--signed-by/,
  });
  const empty = join(repository.folder, "empty");
  await Deno.writeTextFile(empty, "");
  await assert.rejects(open(repository, empty), refused(/not signed by a listed key/));
  await assert.rejects(
    openSource({ path: repository.work, cache: "", signedBy: ["x"] }),
    refused(/A local folder has no signature/),
  );
});
