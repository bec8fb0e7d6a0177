/** PodFile: files in running pods. Commands in pods of the sandbox run in a real shell of this machine. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { exportLine, type Syntax } from "../../lib/kinds/service_environment.ts";
import { setExec } from "../../lib/sandbox/mod.ts";
import {
  deployment,
  documents,
  errorOf,
  NAMESPACE,
  planOf,
  PODS,
  type Run,
  type Workspace,
  workspace,
} from "../plumb.ts";

interface Home extends AsyncDisposable {
  readonly space: Workspace;
  /** The folder that the pod's shell works in. */
  readonly folder: string;
  /** Writes the component: the pod, and these objects beside it. */
  write(...objects: string[]): Promise<void>;
}

const POD = `apiVersion: v1
kind: Pod
metadata: { name: code-server, labels: { app: code-server } }
spec: { containers: [{ name: code-server, image: example.com/code-server:1 }] }
`;

async function home(): Promise<Home> {
  const space = await workspace();
  const folder = await Deno.makeTempDir({ prefix: "plumb-home-" });
  const write = (...objects: string[]) =>
    space.write({ "app.yaml": documents(NAMESPACE, POD, ...objects) });
  await write();
  assert.equal((await space.reconcile()).code, 0);
  await setExec(space.kubeconfig, { namespace: space.name, name: "code-server" });
  return {
    space,
    folder,
    write,
    async [Symbol.asyncDispose]() {
      await Deno.remove(folder, { recursive: true });
      await space[Symbol.asyncDispose]();
    },
  };
}

const podFile = (name: string, spec: string, selector = "code-server") =>
  `apiVersion: plumb.thinkube.io/v1alpha1
kind: PodFile
metadata: { name: ${name} }
spec:
  pod: { namespace: NAMESPACE, selector: { app: ${selector} } }
${spec.replaceAll(/^/gm, "  ")}
`;

const fieldsOf = (run: Run) =>
  planOf(run).map(({ action, fields }) => [action, fields.map(({ path }) => path)]);

async function modeOf(path: string): Promise<string> {
  return ((await Deno.stat(path)).mode ?? 0).toString(8).slice(-3);
}

Deno.test("a file is written with its mode, brought back, and removed while it is as it was written", async () => {
  await using own = await home();
  const { space, folder } = own;
  const path = `${folder}/.cvat/config.yaml`;
  const declared = podFile(
    "config",
    `path: ${path}\nmode: "600"\ncontent: "password: it's \\"a secret\\" $HOME\\n"`,
  );
  await own.write(declared);
  const first = await space.reconcile();
  assert.equal(first.code, 0, first.output);
  const content = `password: it's "a secret" $HOME\n`;
  assert.deepEqual([await Deno.readTextFile(path), await modeOf(path)], [content, "600"]);
  assert.doesNotMatch(first.output, /a secret/);
  for (const run of [await space.reconcile(), await space.diff()]) {
    assert.deepEqual([run.code, planOf(run)], [0, []], run.output);
  }

  await Deno.writeTextFile(path, "changed");
  await Deno.chmod(path, 0o644);
  const drifted = await space.diff();
  assert.deepEqual(fieldsOf(drifted), [["update", ["spec.content", "spec.mode"]]], drifted.output);
  assert.doesNotMatch(drifted.output, /a secret|changed"}/);
  assert.equal((await space.reconcile()).code, 0);
  assert.deepEqual([await Deno.readTextFile(path), await modeOf(path)], [content, "600"]);
  assert.deepEqual(
    (await Array.fromAsync(Deno.readDir(`${folder}/.cvat`))).map(({ name }) => name),
    ["config.yaml"],
  );

  await own.write();
  assert.equal((await space.reconcile(["--yes"])).code, 0);
  await assert.rejects(Deno.stat(path), Deno.errors.NotFound);

  await own.write(declared);
  await space.reconcile();
  await Deno.writeTextFile(path, "the user's own now");
  await own.write();
  const kept = await space.reconcile(["--yes"]);
  assert.equal(kept.code, 1);
  assert.match(kept.output, /somebody has changed the file/);
  assert.equal(await Deno.readTextFile(path), "the user's own now");
});

Deno.test("a line is added once and taken out again, and the user's own lines and mode stay", async () => {
  await using own = await home();
  const { space, folder } = own;
  const path = `${folder}/.bashrc`;
  await Deno.writeTextFile(path, "alias ll='ls -l'\nexport EDITOR=vi");
  await Deno.chmod(path, 0o640);
  await own.write(podFile("line", `path: ${path}\nline: '. ~/.config/env.sh'`));
  for (const _ of ["first", "again"]) assert.equal((await space.reconcile()).code, 0);
  assert.equal(
    await Deno.readTextFile(path),
    "alias ll='ls -l'\nexport EDITOR=vi\n. ~/.config/env.sh\n",
  );
  assert.equal(await modeOf(path), "640");
  await own.write();
  await space.reconcile(["--yes"]);
  assert.equal(await Deno.readTextFile(path), "alias ll='ls -l'\nexport EDITOR=vi\n");
});

const service = (name: string, more: string) =>
  `apiVersion: v1
kind: ConfigMap
metadata: { name: ${name}, labels: { thinkube.io/managed: "true" } }
data:
  service.yaml: |
    service:
${more.replaceAll(/^/gm, "      ")}
`;

Deno.test("the environment has the variables of all services, from the first run on, and loses only its own", async () => {
  await using own = await home();
  await using other = await workspace();
  const marker = `V${crypto.randomUUID().slice(0, 8).toUpperCase()}`;
  await other.write({
    "app.yaml": documents(
      NAMESPACE,
      service(
        "good",
        `environment_variables: [{ name: ${marker}_OTHER, value: "o'ther" }, { name: "bad name", value: x }]`,
      ),
      service("broken", "  - : ["),
    ),
  });
  assert.equal((await other.reconcile()).code, 0);
  const { space, folder } = own;
  const objects = [
    'apiVersion: v1\nkind: Secret\nmetadata: { name: login }\nstringData: { password: "pass\'word $(touch x)" }\n',
    service(
      "thinkube-service-config",
      `environment_variables: [{ name: ${marker}_URL, value: https://cvat.example.com }]
secret_environment_variables: [{ name: ${marker}_PASSWORD, secretRef: { name: login, key: password } }]`,
    ),
    ...(["posix", "fish"] as const).map((syntax) =>
      podFile(
        syntax,
        `path: ${folder}/env.${syntax}\nmode: "700"\nenvironment: { syntax: ${syntax} }`,
      )
        .replace(
          `name: ${syntax} `,
          `name: ${syntax}, annotations: { config.kubernetes.io/depends-on: /namespaces/NAMESPACE/ConfigMap/thinkube-service-config } `,
        )
    ),
  ];
  await own.write(...objects);
  const run = await space.reconcile();
  assert.equal(run.code, 0, run.output);
  assert.doesNotMatch(run.output, /pass'word/);
  for (const [shell, file] of [["bash", "posix"], ["zsh", "posix"], ["fish", "fish"]] as const) {
    const show =
      `. ${folder}/env.${file}; printf '%s|%s|%s' "$${marker}_URL" "$${marker}_PASSWORD" "$${marker}_OTHER"`;
    const { stdout, stderr } = await new Deno.Command(shell, { args: ["-c", show], cwd: folder })
      .output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    assert.equal(
      text(stdout),
      "https://cvat.example.com|pass'word $(touch x)|o'ther",
      text(stderr),
    );
  }
  assert.deepEqual(
    planOf(await space.diff()).filter(({ object }) => object.kind !== "PodFile"),
    [],
  );

  await own.write();
  assert.equal((await space.reconcile(["--yes"])).code, 0);
  const rest = await Deno.readTextFile(`${folder}/env.posix`);
  assert.ok(rest.includes(`${marker}_OTHER`) && !rest.includes(`${marker}_PASSWORD`), rest);
});

Deno.test("whatever a value holds, every shell reads it as it is", async () => {
  const lines = fc.array(
    fc.string({ unit: "binary-ascii", maxLength: 30 }).map((text) =>
      text.replaceAll(/[\0\r\n]/g, "")
    ),
    { minLength: 20, maxLength: 20 },
  );
  const values = [
    ...fc.sample(lines, { numRuns: 3, seed: 7 }).flat(),
    "'",
    "\\",
    "\\'",
    "'\\''",
    "$(x)",
    "`x`",
    "!!",
    "${x}",
    "-n",
    "\\\\'",
  ];
  for (
    const [shell, syntax] of [["bash", "posix"], ["zsh", "posix"], ["fish", "fish"]] as [
      string,
      Syntax,
    ][]
  ) {
    const script = values.map((value, index) =>
      `${exportLine(syntax, `V${index}`, value)}\nprintf '%s\\0' "$V${index}"`
    ).join("\n");
    const { stdout, stderr } = await new Deno.Command(shell, { args: ["-c", script] }).output();
    const read = new TextDecoder().decode(stdout).split("\0").slice(0, -1);
    assert.deepEqual(read, values, `${shell}: ${new TextDecoder().decode(stderr)}`);
  }
});

Deno.test("without a pod the rest goes on, and the file comes when the pod does", async () => {
  await using own = await home();
  const { space, folder } = own;
  const path = `${folder}/file`;
  await own.write(podFile("file", `path: ${path}\ncontent: here`, "absent"));
  const run = await space.reconcile();
  assert.equal(run.code, 0, run.output);
  assert.match(
    run.output,
    /Left for a later run, since there is no ready pod app=absent in namespace \S+: PodFile/,
  );
  assert.equal((await space.diff()).code, 0);
  await own.write(podFile("file", `path: ${path}\ncontent: here\n`));
  assert.equal((await space.reconcile()).code, 0);
  assert.equal(await Deno.readTextFile(path), "here");
  await space.cluster.delete(PODS, { namespace: space.name, name: "code-server" });
  const required = podFile("file", `path: ${path}\ncontent: here`, "absent").replace(
    "selector:",
    "required: true, selector:",
  );
  await own.write(required);
  assert.match((await space.reconcile()).output, /can't be written: there is no ready pod/);
});

Deno.test("what can't be written is told, and leaves what was there", async () => {
  await using own = await home();
  const { space, folder } = own;
  await Deno.writeTextFile(`${folder}/real`, "real");
  await Deno.symlink(`${folder}/real`, `${folder}/link`);
  await own.write(podFile("file", `path: ${folder}/link\ncontent: other`));
  const link = await space.reconcile();
  assert.deepEqual([link.code, await Deno.readTextFile(`${folder}/real`)], [1, "real"]);
  assert.match(link.output, /it is a symbolic link/);
  await own.write(podFile("file", `path: ${folder}/real/below\ncontent: other`));
  const below = await space.reconcile();
  assert.equal(below.code, 1, below.output);
  assert.match(below.output, /can't be read or written/);
  for (const path of ["relative", "/a/../etc/passwd", "/etc/"]) {
    await own.write(podFile("file", `path: ${path}\ncontent: other`));
    const run = await space.reconcile();
    assert.equal(run.code, 1);
    assert.match(`${errorOf(run).message} ${errorOf(run).place}`, /spec\.path.*app\.yaml:\d+/);
  }
  await own.write(
    podFile("file", `path: ${folder}/large\ncontent: ${"x".repeat(1024 * 1024 + 1)}`),
  );
  assert.match(errorOf(await space.reconcile()).message, /must not be longer than/);
});

Deno.test("a pod that is replaced while a run writes into it has the file in the end, and never half of it", async () => {
  await using space = await workspace();
  const folder = await Deno.makeTempDir({ prefix: "plumb-home-" });
  const path = `${folder}/config`;
  const server = deployment("code-server");
  await space.write({ "app.yaml": documents(NAMESPACE, server) });
  assert.equal((await space.reconcile()).code, 0);
  await setExec(space.kubeconfig, { namespace: space.name });
  const content = "x".repeat(200_000);
  await space.write({
    "app.yaml": documents(
      NAMESPACE,
      server,
      podFile("config", `path: ${path}\ncontent: ${content}`),
    ),
  });
  const names = async () =>
    (await space.cluster.list(PODS, { namespace: space.name })).map(({ metadata }) =>
      metadata.name
    );
  const [before] = await names();
  assert.ok(before);
  let replaced: Promise<unknown> | undefined;
  const run = await space.reconcile([], {
    onEvent: (event) => {
      if (event.type !== "stage" || event.stage !== "apply") return;
      replaced = space.cluster.delete(PODS, { namespace: space.name, name: before });
    },
  });
  await replaced;
  assert.equal(run.code, 0, run.output);
  assert.ok(!(await names()).includes(before));
  assert.equal(await Deno.readTextFile(path), content);
  assert.deepEqual((await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name), [
    "config",
  ]);
  await Deno.remove(folder, { recursive: true });
});
