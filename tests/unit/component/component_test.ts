import assert from "node:assert/strict";
import { loadComponent } from "../../../lib/component/mod.ts";
import { componentFile, declare } from "./declare.ts";

function load(text: string) {
  const bytes = new TextEncoder().encode(text);
  return loadComponent([{ path: "component.yaml", bytes }], { folder: "app" });
}

const HEAD = "apiVersion: plumb.thinkube.io/v1alpha1\nkind: Component\nmetadata: { name: app }\n";

Deno.test("What component.yaml leaves out has its default", () => {
  const component = declare("");
  assert.equal(component.name, "app");
  assert.equal(component.namespace, "apps");
  assert.deepEqual(component.manifests, ["*.yaml", "*.yml"]);
  assert.equal(component.adoption, "unowned");
  assert.deepEqual(component.fields, []);
  assert.deepEqual(component.requires, []);
  assert.equal(component.parameters.size, 0);
});

Deno.test("All fields are read", () => {
  const component = declare(`
description: An application
parameters:
  domain: { type: hostname, description: Domain }
requires:
  - { name: postgresql, service: postgres/db, port: 5432, version: ">=18", hint: Deploy it. }
manifests: [a.yaml]
retain: { outside: [{ what: Database, where: postgres/db, back: It is opened again. }] }
verify: { checks: [] }
discovery: { category: ai }
adoption: all
fields:
  - paths: [spec.replicas]
    managers: ["kube-*"]
    objects: { kind: Deployment }
    action: ignore
  - { paths: [spec.template], action: propose }
`);
  assert.equal(component.description, "An application");
  assert.deepEqual([...component.parameters.keys()], ["domain"]);
  assert.equal(component.requires[0]?.service, "postgres/db");
  assert.deepEqual(component.retain, {
    reclaimPolicy: "Retain",
    outside: [{ what: "Database", where: "postgres/db", back: "It is opened again." }],
  });
  assert.deepEqual(component.discovery, { category: "ai" });
  assert.equal(component.adoption, "all");
  assert.deepEqual(component.fields.map(({ action }) => action), ["ignore", "propose"]);
});

Deno.test("A folder without component.yaml is a component named after it", () => {
  const names = [["cvat", "cvat"], ["My App_2", "my-app-2"], ["--", "component"], [
    "Ü",
    "component",
  ]];
  for (const [folder = "", name] of names) {
    const component = loadComponent([], { folder });
    assert.equal(component.name, name);
    assert.equal(component.namespace, "default");
    assert.equal(component.file, undefined);
  }
});

Deno.test("The caller's name and namespace overrule the file's", () => {
  const options = { folder: "app", name: "other", namespace: "elsewhere" };
  const component = loadComponent([componentFile("")], options);
  assert.deepEqual([component.name, component.namespace], ["other", "elsewhere"]);
});

Deno.test("A mistake in component.yaml is an error with its line and the way out", () => {
  const cases: [text: string, line: number, message: RegExp, hint?: RegExp][] = [
    [`${HEAD}spec:\n  namepsace: x\n`, 4, /^spec\.namespace is missing; line 5: spec\.namepsace/],
    [
      `${HEAD}spec:\n  namespace: x\n  paramters: {}\n`,
      6,
      /spec\.paramters/,
      /Did you mean parameters\?/,
    ],
    [`${HEAD}spec:\n  namespace: x\n  zzz: {}\n`, 6, /spec\.zzz/, /Known here: namespace, /],
    [`${HEAD}spec:\n  namespace: Upper\n`, 5, /spec\.namespace: must be lower-case/],
    [
      "apiVersion: v1\nkind: Component\nmetadata: { name: a }\nspec: { namespace: a }\n",
      1,
      /apiVersion/,
    ],
    [`${HEAD}spec:\n  namespace: n\n`, 5, /received boolean/, /quote it/],
    ["", 1, /^The file is missing$/],
    ["- a\n", 1, /The file/],
    [
      `${HEAD}spec:\n  namespace: x\n  requires:\n    - name: a\n      service: a\n      port: 0\n`,
      8,
      /requires\.0\.service: must be NAMESPACE\/NAME.*line 9: spec\.requires\.0\.port/,
    ],
    [
      `${HEAD}spec:\n  namespace: x\n  parameters:\n    domain:\n      type: hostname\n      descripton: x\n`,
      7,
      /domain\.description.*line 9: spec\.parameters\.domain\.descripton/,
    ],
    [
      `${HEAD}spec:\n  namespace: x\n  parameters:\n    Up: { type: string, description: x }\n`,
      7,
      /must begin with a lower-case letter/,
    ],
  ];
  for (const [text, line, message, hint] of cases) {
    assert.throws(() => load(text), (error) => {
      assert(error instanceof Error && "place" in error && "code" in error && "hint" in error);
      assert.equal(error.code, "invalid");
      assert.match(error.message, message);
      assert.deepEqual(error.place, { file: "component.yaml", line });
      if (hint !== undefined) assert.match(String(error.hint), hint);
      return true;
    }, text);
  }
});

Deno.test("Fields of a parameter that contradict each other are refused", () => {
  const cases: [string, RegExp][] = [
    ["type: string, description: d, required: true, default: x", /required: true.* says nothing/],
    ["type: string, description: d, secret: true, default: x", /would be in Git/],
    ["type: string, description: d, secretRef: { namespace: a, name: b, key: c }", /secret: true/],
    ["type: enum, description: d", /needs `values`/],
    ["type: string, description: d, values: [a]", /needs `values`/],
    ["type: string, description: d, pattern: '('", /not a regular expression/],
    ["type: text, description: d", /type/],
    ["type: string", /description/],
  ];
  for (const [fields, message] of cases) {
    const spec = `parameters:\n  one: { ${fields} }\n`;
    assert.throws(() => declare(spec), {
      code: "invalid",
      message,
      place: { file: "component.yaml", line: 7 },
    });
  }
});

Deno.test("A file that is not one YAML document in UTF-8 is an error with its line", () => {
  const cases: [text: string, line: number, message: RegExp][] = [
    [`${HEAD}spec:\n\tnamespace: x\n`, 5, /A tab indents the line.*column 1/],
    [`---\n${HEAD}spec: { namespace: x }\n---\na: 1\n`, 6, /more than one document/],
    [`# comment\n---\n${HEAD}spec: [\n`, 7, /column/],
  ];
  for (const [text, line, message] of cases) {
    assert.throws(() => load(text), {
      code: "yaml",
      message,
      place: { file: "component.yaml", line },
    });
  }
  const file = { path: "component.yaml", bytes: new Uint8Array([0xff, 0xfe]) };
  assert.throws(() => loadComponent([file], { folder: "app" }), { code: "yaml", message: /UTF-8/ });
});

Deno.test("A comment and a line of --- before the content do not shift lines", () => {
  assert.throws(() => load(`# comment\n---\n${HEAD}spec:\n  namespace: X\n`), {
    place: { file: "component.yaml", line: 7 },
  });
});
