import assert from "node:assert/strict";
import { type Edit, editYaml } from "../../../lib/propose/edit.ts";
import { remove, removeObject, set } from "./edits.ts";

interface Example {
  readonly name: string;
  readonly before: string;
  readonly edits: readonly Edit[];
  readonly after: string;
}

const EXAMPLES: readonly Example[] = [
  {
    name: "a comment behind a number",
    before: "spec:\n  replicas: 2 # two\n  paused: yes\n",
    edits: [set(["spec", "replicas"], 3), set(["spec", "paused"], false)],
    after: "spec:\n  replicas: 3 # two\n  paused: false\n",
  },
  {
    name: "quotes",
    before: `a: 'x'\nb: "x"\nc: x\n"d": x\n'e': x\n`,
    edits: ["a", "b", "c", "d", "e"].map((key) => set([key], "it's")),
    after: `a: 'it''s'\nb: "it's"\nc: it's\n"d": it's\n'e': it's\n`,
  },
  {
    name: "text that would be read as something else",
    before: "a: x\nb: x\nc: x\nd: x\ne: x\nf: x\ng: x\nh: x\ni: x\nj: x\nk: x\n",
    edits: [
      set(["a"], "yes"),
      set(["b"], "on"),
      set(["c"], "0777"),
      set(["d"], "1e3"),
      set(["e"], "null"),
      set(["f"], "2020-01-01"),
      set(["g"], ""),
      set(["h"], "a: b"),
      set(["i"], " a #b"),
      set(["j"], "12:30:45"),
      set(["k"], "0x1f"),
    ],
    after:
      'a: "yes"\nb: "on"\nc: "0777"\nd: "1e3"\ne: "null"\nf: "2020-01-01"\ng: ""\nh: "a: b"\ni: " a #b"\nj: "12:30:45"\nk: "0x1f"\n',
  },
  {
    name: "a text takes the place of a number and the other way round",
    before: 'a: 80\nb: "80"\nc: null\nd:\ne: # nothing\nf: 1',
    edits: [
      set(["a"], "80"),
      set(["b"], 80),
      set(["c"], 1),
      set(["d"], "x"),
      set(["e"], true),
      set(["f"], null),
    ],
    after: 'a: "80"\nb: 80\nc: 1\nd: x\ne: true # nothing\nf: null',
  },
  {
    name: "text of many lines",
    before:
      "a: |-\n    one\n    two\n\nb: | # script\n  x\nc: >\n  long text\n  folded\nd: |+\n  x\n\n",
    edits: [
      set(["a"], "one\nthree"),
      set(["b"], "x\n\n  y\n"),
      set(["c"], "short text\nfolded\n"),
      set(["d"], "y\n\n\n"),
    ],
    after:
      "a: |-\n    one\n    three\n\nb: | # script\n  x\n\n    y\nc: >\n  short text\n\n  folded\nd: |+\n  y\n\n\n",
  },
  {
    name: "text becomes many lines, or begins with a space",
    before: "a:\n  b: x # c\n  d: |\n    x\nlist:\n- x\n",
    edits: [
      set(["a", "b"], "one\ntwo\n"),
      set(["a", "d"], "  x\ny\n"),
      set(["list", 0], "x\ny"),
    ],
    after: "a:\n  b: | # c\n    one\n    two\n  d: |2\n      x\n    y\nlist:\n- |-\n  x\n  y\n",
  },
  {
    name: "items by their key",
    before:
      "containers:\n- name: app\n  image: a:1\n  ports:\n  - containerPort: 80\n- name: side # car\n  image: b:1\n",
    edits: [
      set(["containers", { name: "side" }, "image"], "b:2"),
      set(["containers", { name: "app" }, "ports", { containerPort: 80, protocol: "TCP" }], {
        containerPort: 80,
        name: "http",
      }),
      set(["containers", { name: "app" }, "env", "x"], "z"),
      set(["containers", { name: "new" }], { image: "c", args: ["--a=b", "yes"] }),
    ],
    after:
      'containers:\n- name: app\n  image: a:1\n  ports:\n  - containerPort: 80\n    name: http\n  env:\n    x: z\n- name: side # car\n  image: b:2\n- name: new\n  image: c\n  args:\n  - --a=b\n  - "yes"\n',
  },
  {
    name: "items of sets and items by position",
    before: "f:\n  - a\n  - b # last\ng: [x, y]\n",
    edits: [
      set(["f", ["c"]], "c"),
      remove(["f", ["a"]]),
      set(["g", 1], "z"),
      set(["g", 2], "a,b"),
      set(["g", ["x"]], "w"),
    ],
    after: 'f:\n  - b # last\n  - c\ng: [w, z, "a,b"]\n',
  },
  {
    name: "fields are added behind the last one",
    before:
      "metadata:\n    name: x # name\n\n# the rest\nspec:\n    a: |\n        x\n\n    # end\n",
    edits: [
      set(["metadata", "labels"], { "a/b": "1", on: "x" }),
      set(["spec", "b", "c", "d"], [{ e: [], f: {} }, [1]]),
    ],
    after:
      'metadata:\n    name: x # name\n    labels:\n        a/b: "1"\n        "on": x\n\n# the rest\nspec:\n    a: |\n        x\n    b:\n        c:\n            d:\n                - e: []\n                  f: {}\n                - - 1\n\n    # end\n',
  },
  {
    name: "flow maps, empty maps and null are added to",
    before: "a: {a: 1}\nb: {} # none\nc: []\nd:\ne: { f: {}, g: [] }\nh:\n- {}\n",
    edits: [
      set(["a", "b"], "x: y"),
      set(["b", "c"], 1),
      set(["c", { name: "x" }], { name: "x", v: 1 }),
      set(["d", "e", "f"], "g"),
      set(["e", "f", "x"], [1]),
      set(["e", "g", 0], { z: null }),
      set(["h", 0, "i"], 1),
    ],
    after:
      'a: {a: 1, b: "x: y"}\nb: # none\n  c: 1\nc:\n- name: x\n  v: 1\nd:\n  e:\n    f: g\ne: { f: { x: [1] }, g: [{ z: null }] }\nh:\n- i: 1\n',
  },
  {
    name: "JSON stays JSON",
    before: '{\n  "a": 1,\n  "b": ["x"]\n}\n',
    edits: [set(["c"], { d: "x" }), set(["b", ["y"]], "y"), set(["a"], "x")],
    after: '{\n  "a": "x",\n  "b": ["x", "y"],\n  "c": { "d": "x" }\n}\n',
  },
  {
    name: "fields are removed with their own comments",
    before:
      "# header\na: 1\n\n# of b\n# too\nb: # more\n  c: 1\n  # inside\n  d: 2\n\n# of e\ne: |\n  x\n\nf: 1",
    edits: [remove(["b"]), remove(["e"]), remove(["a"])],
    after: "# header\n\n\n\nf: 1",
  },
  {
    name: "the last field or item leaves an empty map or list",
    before: "a: # keep\n  # of b\n  b: 1\nc:\n- x\nd:\n  - e: 1\nf: {g: 1}\nh: [ 1 ]\n",
    edits: [
      remove(["a", "b"]),
      remove(["c", 0]),
      remove(["d", 0, "e"]),
      remove(["f", "g"]),
      remove(["h", 0]),
    ],
    after: "a: {} # keep\nc: []\nd:\n  - {}\nf: {}\nh: []\n",
  },
  {
    name: "the first field of an item is removed",
    before: "l:\n- a: 1\n  b: 2\n- a: 1\n  # of b\n  b: 2\n- - x\n  - y\n",
    edits: [remove(["l", 0, "a"]), remove(["l", 1, "a"]), remove(["l", 2, 0])],
    after: "l:\n- b: 2\n-\n  # of b\n  b: 2\n- - y\n",
  },
  {
    name: "between brackets",
    before:
      "g: [x, # of x\n  y,\n  ]\na: [x, # of x\n  y]\nb: {c: 1, d: 2, e: 3}\nf: [\n  1,\n  2,\n  ]\n",
    edits: [
      remove(["g", 1]),
      remove(["a", 1]),
      remove(["b", "d"]),
      remove(["b", "c"]),
      set(["f", 2], 3),
    ],
    after: "g: [x, # of x\n  \n  ]\na: [x, # of x\n  ]\nb: {e: 3}\nf: [\n  1,\n  2,\n  3,\n  ]\n",
  },
  {
    name: "whole maps and lists, of which only what differs is touched",
    before:
      "args: [a, 'b', c]\nl:\n- a # of a\n- b # of b\n- c # of c\nm:\n  x: 1 # of x\n  y: 2\n",
    edits: [
      set(["args"], ["a", "x", "c"]),
      set(["l"], ["a", "new", "b", "c"]),
      set(["m"], { x: 1, z: 3 }),
    ],
    after:
      "args: [a, 'x', c]\nl:\n- a # of a\n- new\n- b # of b\n- c # of c\nm:\n  x: 1 # of x\n  z: 3\n",
  },
  {
    name: "scalars become collections and the other way round",
    before:
      "a: 1 # of a\nb: # of b\n  c: 1\n  # in b\n  d: 2 # of d\ne:\n- x # of x\n- y\nf: |\n  x\ng: [1]\n",
    edits: [
      set(["a"], { x: 1 }),
      set(["b"], "x"),
      set(["e", 0], { z: 1 }),
      set(["e", 1], { z: 1, w: [] }),
      set(["f"], ["x"]),
      set(["g"], { x: {} }),
    ],
    after:
      "a: # of a\n  x: 1\nb: x # of b\ne:\n- # of x\n  z: 1\n- z: 1\n  w: []\nf:\n- x\ng:\n  x: {}\n",
  },
  {
    name: "line breaks of Windows, a byte order mark, no last line break",
    before: "\ufeffa: 1\r\nb:\r\n  c: |\r\n    x\r\n    y",
    edits: [set(["b", "d"], { e: [1] }), set(["a"], "x\ny\n"), set(["b", "c"], "z")],
    after: "\ufeffa: |\r\n  x\r\n  y\r\nb:\r\n  c: |-\r\n    z\r\n  d:\r\n    e:\r\n      - 1",
  },
  {
    name: "several documents and markers",
    before: "# one\na: 1\n--- # two\n# of a\na: 1\n...\n---\n---\na: 1\n",
    edits: [set(["a"], 2, 2), set(["a"], 3, 5), set(["b"], 4, 9)],
    after: "# one\na: 2\n--- # two\n# of a\na: 3\n...\n---\n---\na: 1\nb: 4\n",
  },
  {
    name: "the comment of the first field behind a dividing line",
    before: "a: 1\n---\n# of b\nb: 1\nc: 1\n",
    edits: [remove(["b"], 4)],
    after: "a: 1\n---\n# of b\nc: 1\n",
  },
  {
    name: "anchors nobody refers to",
    before: "a: &a 1\nb: &b\n  c: 1\nd: &d\n- x\n",
    edits: [set(["a"], 2), set(["b", "c"], 2), set(["d"], []), remove(["b", "c"])],
    after: "a: &a 2\nb: &b {}\nd: &d []\n",
  },
  {
    name: "text that looks like a reference",
    before: "a: x\nb: $${HOME}\n",
    edits: [set(["a"], "echo ${HOME}"), set(["b"], "${PATH}"), set(["c", "${d}"], "$${e}")],
    after: 'a: echo $${HOME}\nb: $${PATH}\nc:\n  "$${d}": $$${e}\n',
  },
];

for (const { name, before, edits, after } of EXAMPLES) {
  Deno.test(`Written back: ${name}`, () => {
    const { text, refused } = editYaml(before, edits);
    assert.deepEqual(refused, []);
    assert.equal(text, after);
  });
}

Deno.test("Objects are removed with their comments and the line that divides them", () => {
  const cases: [before: string, line: number, after: string][] = [
    ["a: 1\n---\n# two\nb: 1\n---\nc: 1\n", 4, "a: 1\n---\nc: 1\n"],
    ["a: 1\n---\nb: 1\n---\nc: 1", 5, "a: 1\n---\nb: 1\n"],
    ["# one\na: 1\n---\nb: 1\n", 2, "b: 1\n"],
    ["---\na: 1\n---\nb: 1\n", 2, "---\nb: 1\n"],
    ["a: 1\n--- # two\nb: 1\n", 1, "--- # two\nb: 1\n"],
    ["a: 1\n--- {b: 1}\n", 1, "--- {b: 1}\n"],
    ["# license\n---\na: 1\n---\nb: 1\n", 3, "# license\n---\nb: 1\n"],
    ["a: 1\r\n---\r\nb: 1\r\n", 1, "b: 1\r\n"],
    ["\ufeffa: 1\n---\nb: 1\n", 1, "\ufeffb: 1\n"],
    ["a: ${x}\n", 1, ""],
  ];
  for (const [before, line, after] of cases) {
    assert.deepEqual(editYaml(before, [removeObject(line)]), { text: after, refused: [] });
  }
  const all = "a: 1\n---\nb: 1\n---\nc: 1\n";
  assert.equal(editYaml(all, [removeObject(1), removeObject(3)]).text, "c: 1\n");
  assert.equal(
    editYaml(all, [removeObject(5), removeObject(1), set(["x"], 2, 3)]).text,
    "b: 1\nx: 2\n",
  );
  assert.equal(editYaml(all, [removeObject(1), removeObject(3), removeObject(5)]).text, "");
});

Deno.test("Where nothing is substituted, text is neither escaped nor taken for a reference", () => {
  const optedOut = "metadata:\n  annotations: {plumb.thinkube.io/substitute: disabled}\na: ${x}\n";
  assert.equal(
    editYaml(optedOut, [set(["a"], "${y}")]).text,
    optedOut.replace("${x}", "${y}"),
  );
  const { text } = editYaml("a: ${x}\n", [set(["a"], "${y}")], { substitutes: false });
  assert.equal(text, "a: ${y}\n");
});

Deno.test("A deep place is found as fast as a high one, and too much of a difference is refused", () => {
  const names = Array.from({ length: 90 }, (_, depth) => `f${depth}`);
  const deep = `${names.map((name, depth) => `${" ".repeat(depth)}${name}:\n`).join("")}`;
  const { text, refused } = editYaml(deep, [set([...names, "x"], 1)]);
  assert.deepEqual(refused, []);
  assert.equal(text, `${deep}${" ".repeat(90)}x: 1\n`);
  const long = `a: [${Array(300).fill(0).join(", ")}]\n`;
  const [first] = editYaml(long, [set(["a"], Array(300).fill(1))]).refused;
  assert.equal(first?.reason, "a: Too much differs to be written back.");
});

Deno.test("Aliases that multiply without end cost nothing", () => {
  const levels = Array.from(
    { length: 60 },
    (_, level) => `a${level + 1}: &a${level + 1} [${Array(9).fill(`*a${level}`).join(", ")}]`,
  );
  const bomb = `a0: &a0 x\n${levels.join("\n")}\nb: 1\n`;
  assert.equal(editYaml(bomb, [set(["b"], 2)]).text, bomb.replace("b: 1", "b: 2"));
});
