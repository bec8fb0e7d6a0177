import assert from "node:assert/strict";
import { itemLines, lineAt } from "../../lib/yaml_lines.ts";

const TEXT = `# A comment
base: &base
  image: nginx
  ports:
    - 80
    - 443
spec:
  <<: *base
  replicas: 3
  on: yes
  "quoted key": 1
  script: |
    one
    two
  after: { a: 1,
    b: [x, y] }
many:
  <<: [{ p: 1 }, *base]
copy: *base
list:
- name: a
  value: 1

- name: b
`;

Deno.test("Fields are found on the line of their key, items where they begin", () => {
  const cases: [path: (string | number)[], line: number | undefined][] = [
    [[], 2],
    [["base"], 2],
    [["base", "image"], 3],
    [["base", "ports", 1], 6],
    [["spec", "replicas"], 9],
    [["spec", "true"], 10],
    [["spec", "on"], undefined],
    [["spec", "quoted key"], 11],
    [["spec", "script"], 12],
    [["spec", "after"], 15],
    [["spec", "after", "b", 1], 16],
    [["list", 0, "value"], 22],
    [["list", 1], 24],
    [["list", 2], undefined],
    [["list", "name"], undefined],
    [["spec", 0], undefined],
    [["nothing"], undefined],
  ];
  for (const [path, line] of cases) assert.equal(lineAt(TEXT, path), line, path.join("."));
});

Deno.test("Aliases and merge keys lead to where the value really stands", () => {
  assert.equal(lineAt(TEXT, ["spec", "image"]), 3);
  assert.equal(lineAt(TEXT, ["copy", "ports", 0]), 5);
  assert.equal(lineAt(TEXT, ["many", "p"]), 18);
  assert.equal(lineAt(TEXT, ["many", "image"]), 3);
});

Deno.test("An alias means the nearest anchor of its name before it", () => {
  const text = "a: &x\n  k: 1\nb: *x\nc: &x\n  k: 2\nd: *x\n";
  assert.equal(lineAt(text, ["b", "k"]), 2);
  assert.equal(lineAt(text, ["d", "k"]), 5);
});

Deno.test("Lines of all items of a list", () => {
  assert.deepEqual(itemLines(TEXT, ["list"]), [21, 24]);
  assert.deepEqual(itemLines(TEXT, ["copy", "ports"]), [5, 6]);
  assert.deepEqual(itemLines(TEXT, ["spec"]), []);
});

Deno.test("A text that can't be read has no lines", () => {
  assert.equal(lineAt("a: [", ["a"]), undefined);
  assert.deepEqual(itemLines("a: [", ["a"]), []);
});
