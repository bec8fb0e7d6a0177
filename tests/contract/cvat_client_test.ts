/** CVAT's own client drives the stand-in for CVAT, so that it is held to a client that knows nothing of it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { picture, toJpeg } from "../../lib/verify/samples/images.ts";
import { toAvi } from "../../lib/verify/samples/video.ts";
import { startCvatWithOpa } from "./cvat/verified.ts";
import { pythonWith } from "./servers/python.ts";

const PASSWORD = "checker-password";

async function output(program: string, args: readonly string[], cwd: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    cwd,
    env: { PASS: PASSWORD, HOME: cwd, PYTHONDONTWRITEBYTECODE: "1" },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (!success) throw new Error(text(stderr).slice(-3_000) + text(stdout));
  return text(stdout).trim();
}

const CLIENT = ["cvat-sdk==2.64.0", "cvat-cli==2.64.0"];

Deno.test("cvat-sdk does all that the checks do", async () => {
  const python = await pythonWith(...CLIENT);
  await using stack = await startCvatWithOpa();
  const folder = await Deno.makeTempDir({ prefix: "plumb-cvat-sdk-" });
  try {
    const script = fileURLToPath(new URL("cvat/client.py", import.meta.url));
    const result = JSON.parse(await output(python, [script, stack.url, folder], folder));
    const shapes = [
      ["rectangle", 0, [5, 6, 30, 25]],
      ["polygon", 1, [1, 1, 20, 1, 9, 20]],
    ];
    assert.deepEqual(result, {
      size: 2,
      shapes,
      tags: 1,
      frames: [[64, 48], [32, 32]],
      copied: shapes,
      tasks: ["sdk", "second"],
      jobs: 1,
      user: "checker",
    });
    assert.deepEqual(stack.cvat.violations, []);
    assert.deepEqual(stack.cvat.tasks(), []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("cvat-cli creates, lists, reads, exports, imports and deletes", async () => {
  const python = await pythonWith(...CLIENT);
  await using stack = await startCvatWithOpa();
  const folder = await Deno.makeTempDir({ prefix: "plumb-cvat-cli-" });
  const { port } = new URL(stack.url);
  const cli = (...args: string[]) =>
    output(
      python,
      [
        "-m",
        "cvat_cli",
        "--server-host",
        "http://127.0.0.1",
        "--server-port",
        port,
        "--auth",
        "checker",
        "task",
        ...args,
      ],
      folder,
    );
  try {
    await Deno.writeFile(join(folder, "a.jpg"), toJpeg(picture(64, 48, 1)));
    const labels = JSON.stringify([{ name: "car" }]);
    await cli("create", "from-cli", "--labels", labels, "local", "a.jpg");
    const id = (await cli("ls")).split("\n")[0] ?? "";
    assert.deepEqual(stack.cvat.tasks(), ["from-cli"]);
    await cli(
      "export-dataset",
      "--format",
      "CVAT for images 1.1",
      "--with-images",
      "no",
      id,
      "out.zip",
    );
    await cli("import-dataset", "--format", "CVAT 1.1", id, "out.zip");
    await cli("frames", "--outdir", folder, "--quality", "original", id, "0");
    const frames = (await Array.fromAsync(Deno.readDir(folder))).filter(({ name }) =>
      /^task_\d+_frame_/.test(name)
    );
    assert.equal(frames.length, 1);
    await cli("delete", id);
    assert.deepEqual(stack.cvat.tasks(), []);
    assert.deepEqual(stack.cvat.violations, []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("the video that is made in code is one to the decoder that CVAT uses", async () => {
  const python = await pythonWith("av==14.2.0");
  const folder = await Deno.makeTempDir({ prefix: "plumb-video-" });
  try {
    const frames = [0, 1, 2, 3, 4].map((seed) => toJpeg(picture(96, 64, seed)));
    await Deno.writeFile(join(folder, "v.avi"), toAvi(frames, { width: 96, height: 64 }));
    const code = "import av\nwith av.open('v.avi') as c:\n" +
      " print([(f.width, f.height) for f in c.decode(video=0)], c.streams.video[0].frames)";
    const said = await output(python, ["-c", code], folder);
    assert.equal(said, "[(96, 64), (96, 64), (96, 64), (96, 64), (96, 64)] 5");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
