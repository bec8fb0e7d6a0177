import assert from "node:assert/strict";
import { configMap, renderFiles } from "./rendering.ts";

/** Runs the kustomize that kubectl brings. */
async function kustomize(folder: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("kubectl", {
    args: ["kustomize", folder],
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/** Whether this machine has it; without, the tests that need it are left out. */
async function hasKubectl(): Promise<boolean> {
  try {
    return (await new Deno.Command("kubectl", { args: ["version", "--client"] }).output()).success;
  } catch {
    return false;
  }
}

const ignore = !await hasKubectl();

const FILES = {
  "kustomization.yaml": `resources: [base, extra.yaml]
namePrefix: my-
configMapGenerator:
  - name: generated
    literals: [a=b]
`,
  "extra.yaml": `${configMap("extra", "data: { host: '${domain}' }\n")}---\n${configMap("more")}`,
  "base/kustomization.yaml": "resources: [deployment.yaml]\n",
  "base/deployment.yaml":
    "# The one\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: app\n  annotations: { a: b }\n",
  "unused.yaml": configMap("unused"),
};
const parameters = "{ domain: { type: hostname, default: example.com, description: d } }";

Deno.test({
  name: "A kustomization decides what is rendered, and origins are told",
  ignore,
  async fn() {
    const objects = await renderFiles(FILES, { kustomize, parameters });
    const places = objects.map(({ object, provenance }) => [
      object.metadata.name.replace(/-[a-z0-9]{10}$/, ""),
      `${provenance.file}:${provenance.line}`,
    ]);
    assert.deepEqual(places.sort(), [
      ["my-app", "base/deployment.yaml:2"],
      ["my-extra", "extra.yaml:1"],
      ["my-generated", "kustomization.yaml:1"],
      ["my-more", "extra.yaml:1"],
    ]);
    const app = objects.find(({ object }) => object.kind === "Deployment");
    assert.deepEqual(app?.object.metadata.annotations, { a: "b" });
    const extra = objects.find(({ object }) => object.metadata.name === "my-extra");
    assert.equal(extra?.object.metadata.annotations, undefined);
    assert.deepEqual(extra?.object["data"], { host: "example.com" });
    assert.equal(extra?.lineOf([{ field: "data" }]), undefined);
  },
});

Deno.test({
  name: "What kustomize says when it fails is told, and its folder is removed",
  ignore,
  async fn() {
    let used = "";
    const files = { "kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": "a: 1\n" };
    await assert.rejects(
      renderFiles(files, {
        kustomize: (folder) => {
          used = folder;
          return kustomize(folder);
        },
      }),
      (error) => {
        assert(error instanceof Error && "code" in error && "place" in error);
        assert.equal(error.code, "kustomize");
        assert.match(error.message, /a\.yaml/);
        assert(!error.message.includes(used));
        assert.deepEqual(error.place, { file: "kustomization.yaml", line: 1 });
        return true;
      },
    );
    await assert.rejects(Deno.stat(used), Deno.errors.NotFound);
  },
});

Deno.test("The folder that kustomize sees is private, and gone afterwards", async () => {
  let mode = 0;
  let used = "";
  await renderFiles(FILES, {
    kustomize: async (folder) => {
      used = folder;
      mode = (await Deno.stat(folder)).mode ?? 0;
      return "";
    },
  });
  assert.equal(mode & 0o777, 0o700);
  await assert.rejects(Deno.stat(used), Deno.errors.NotFound);
});

Deno.test("A kustomization without kustomize is an error", async () => {
  for (const name of ["kustomization.yaml", "kustomization.yml", "Kustomization"]) {
    await assert.rejects(renderFiles({ [name]: "resources: []\n" }), {
      code: "kustomize",
      hint: /Install kustomize or kubectl/,
    });
  }
});

Deno.test("What a kustomization must not do is refused before kustomize runs", async () => {
  const cases: [text: string, line: number, message: RegExp][] = [
    ["resources:\n- https://example.com/a.yaml\n", 2, /is remote/],
    ["resources:\n- a.yaml\n- github.com/team/repo?ref=v1\n", 3, /is remote/],
    ["resources: ['git@example.com:team/repo']\n", 1, /is remote/],
    ["bases: [example.com/team/repo]\n", 1, /is remote/],
    ["components: ['https://example.com/x']\n", 1, /is remote/],
    ["resources: [b.yaml]\n", 1, /b\.yaml is not in the component's folder/],
    ["resources: [../b]\n", 1, /outside/],
    ["resources: [/etc]\n", 1, /outside/],
    ["# x\npatches:\n- path: https://example.com/p.yaml\n", 3, /elsewhere/],
    ["configMapGenerator:\n- name: a\n  files:\n  - k=http://example.com/f\n", 4, /elsewhere/],
    ["helmCharts:\n- name: a\n", 1, /helm/],
    ["- a\n", 1, /must be a map/],
    ["", 1, /must be a map/],
  ];
  for (const [text, line, message] of cases) {
    await assert.rejects(
      renderFiles({ "kustomization.yaml": text, "a.yaml": configMap("a") }, {
        kustomize: () => assert.fail("kustomize ran"),
      }),
      { code: "kustomize", message, place: { file: "kustomization.yaml", line } },
      text,
    );
  }
  await assert.rejects(
    renderFiles({
      "kustomization.yaml": "resources: [base]\n",
      "base/kustomization.yaml": "resources:\n- https://example.com/a.yaml\n",
    }, { kustomize: () => assert.fail("kustomize ran") }),
    { code: "kustomize", place: { file: "base/kustomization.yaml", line: 2 } },
  );
});

Deno.test("A kustomization that contains itself by an alias is refused", async () => {
  await assert.rejects(
    renderFiles({ "kustomization.yaml": "a: &a { b: *a }\n" }, {
      kustomize: () => assert.fail("kustomize ran"),
    }),
    { code: "too-deep" },
  );
});
