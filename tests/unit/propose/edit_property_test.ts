import assert from "node:assert/strict";
import fc from "fast-check";
import type { PathElement, Scalar } from "../../../lib/field_path.ts";
import { type Edit, editYaml } from "../../../lib/propose/edit.ts";
import { parseDocument, splitDocuments } from "../../../lib/yaml.ts";
import { chance, type Json, type Path, write } from "./writer.ts";

const TEXTS = [
  ..."yes|on|0777|1e3|null|~|2020-01-01|12:30|a: b|# x|a #b|- a|[a]|{a}|*a|&a|!a|%a|@a|`a|'|\"|''"
    .split("|"),
  ..."nginx:1.29|--flag=a,b|a/b|ends with:| space |\ttab|back\\slash|<<|=|...|---|$HOME|é|\u2028|\u0007|\u0085|\ufeff"
    .split("|"),
  "",
  "|",
  "one\ntwo",
  "one\ntwo\n",
  "\n",
  "  indented\nnot\n\n\n",
  "one\n\n\n  more\ntwo\n",
  "trailing \nspace ",
  "#!/bin/sh\nset -e\n\tindented: by a tab\n",
  "some words that are long",
  "carriage\r\nreturn",
  "a long text of many words that could be folded by those who like to fold their text\nand more\n",
];
const text = fc.oneof(
  fc.constantFrom(...TEXTS),
  fc.stringMatching(/^[a-z]{1,8}$/),
  fc.string({ maxLength: 12, unit: "grapheme" }),
);
const name = fc.oneof(
  { weight: 4, arbitrary: fc.stringMatching(/^[a-z]{1,6}$/) },
  { weight: 1, arbitrary: fc.constantFrom(...TEXTS.filter((word) => !word.includes("\n"))) },
).filter((word) => word !== "__proto__");
const scalar: fc.Arbitrary<Json> = fc.oneof(
  { weight: 4, arbitrary: text },
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0)
    .filter((value) => !Number.isInteger(value) || Number.isSafeInteger(value)),
  fc.boolean(),
  fc.constant(null),
);
const { value, map } = fc.letrec<{ value: Json; map: { [name: string]: Json } }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    scalar,
    tie("map"),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.uniqueArray(fc.tuple(fc.stringMatching(/^[a-z]{1,6}$/), tie("map")), {
      maxLength: 4,
      selector: ([key]) => key,
    }).map((items) => items.map(([key, fields]) => ({ ...fields, name: key }))),
  ),
  map: fc.dictionary(name, tie("value"), { maxKeys: 4, noNullPrototype: true }),
}));
const object = map.map((fields) => ({ ...fields, kind: "Thing" }));

/** An edit, and the object after it as a plain assignment makes it. */
interface Drift {
  readonly edit: Edit;
  readonly path: Path;
  readonly live: { [name: string]: Json };
}

/** Drifts an object somewhere. */
function drift(
  before: { [name: string]: Json },
  wanted: Json,
  random: () => number,
  line = 1,
): Drift {
  const live = structuredClone(before);
  const path: Path = [];
  const elements: PathElement[] = [];
  let around: Json = live;
  for (;;) {
    const names: Path = Array.isArray(around) ? [...around.keys()] : Object.keys(around as object);
    const step = names[Math.floor(random() * names.length)] ?? 0;
    const isNew = names.length === 0 || random() < 0.15;
    if (Array.isArray(around)) {
      const index = isNew ? around.length : Number(step);
      path.push(index);
      elements.push(isNew ? { index } : elementOf(around, index, random));
    } else {
      const field = isNew ? `added ${Math.floor(random() * 1e6)}` : String(step);
      path.push(field);
      elements.push({ field });
    }
    const last = path.at(-1) as string;
    const fields = around as { [name: string]: Json };
    if (!isNew) {
      const inner = fields[last];
      if (typeof inner === "object" && inner !== null && random() < 0.8) {
        around = inner;
        continue;
      }
      if (random() < 0.35 && last !== "kind") {
        if (Array.isArray(around)) around.splice(Number(last), 1);
        else delete fields[last];
        return { edit: { kind: "remove", line, path: elements }, path, live };
      }
    }
    fields[last] = structuredClone(wanted);
    return { edit: { kind: "set", line, path: elements, value: wanted }, path, live };
  }
}

/** An item as server-side apply would call it, if it has a key or is a value of its own. */
function elementOf(list: readonly Json[], index: number, random: () => number): PathElement {
  const item = list[index] as Json;
  const names = list.map((other) => (other as { name?: Json } | null)?.name);
  const key = names[index];
  if (random() < 0.2) return { index };
  if (
    typeof key === "string" && names.every((other) => typeof other === "string") &&
    names.indexOf(key) === index && names.lastIndexOf(key) === index
  ) return { key: { name: key } };
  return typeof item !== "object" && item !== null && list.indexOf(item) === index &&
      list.lastIndexOf(item) === index
    ? { value: item as Scalar }
    : { index };
}

/** Values as they are, with fields in any order. */
function read(text: string): unknown {
  return parseDocument(text);
}

const linesOf = (text: string) => text.split("\n");

/** How many lines of the old text are not in the new one, from the first that differs to the last. */
function touched(before: string, after: string): number {
  const [old, now] = [linesOf(before), linesOf(after)];
  let start = 0;
  while (start < Math.min(old.length, now.length) && old[start] === now[start]) start++;
  let end = 0;
  while (end < Math.min(old.length, now.length) - start && old.at(-1 - end) === now.at(-1 - end)) {
    end++;
  }
  return old.length - start - end;
}

const startsWith = (path: Path, start: Path) => start.every((step, index) => path[index] === step);

Deno.test("Whatever drifts in whatever layout is written back, and nothing else moves", () => {
  fc.assert(
    fc.property(object, value, fc.nat(), (before, wanted, seed) => {
      const written = write(before, seed);
      assert.deepEqual(read(written.text), before, "the writer is wrong");
      const { edit, path, live } = drift(before, wanted, chance(seed + 2));
      const { text, refused } = editYaml(written.text, [edit], { substitutes: false });
      assert.deepEqual(refused, [], JSON.stringify({ refused, text: written.text }));
      assert.deepEqual(read(text), live);
      for (const comment of written.comments) {
        if (!startsWith(comment.path, path)) assert.ok(text.includes(comment.text), comment.text);
      }
      // Beside its own lines an edit may touch those around: `key: {}`, `- name: x`, brackets.
      const span = written.spans.get(JSON.stringify(path)) ?? 1;
      assert.ok(touched(written.text, text) <= span + 2, text);
    }),
    { numRuns: 1000 },
  );
});

Deno.test("Many drifts of many documents are written back in one go", () => {
  fc.assert(
    fc.property(
      fc.array(object, { minLength: 1, maxLength: 3 }),
      fc.array(value, { minLength: 1, maxLength: 6 }),
      fc.nat(),
      (objects, wanted, seed) => {
        const random = chance(seed);
        const texts = objects.map((before, index) =>
          write(before, seed + index).text.replace(/^\ufeff/, "").replace(/(?<!\n)$/, "\n")
        );
        const file = texts.join("---\n");
        const starts = splitDocuments(file).map(({ line }, index) => index === 0 ? line : line + 1);
        const live = [...objects] as { [name: string]: Json }[];
        const edits = wanted.map((value) => {
          const index = Math.floor(random() * live.length);
          const drifted = drift(live[index] ?? {}, value, random, starts[index]);
          live[index] = drifted.live;
          return drifted.edit;
        });
        const { text, refused } = editYaml(file, edits, { substitutes: false });
        assert.deepEqual(refused, [], JSON.stringify({ refused, text, file }));
        assert.deepEqual(splitDocuments(text).map((document) => read(document.text)), live);
      },
    ),
    { numRuns: 300 },
  );
});

Deno.test("Whole objects go with all that is theirs, and the others stay byte for byte", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(object, fc.boolean()), { minLength: 1, maxLength: 5 }),
      fc.nat(),
      (objects, seed) => {
        const texts = objects.map(([before], index) =>
          write(before, seed + index).text.replace(/^\ufeff/, "").replace(/(?<!\n)$/, "\n")
        );
        const file = texts.join("---\n");
        const starts = splitDocuments(file).map(({ line }, index) => index === 0 ? line : line + 1);
        const edits = objects.flatMap(([, goes], index): Edit[] =>
          goes ? [{ kind: "remove-object", line: starts[index] ?? 0 }] : []
        );
        const { text, refused } = editYaml(file, edits, { substitutes: false });
        assert.deepEqual(refused, [], JSON.stringify({ refused, file }));
        const kept = objects.flatMap(([before, goes], index) => goes ? [] : [{ before, index }]);
        const now = splitDocuments(text).map((document) => read(document.text))
          .filter((document) => document !== undefined && document !== null);
        assert.deepEqual(now, kept.map(({ before }) => before));
        for (const { index } of kept) assert.ok(text.includes(texts[index]?.trim() ?? ""), text);
      },
    ),
    { numRuns: 300 },
  );
});

const CVAT = new URL("../../../manifests/cvat", import.meta.url).pathname;

async function manifests(folder: string): Promise<string[]> {
  const texts: string[] = [];
  for await (const entry of Deno.readDir(folder)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) texts.push(...await manifests(path));
    else if (/\.ya?ml$/.test(path)) texts.push(await Deno.readTextFile(path));
  }
  return texts;
}

/** Comment lines and comments behind values, of which some texts in block style have lines, too. */
const commentsOf = (text: string): readonly string[] => text.match(/(?<=^|\s)#.*/gm) ?? [];

Deno.test("The manifests of CVAT take any edit, or refuse it with a reason and stay as they are", async () => {
  const files = await manifests(CVAT);
  assert.ok(files.length > 20);
  const reasons = /parameter|alias|shared|merge key|can not be told/;
  let made = 0;
  const tryOne = (file: string, wanted: Json, random: () => number) => {
    const documents = splitDocuments(file);
    const chosen = Math.floor(random() * documents.length);
    const { text: old = "", line = 0 } = documents[chosen] ?? {};
    const before = read(old) as { [name: string]: Json };
    const { edit, path, live } = drift(before, wanted, random, line + 1);
    const { text, refused } = editYaml(file, [edit]);
    if (refused.length > 0) {
      assert.equal(text, file);
      assert.match(refused[0]?.reason ?? "", reasons);
      return;
    }
    made++;
    const now = splitDocuments(text);
    assert.deepEqual(
      now.map((document, index) => index === chosen ? undefined : document.text),
      documents.map((document, index) => index === chosen ? undefined : document.text),
    );
    assert.deepEqual(read(now[chosen]?.text ?? ""), live);
    const was = at(before, path);
    const isLeaf = typeof was !== "object" && !/\n|.{60}/.test(String(was));
    if (edit.kind === "set" && isLeaf) {
      const kept = commentsOf(text);
      for (const comment of commentsOf(file)) assert.ok(kept.includes(comment), comment);
      assert.ok(touched(file, text) <= 3, text);
    }
  };
  fc.assert(
    fc.property(
      fc.constantFrom(...files),
      value,
      fc.nat(),
      (file, wanted, seed) => tryOne(file, wanted, chance(seed)),
    ),
    { numRuns: 300 },
  );
  assert.ok(made > 100, `${made}`);
});

function at(root: Json | undefined, path: Path): Json | undefined {
  return path.reduce<Json | undefined>(
    (around, step) => (around as { [name: string]: Json } | undefined)?.[String(step)],
    root,
  );
}
