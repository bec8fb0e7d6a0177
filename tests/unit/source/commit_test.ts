import assert from "node:assert/strict";
import { join } from "node:path";
import { openSource } from "../../../lib/source/mod.ts";
import { git, TestRepository } from "./repository.ts";

/** Makes an SSH key; yields the path of the private one. */
async function makeKey(repository: TestRepository, name: string): Promise<string> {
  const key = join(repository.folder, name);
  const args = ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", key];
  const { success } = await new Deno.Command("ssh-keygen", { args }).output();
  assert(success);
  return key;
}

/** Signs the last commit anew. */
async function sign({ work }: TestRepository, key: string): Promise<void> {
  const settings = ["-c", "gpg.format=ssh", "-c", `user.signingkey=${key}`];
  await git(work, ...settings, "commit", "--quiet", "--amend", "--no-edit", "--gpg-sign");
}

Deno.test("A commit by a listed key is accepted, any other is refused", async () => {
  await using repository = await TestRepository.create();
  const [listed, foreign] = [
    await makeKey(repository, "listed"),
    await makeKey(repository, "foreign"),
  ];
  const allowedSigners = join(repository.folder, "allowed");
  await Deno.writeTextFile(
    allowedSigners,
    `ada@example.com ${await Deno.readTextFile(`${listed}.pub`)}`,
  );
  const { work: url, cache } = repository;
  const open = () =>
    openSource({ url, path: "manifests/app", cache, verifySignature: { allowedSigners } });

  await assert.rejects(open(), { code: "signature", message: /has no SSH signature/ });
  await sign(repository, foreign);
  await assert.rejects(open(), { code: "signature", message: /is not signed by a listed key/ });
  await sign(repository, listed);
  assert.equal((await (await open()).files()).length, 2);

  const commit = await git(url, "cat-file", "commit", "HEAD");
  const forged = join(repository.folder, "forged");
  await Deno.writeTextFile(forged, commit.replace("Add the app", "Add a bug") + "\n");
  const id = await git(url, "hash-object", "-t", "commit", "-w", forged);
  await git(url, "update-ref", "refs/heads/main", id);
  await assert.rejects(open(), { code: "signature", message: /is not signed by a listed key/ });
});

Deno.test("A list of signers that is not there refuses every commit", async () => {
  await using repository = await TestRepository.create();
  await sign(repository, await makeKey(repository, "some"));
  const allowedSigners = join(repository.folder, "nothing");
  await assert.rejects(
    openSource({
      url: repository.work,
      path: "manifests/app",
      cache: repository.cache,
      verifySignature: { allowedSigners },
    }),
    { code: "signature" },
  );
});

Deno.test("A local folder can't meet a requirement for a signature", async () => {
  await using repository = await TestRepository.create();
  await assert.rejects(
    openSource({ path: repository.work, cache: "", verifySignature: { allowedSigners: "x" } }),
    { code: "signature" },
  );
});
