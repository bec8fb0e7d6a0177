/** Sources that can't be used: each is refused before the cluster is asked. */
import assert from "node:assert/strict";
import { configMap, errorOf, NAMESPACE, NAMESPACES, plumb, workspace } from "../plumb.ts";
import { assertRefused } from "../refused.ts";
import { isWrite, startRecorder } from "../recorder.ts";
import { testCluster } from "../sandbox.ts";

/** A Git repository with one commit of some files. */
async function repository(
  files: Record<string, string>,
): Promise<{ path: string } & AsyncDisposable> {
  const path = await Deno.makeTempDir({ prefix: "plumb-repository-" });
  const git = async (...args: string[]) => {
    const { success, stderr } = await new Deno.Command("git", {
      args: ["-C", path, "-c", "user.name=T", "-c", "user.email=t@example.com", ...args],
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
  };
  await git("init", "--quiet", "--initial-branch=main");
  for (const [name, text] of Object.entries(files)) {
    await Deno.mkdir(`${path}/${name}`.replace(/\/[^/]*$/, ""), { recursive: true });
    if (text.startsWith("-> ")) await Deno.symlink(text.slice(3), `${path}/${name}`);
    else await Deno.writeTextFile(`${path}/${name}`, text);
  }
  await git("add", ".");
  await git("commit", "--quiet", "--no-gpg-sign", "-m", "One");
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

Deno.test("a folder that is no Git repository is refused", async () => {
  const folder = await Deno.makeTempDir();
  assertRefused(await plumb(["reconcile", "--source", folder, "--path", "."]), "not-a-repository");
  await Deno.remove(folder);
});

Deno.test("a ref that does not exist is refused", async () => {
  await using source = await repository({ "app/a.yaml": configMap("a") });
  assertRefused(
    await plumb(["reconcile", "--source", source.path, "--ref", "v9", "--path", "app"]),
    "ref-not-found",
  );
});

Deno.test("a commit that no listed key has signed is refused before anything is written", async () => {
  await using source = await repository({ "app/a.yaml": configMap("a") });
  const keys = await Deno.makeTempFile({ prefix: "plumb-keys-" });
  await using recorder = await startRecorder((await testCluster()).kubeconfig);
  for (const command of ["reconcile", "diff", "verify"]) {
    const args = [command, "--source", source.path, "--path", "app", "--signed-by", keys];
    assertRefused(await plumb(args, recorder), "signature");
  }
  await Deno.remove(keys);
  assert.deepEqual(recorder.requests.filter(isWrite), []);
});

Deno.test("a remote that refuses connections is told at once, and the cluster is not even asked", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  await using recorder = await startRecorder((await testCluster()).kubeconfig);
  const address = `http://127.0.0.1:${port}/x.git`;
  const run = await plumb(["reconcile", "--source", address, "--path", "app"], recorder);
  assertRefused(run, "unreachable", /127\.0\.0\.1/);
  assert.deepEqual(recorder.requests, []);
});

Deno.test("a remote that hangs can be left at any time, and the cluster was not even asked", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await using recorder = await startRecorder((await testCluster()).kubeconfig);
  const abort = new AbortController();
  const address = `http://127.0.0.1:${listener.addr.port}/x.git`;
  const [run, connection] = await Promise.all([
    plumb(["reconcile", "--source", address, "--path", "app"], {
      kubeconfig: recorder.kubeconfig,
      signal: abort.signal,
    }),
    listener.accept().then((accepted) => {
      abort.abort();
      return accepted;
    }),
  ]);
  connection.close();
  assert.deepEqual([run.code, errorOf(run).code], [130, "interrupted"], run.output);
  assert.deepEqual(recorder.requests, []);
});

Deno.test("a symlink, a huge file and an alias bomb in a Git tree are refused by name", async () => {
  const bomb = [
    "a: &a [x,x,x,x,x,x,x,x,x,x]",
    ...[..."bcdefgh"].map((name, index) =>
      `${name}: &${name} [${Array(10).fill(`*${"abcdefgh"[index]}`).join(",")}]`
    ),
  ].join("\n");
  const cases: [Record<string, string>, string, RegExp][] = [
    [{ "app/a.yaml": "-> ../../etc/passwd" }, "unsafe-path", /a\.yaml/],
    [{ "app/a.yaml": `# ${"x".repeat(5_000_000)}\n` }, "too-large", /a\.yaml/],
    [{ "app/a.yaml": `${configMap("a")}---\n${bomb}\n` }, "alias-bomb", /a\.yaml/],
  ];
  await using recorder = await startRecorder((await testCluster()).kubeconfig);
  for (const [files, code, where] of cases) {
    await using source = await repository(files);
    const args = ["--source", source.path, "--path", "app", "--name", "bad-tree"];
    const run = await plumb(["reconcile", ...args], recorder);
    assertRefused(run, code);
    assert.match(run.output, where);
  }
  assert.deepEqual(recorder.requests.filter(isWrite), []);
});

Deno.test("malformed YAML is refused with its line", async () => {
  await using space = await workspace();
  await space.write({
    "a.yaml": NAMESPACE,
    "app.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a\n",
  });
  assertRefused(await space.reconcile(), "yaml", /app\.yaml:[34]/);
  assert.equal(await space.cluster.get(NAMESPACES, { name: space.name }), undefined);
});

Deno.test("an object that is written twice is refused with both places", async () => {
  await using space = await workspace();
  await space.write({
    "0.yaml": NAMESPACE,
    "a.yaml": configMap("same"),
    "b.yaml": configMap("same"),
  });
  const run = await space.reconcile();
  assertRefused(run, "duplicate", /b\.yaml:1/);
  assert.match(errorOf(run).message + errorOf(run).hint, /a\.yaml:1/);
  assert.equal(await space.cluster.get(NAMESPACES, { name: space.name }), undefined);
});
