import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DataFolder } from "../../../lib/sandbox/folder.ts";
import { assertAbsent, until } from "./support.ts";

const MODULE = new URL("../../../lib/sandbox/folder.ts", import.meta.url);
const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

Deno.test("a data folder is private and removed at the end with its content", async () => {
  const folder = await DataFolder.create();
  const { mode } = await Deno.stat(folder.path);
  assert.equal((mode ?? 0) & 0o777, 0o700);
  await Deno.mkdir(join(folder.path, "deep"));
  await Deno.writeTextFile(join(folder.path, "deep", "file"), "");
  await folder[Symbol.asyncDispose]();
  await assertAbsent(folder.path);
});

Deno.test("a data folder goes even when its process is killed", async () => {
  const starter = new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      `import { DataFolder } from "${MODULE}";
      console.log((await DataFolder.create()).path);
      setInterval(() => {}, 1000);`,
    ],
    cwd: ROOT,
    stdout: "piped",
  }).spawn();
  const reader = starter.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const path = ((await reader.read()).value ?? "").trim();
  assert.equal((await Deno.stat(path)).isDirectory, true);
  starter.kill("SIGKILL");
  await starter.status;
  await reader.cancel();
  await until(() => assertAbsent(path));
});

Deno.test("the empty folders of volumes that etcd knows go too, and others stay", async () => {
  const root = "/tmp/hostpath_pv";
  const empty = join(root, crypto.randomUUID());
  const used = join(root, crypto.randomUUID());
  const foreign = join(root, crypto.randomUUID());
  for (const path of [empty, used, foreign]) await Deno.mkdir(path, { recursive: true });
  await Deno.writeTextFile(join(used, "file"), "");
  try {
    const folder = await DataFolder.create();
    await Deno.mkdir(join(folder.path, "etcd"));
    const bytes = `\0\x12${empty}\x1a\0${used}\0`;
    await Deno.writeTextFile(join(folder.path, "etcd", "wal"), bytes);
    await folder[Symbol.asyncDispose]();
    await assertAbsent(empty);
    assert.equal((await Deno.stat(used)).isDirectory, true);
    assert.equal((await Deno.stat(foreign)).isDirectory, true);
  } finally {
    await Deno.remove(used, { recursive: true });
    await Deno.remove(foreign);
  }
});
