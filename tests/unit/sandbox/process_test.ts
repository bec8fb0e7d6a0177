import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Process } from "../../../lib/sandbox/process.ts";
import { assertGone, until } from "./support.ts";

const MODULE = new URL("../../../lib/sandbox/process.ts", import.meta.url);
const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await Deno.makeTempDir({ prefix: "plumb-process-" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

/** A shell that starts a further process, writes its id to its log, and waits. */
const WITH_CHILD = ["/bin/sh", "-c", "sleep 600 & echo $!; wait"];

async function childOf(log: string): Promise<number> {
  return await until(async () => {
    const text = await Deno.readTextFile(log).catch(() => "");
    assert.match(text, /^\d+\n$/);
    return Number(text);
  });
}

Deno.test("a process runs in its folder with its environment and writes its log", async () => {
  await using folder = await temporaryFolder();
  const command = ["/bin/sh", "-c", 'echo "$WORD $HOME"; pwd; echo bad >&2'];
  const environment = { WORD: "hello" };
  const process = new Process({ name: "p", command, folder: folder.path, environment });
  await until(() => assert.equal(process.running, false));
  const real = await Deno.realPath(folder.path);
  assert.equal(await Deno.readTextFile(join(folder.path, "p.log")), `hello \n${real}\nbad\n`);
});

Deno.test("the end of a process is the end of all that it started", async () => {
  await using folder = await temporaryFolder();
  const process = new Process({ name: "p", command: WITH_CHILD, folder: folder.path });
  const child = await childOf(process.log);
  await process.assertRunning();
  await process.end();
  assert.equal(process.running, false);
  assertGone(process.id);
  await until(() => assertGone(child));
});

for (const signal of ["SIGKILL", "SIGINT", "SIGTERM"] as const) {
  Deno.test(`a process does not outlive a starter that dies of ${signal}`, async () => {
    await using folder = await temporaryFolder();
    const options = { name: "p", command: WITH_CHILD, folder: folder.path };
    const starter = new Deno.Command(Deno.execPath(), {
      args: [
        "eval",
        `import { Process } from "${MODULE}";
        console.log(new Process(${JSON.stringify(options)}).id);
        setInterval(() => {}, 1000);`,
      ],
      cwd: ROOT,
      stdout: "piped",
    }).spawn();
    const id = await firstNumber(starter.stdout);
    const child = await childOf(join(folder.path, "p.log"));
    starter.kill(signal);
    await starter.status;
    await until(() => assertGone(id));
    await until(() => assertGone(child));
  });
}

async function firstNumber(stream: ReadableStream<Uint8Array>): Promise<number> {
  for await (const text of stream.pipeThrough(new TextDecoderStream())) return Number(text);
  throw new Error("The starter wrote nothing");
}

Deno.test("a process that exits early is an error with the end of its log", async () => {
  await using folder = await temporaryFolder();
  const command = ["/bin/sh", "-c", "echo the flag --x is unknown; exit 1"];
  const process = new Process({ name: "etcd", command, folder: folder.path });
  await until(() => assert.equal(process.running, false));
  await assert.rejects(process.assertRunning(), {
    code: "component-exited",
    message: "etcd exited before it was ready:\nthe flag --x is unknown",
    place: { file: join(folder.path, "etcd.log") },
  });
});

Deno.test("a process whose port is taken is an error of its own", async () => {
  await using folder = await temporaryFolder();
  const command = ["/bin/sh", "-c", "echo listen tcp 127.0.0.1:1: bind: address already in use"];
  const process = new Process({ name: "kwok", command, folder: folder.path });
  await until(() => assert.equal(process.running, false));
  await assert.rejects(process.assertRunning(), { code: "port-taken" });
});

Deno.test("a program that is not there is an error with the shell's words", async () => {
  await using folder = await temporaryFolder();
  const process = new Process({ name: "p", command: ["/absent/program"], folder: folder.path });
  await until(() => assert.equal(process.running, false));
  await assert.rejects(process.assertRunning(), { message: /\/absent\/program/ });
});
