import assert from "node:assert/strict";
import { type Edit, editYaml } from "../../../lib/propose/edit.ts";
import { remove, removeObject, set } from "./edits.ts";

Deno.test("What can't be written back is refused in words and stays as it is", () => {
  const shared = "a: &x\n  b: [1]\nc: *x\nd:\n  <<: *x\n  e: 1\nf: &y 1\ng: &y 2\nh: *y\n";
  const cases: [before: string, edit: Edit, reason: string][] = [
    [shared, set(["c"], 1), "c: The value is an alias: it is written elsewhere."],
    [shared, set(["c", "b"], 1), "c.b: The place is inside an alias: it is written elsewhere."],
    [shared, set(["a", "b", 0], 2), "a.b[0]: The place is shared: aliases refer to its anchor &x."],
    [shared, set(["a"], 2), "a: The place is shared: aliases refer to its anchor &x."],
    [shared, set(["a", "n"], 2), "a.n: The place is shared: aliases refer to its anchor &x."],
    [shared, remove(["a"]), "a: The place is shared: aliases refer to its anchor &x."],
    [shared, set(["f"], 3), "f: The place is shared: aliases refer to its anchor &y."],
    [
      shared,
      set(["d", "b"], []),
      "d.b: A merge key provides the field, so it is not written here.",
    ],
    [shared, remove(["d", "b"]), "d.b: A merge key provides the field, so it is not written here."],
    ["a: x-${b}\n", set(["a"], "x"), "a: The text there refers to a parameter."],
    ["a: 'x-${b}'\n", remove(["a"]), "a: The text there refers to a parameter."],
    ["a:\n  b: [1, '${c}']\n", set(["a", "b"], 1), "a.b: The text there refers to a parameter."],
    [
      "a:\n- name: ${x}\n",
      set(["a", { name: "y" }], {}),
      "a[name=y]: Which item of the list is meant can not be told.",
    ],
    [
      "a:\n- ${x}\n",
      set(["a", ["y"]], "y"),
      "a[=y]: Which item of the list is meant can not be told.",
    ],
    [
      "a:\n  ${x}: 1\n",
      set(["a", "y"], 1),
      "a.y: A key beside it is made from a parameter: it could be the same.",
    ],
    ["a: 1\n", remove(["b"]), "b: The field is not written in the file."],
    ["a: []\n", set(["a", 1], 1), "a[1]: The list in the file is shorter."],
    [
      "a: []\n",
      set(["a", { name: "x" }, "b"], 1),
      "a[name=x].b: The list around it, or the item, is not in the file.",
    ],
    [
      "a: {}\n",
      set(["a", "b", { name: "x" }], {}),
      "a.b[name=x]: The list around it, or the item, is not in the file.",
    ],
    ["a: 1\n", set(["a", "b"], 1), "a.b: The place around it is not a map."],
    ["a: 1\n", set(["a", 0], 1), "a[0]: The place around it is not a list."],
    [
      "a: [{k: 1}, {k: 1}]\n",
      set(["a", { k: 1 }], 1),
      "a[k=1]: Several items of the list have this key.",
    ],
    ["a: []\n", set(["a", { k: 1 }], 1), "a[k=1]: An item that is found by a key must be a map."],
    ["a: 1\n", set([], {}), "The path leads to the whole object."],
    ["a: 1\n", remove(["a"]), "a: Nothing would be left of the object."],
    ["a: 1\n", set(["a"], NaN), "a: A value of type number can not be written as YAML."],
    ["a: 1\n", set(["a"], undefined), "a: A value of type undefined can not be written as YAML."],
    [
      "a: 1\n",
      set(["__proto__"], 1),
      "__proto__: The place can not be written without changing something else.",
    ],
    ["a: 1\n", set(["a"], nested(102)), "a: The value is nested deeper than 100 levels."],
    ["a: [1\n", set(["a"], 1), "The document can not be read: "],
    ["a: 1\na: 2\n", set(["a"], 1), "The document can not be read: "],
    ["- a\n", set(["a"], 1), "a: The document is not a map."],
    [
      "? a\n: 1\nb: 1\n",
      remove(["a"]),
      "a: The place can not be written without changing something else.",
    ],
    [
      "kind: List\nitems: [{a: 1}]\n",
      set(["a"], 2),
      "a: The object is an item of a list in the file: write it as a document.",
    ],
    [
      "kind: PodList\nitems: []\n",
      removeObject(1),
      "The object is an item of a list in the file: write it as a document.",
    ],
    ["a: 1\n", set(["a"], 2, 9), "a: There is no object on line 9."],
    ["# only a comment\n", removeObject(1), "There is no object on line 1."],
  ];
  for (const [before, edit, reason] of cases) {
    const { text, refused } = editYaml(before, [edit]);
    assert.equal(text, before, reason);
    assert.equal(refused.length, 1, reason);
    assert.ok(refused[0]?.reason.startsWith(reason), `${refused[0]?.reason}\n${reason}`);
    assert.equal(refused[0]?.edit, edit);
  }
});

function nested(depth: number): unknown {
  return depth === 0 ? 1 : [nested(depth - 1)];
}

Deno.test("A refused edit keeps nothing of its parts, and the others are made", () => {
  const before = "a: [1, 2, '${x}']\nb: 1\n";
  const { text, refused } = editYaml(before, [set(["a"], [3, 4, 5]), set(["b"], 2)]);
  assert.equal(text, "a: [1, 2, '${x}']\nb: 2\n");
  assert.equal(refused.length, 1);
});
