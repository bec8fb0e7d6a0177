import assert from "node:assert/strict";
import { configMap, renderFiles } from "./rendering.ts";

/** Names of what was rendered, with where it was written. */
async function places(files: Record<string, string>, manifests?: string): Promise<string[]> {
  const objects = await renderFiles(files, manifests === undefined ? {} : { manifests });
  return objects.map(({ object, provenance }) =>
    `${object.metadata.name} ${provenance.file}:${provenance.line}`
  );
}

Deno.test("Objects come in the order of files and documents, with the line of their content", async () => {
  const actual = await places({
    "b.yml": configMap("b"),
    "a.yaml": `# comment\n---\n# more\n\n${configMap("one")}---\n---\n${configMap("two")}`,
    "c.json": JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "c" } }),
    "notes.txt": "nothing",
    "sub/d.yaml": configMap("d"),
  });
  assert.deepEqual(actual, ["one a.yaml:5", "two a.yaml:10", "b b.yml:1", "c c.json:1"]);
});

Deno.test("The component says which files count, and is none of them", async () => {
  const files = {
    "a.yaml": configMap("a"),
    "base/b.yaml": configMap("b"),
    "base/deep/c.yaml": configMap("c"),
    ".hidden.yaml": configMap("hidden"),
  };
  const cases: [string, string[]][] = [
    ["['*.yaml']", ["a a.yaml:1"]],
    ["['base/*.yaml']", ["b base/b.yaml:1"]],
    ["['**/*.yaml']", ["a a.yaml:1", "b base/b.yaml:1", "c base/deep/c.yaml:1"]],
    ["['base/**']", ["b base/b.yaml:1", "c base/deep/c.yaml:1"]],
    ["['?.yaml', a.yaml]", ["a a.yaml:1"]],
    ["['x*.yaml']", []],
    ["['.hidden.yaml']", ["hidden .hidden.yaml:1"]],
  ];
  for (const [globs, expected] of cases) {
    assert.deepEqual(await places(files, globs), expected, globs);
  }
});

Deno.test("A manifest that is named but not there is an error", async () => {
  await assert.rejects(places({ "a.yaml": configMap("a") }, "[b.yaml]"), {
    code: "no-file",
    message: /b\.yaml/,
  });
});

Deno.test("Lists are taken apart, with the line of each item", async () => {
  const list = `apiVersion: v1
kind: List
items:
  - apiVersion: v1
    kind: ConfigMap
    metadata: { name: a }
  - apiVersion: v1
    kind: ConfigMap
    metadata:
      name: b
`;
  const typed = "apiVersion: v1\nkind: ConfigMapList\nitems:\n- metadata: { name: c }\n";
  const objects = await renderFiles({ "list.yaml": `# two\n---\n${list}---\n${typed}` });
  assert.deepEqual(
    objects.map(({ object, provenance }) => [object.kind, object.metadata.name, provenance.line]),
    [["ConfigMap", "a", 6], ["ConfigMap", "b", 9], ["ConfigMap", "c", 17]],
  );
  assert.equal(objects[1]?.lineOf([{ field: "metadata" }, { field: "name" }]), 12);
});

Deno.test("What only the API server sets is taken off, and fields that are not set", async () => {
  const [desired] = await renderFiles({
    "a.yaml": `apiVersion: v1
kind: Service
metadata:
  name: a
  creationTimestamp: null
  uid: 1-2
  resourceVersion: "7"
  generation: 3
  labels:
  annotations: {}
  managedFields: [{ manager: kubectl }]
spec: { ports: [], type: null, selector: { one:, two: x }, nested: [{ a: ~, b: {} }] }
status: { loadBalancer: {} }
`,
  });
  assert.deepEqual(desired?.object, {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "a", annotations: {} },
    spec: { ports: [], selector: { one: null, two: "x" }, nested: [{ b: {} }] },
  });
});

Deno.test("In custom resources null stays: there it can mean something", async () => {
  for (const apiVersion of ["helm.toolkit.fluxcd.io/v2", "apiextensions.k8s.io/v1"]) {
    const text =
      `apiVersion: ${apiVersion}\nkind: A\nmetadata: { name: a, labels: }\nspec: { a: { b: } }\n`;
    const [desired] = await renderFiles({ "a.yaml": text });
    assert.deepEqual(desired?.object.metadata, { name: "a" });
    assert.deepEqual(desired?.object["spec"], { a: { b: null } });
  }
});

Deno.test("In the groups of Kubernetes itself null is not set", async () => {
  for (const apiVersion of ["v1", "apps/v1", "networking.k8s.io/v1"]) {
    const text = `apiVersion: ${apiVersion}\nkind: A\nmetadata: { name: a }\nspec: { a: { b: } }\n`;
    const [desired] = await renderFiles({ "a.yaml": text });
    assert.deepEqual(desired?.object["spec"], { a: {} });
  }
});

Deno.test("A document that is not an object is refused with its line", async () => {
  const head = "apiVersion: v1\nkind: A\n";
  const cases: [text: string, line: number, message: RegExp][] = [
    ["- a\n", 1, /not an object/],
    ["# x\njust text\n", 2, /not an object/],
    ["kind: A\nmetadata: { name: a }\n", 1, /apiVersion is missing/],
    ["apiVersion: v1\nmetadata: { name: a }\n", 1, /kind is missing/],
    ["apiVersion: v1\nkind: ''\nmetadata: { name: a }\n", 2, /kind is missing/],
    [`${head}`, 1, /metadata\.name is missing/],
    [`${head}metadata:\n  labels: {}\n`, 1, /metadata\.name is missing/],
    [`${head}metadata:\n  name: 12\n`, 4, /metadata\.name is not text/],
    [`${head}metadata:\n  generateName: a-\n`, 4, /made anew in each run/],
    ["kind: List\nitems:\n- 1\n- {}\n", 3, /not an object/],
  ];
  for (const [text, line, message] of cases) {
    await assert.rejects(renderFiles({ "a.yaml": text }), {
      name: "RenderError",
      code: "not-an-object",
      message,
      place: { file: "a.yaml", line },
    }, text);
  }
});

Deno.test("An object that is declared twice is refused with both places", async () => {
  const same = [
    [configMap("a"), configMap("a")],
    [configMap("a"), "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a, namespace: apps }\n"],
    [
      "apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: a }\n",
      "apiVersion: apps/v1beta1\nkind: Deployment\nmetadata: { name: a }\n",
    ],
  ];
  for (const [one = "", other = ""] of same) {
    await assert.rejects(renderFiles({ "a.yaml": one, "b.yaml": `---\n${other}` }), {
      code: "duplicate",
      message: / is declared twice, first at a\.yaml:1$/,
      place: { file: "b.yaml", line: 2 },
    });
  }
  const different = [
    configMap("a"),
    configMap("b"),
    "apiVersion: v1\nkind: Secret\nmetadata: { name: a }\n",
    "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a, namespace: other }\n",
    "apiVersion: example.com/v1\nkind: ConfigMap\nmetadata: { name: a }\n",
  ];
  assert.equal((await renderFiles({ "a.yaml": different.join("---\n") })).length, 5);
});

Deno.test("A file that is not YAML is an error with its line and column", async () => {
  const cases: [text: string, line: number, message: RegExp][] = [
    [
      `${configMap("a")}---\n# x\na:\n\tb: 1\n`,
      7,
      /A tab indents the line: use spaces \(column 1\)/,
    ],
    [`${configMap("a")}data: { a: 1, a: 2 }\n`, 4, /Duplicated mapping key \(column 15\)/],
    [`${configMap("a")}data: { a: 12345678901234567890 }\n`, 4, /can not be held exactly/],
    [`${configMap("a")}data: !!set {}\n`, 4, /tag/],
  ];
  for (const [text, line, message] of cases) {
    await assert.rejects(renderFiles({ "a.yaml": text.replaceAll("\n", "\r\n") }), {
      code: "yaml",
      message,
      place: { file: "a.yaml", line },
    }, text);
  }
});

Deno.test("A byte order mark and Windows line ends do no harm, other encodings do", async () => {
  const text = `\ufeff${configMap("a", "data:\n  a: |\n    one\n    two\n")}`;
  const [desired] = await renderFiles({ "a.yaml": text.replaceAll("\n", "\r\n") });
  assert.deepEqual(desired?.object["data"], { a: "one\ntwo\n" });
  assert.equal(desired?.lineOf([{ field: "data" }, { field: "a" }]), 5);
  const utf16 = new Uint8Array([0xff, 0xfe, 0x61, 0x00]);
  await assert.rejects(renderFiles({ "a.yaml": utf16 }), {
    code: "encoding",
    place: { file: "a.yaml" },
  });
});

Deno.test("Aliases are written out, each its own copy", async () => {
  const [desired] = await renderFiles({
    "a.yaml": configMap("a", "one: &x { k: [1] }\ntwo: *x\nthree: { <<: *x, l: 2 }\n"),
  });
  assert(desired !== undefined);
  const { one, two, three } = desired.object;
  assert.deepEqual([one, two, three], [{ k: [1] }, { k: [1] }, { k: [1], l: 2 }]);
  assert.notEqual(one, two);
});

Deno.test("Aliases that make a document huge or endless are refused", async () => {
  const letters = [..."abcdefghij"];
  const bomb = letters.map((letter, index) =>
    `${letter}: &${letter} [${
      Array.from({ length: 10 }, () => index === 0 ? "x" : `*${letters[index - 1]}`).join(", ")
    }]\n`
  );
  await assert.rejects(renderFiles({ "a.yaml": configMap("a", bomb.join("")) }), {
    code: "alias-bomb",
    place: { file: "a.yaml", line: 1 },
  });
  await assert.rejects(renderFiles({ "a.yaml": configMap("a", "a: &a { b: *a }\n") }), {
    code: "too-deep",
  });
  await assert.rejects(renderFiles({ "a.yaml": configMap("a", `a: ${"[".repeat(200)}\n`) }), {
    code: "too-deep",
    place: { file: "a.yaml", line: 4 },
  });
});

Deno.test("Fields are found by the paths of server-side apply", async () => {
  const [desired] = await renderFiles({
    "a.yaml": `---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: a
  finalizers: [one,
    two]
spec:
  template:
    spec:
      containers:
        - name: side
          image: b
        - name: app
          image: a
          ports:
            - containerPort: 80
            - containerPort: 443
`,
  });
  const containers = [{ field: "spec" }, { field: "template" }, { field: "spec" }, {
    field: "containers",
  }];
  const app = [...containers, { key: { name: "app" } }];
  assert.equal(desired?.lineOf([]), 2);
  assert.equal(desired?.lineOf([...app, { field: "image" }]), 15);
  const port = { key: { containerPort: 443, protocol: "TCP" } };
  assert.equal(desired?.lineOf([...app, { field: "ports" }, port]), 18);
  assert.equal(
    desired?.lineOf([{ field: "metadata" }, { field: "finalizers" }, { value: "two" }]),
    7,
  );
  assert.equal(desired?.lineOf([...containers, { index: 0 }]), 12);
  assert.equal(desired?.lineOf([...containers, { index: 2 }]), undefined);
  assert.equal(desired?.lineOf([...containers, { key: { name: "none" } }]), undefined);
  assert.equal(desired?.lineOf([...app, { field: "command" }]), undefined);
});
