import assert from "node:assert/strict";
import fc from "fast-check";
import { parseDocument, splitDocuments, YamlError } from "../../lib/yaml.ts";

/** What plain scalars are to kubectl 1.32 (sigs.k8s.io/yaml); captured from it, checked against it below. */
const SCALARS: readonly (readonly [source: string, value: unknown])[] = [
  ...["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"].map((text) =>
    [text, true] as const
  ),
  ...["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"].map((text) =>
    [text, false] as const
  ),
  ...["~", "null", "Null", "NULL", ""].map((text) => [text, null] as const),
  ...["yEs", "oN", "tRUE", "nULL", "none", "True.", "'y'", '"on"'].map((text) =>
    [text, text.replaceAll(/["']/g, "")] as const
  ),
  ["0777", 511],
  ["0o17", 15],
  ["0O17", 15],
  ["0x1F", 31],
  ["0X1f", 31],
  ["0b11", 3],
  ["0B11", 3],
  ["-0x10", -16],
  ["+0b11", 3],
  ["-0777", -511],
  ["0_7", 7],
  ["08", 8],
  ["09.5", 9.5],
  ["0o8", "0o8"],
  ["0b2", "0b2"],
  ["0b", "0b"],
  ["0x", "0x"],
  ["1_000", 1000],
  ["1__0_", 10],
  ["_1", "_1"],
  ["+_1", 1],
  ["1_000.5", 1000.5],
  ["+1", 1],
  ["-0", 0],
  ["00", 0],
  [".5", 0.5],
  ["+.5", 0.5],
  ["._5", "._5"],
  [".5_0_1e1_0", 5010000000],
  [".5__0", ".5__0"],
  [".5_", ".5_"],
  [".5e_1", ".5e_1"],
  [".", "."],
  ["5.", 5],
  [".5e3", 500],
  ["1e3", 1000],
  ["1e+3", 1000],
  ["1E-2", 0.01],
  ["1e_3", 1000],
  ["1e", "1e"],
  ["1e400", "1e400"],
  ["1.0", 1],
  ["1.2.3", "1.2.3"],
  ["1:30", "1:30"],
  ["12:30:45", "12:30:45"],
  ["2020-01-01", "2020-01-01"],
  ["2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z"],
  ["99999999999999999999", 1e20],
  ["9007199254740991", 9007199254740991],
  ["-", "-"],
  ["+", "+"],
  ["=", "="],
  ["<<", "<<"],
  ["!!str 1", "1"],
  ["!!float 1", 1],
  ["!!int '3'", 3],
];

Deno.test("Plain scalars mean what they mean to kubectl", () => {
  for (const [source, value] of SCALARS) {
    // A dash or a merge key alone would be no scalar in a list.
    if (["-", "<<"].includes(source)) continue;
    assert.deepEqual(parseDocument(`a: ${source}`), { a: value }, source);
  }
});

/** Reads lists of scalars as kubectl does; undefined if there is no kubectl. */
async function readByKubectl(scalars: readonly string[]): Promise<unknown[] | undefined> {
  const file = await Deno.makeTempFile({ suffix: ".yaml" });
  try {
    const list = scalars.map((scalar) => `- ${scalar}\n`).join("");
    await Deno.writeTextFile(file, `apiVersion: v1\nkind: A\nmetadata:\n  name: a\nlist:\n${list}`);
    const args = ["annotate", "--local", "--dry-run=client", "--output=json", "-f", file, "a=b"];
    const output = await new Deno.Command("kubectl", { args, env: { KUBECONFIG: "/dev/null" } })
      .output();
    assert(output.success, new TextDecoder().decode(output.stderr));
    return JSON.parse(new TextDecoder().decode(output.stdout)).list;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  } finally {
    await Deno.remove(file);
  }
}

const hasKubectl = await readByKubectl(["1"]) !== undefined;

Deno.test({
  name: "Random plain scalars mean what they mean to the kubectl of this machine",
  ignore: !hasKubectl,
  async fn() {
    const characters = fc.constantFrom(..."0123456789017+-._eExXbBoO");
    const point = fc.string({ unit: fc.constantFrom(..."05_e"), maxLength: 6 }).map((text) =>
      `.${text}`
    );
    const words = fc.constantFrom(
      "yes",
      "No",
      "ON",
      "oFF",
      "~",
      "null",
      "0x1F",
      "1_0",
      "2020-01-01",
    );
    const scalar = fc.oneof(
      fc.string({ unit: characters, minLength: 1, maxLength: 6 }),
      point,
      words,
    );
    const sample = fc.sample(scalar, 4000).filter((text) => !/^(?:-|\.\.\.|---)$/.test(text));
    const theirs = await readByKubectl(sample);
    assert.equal(theirs?.length, sample.length);
    sample.forEach((text, index) => {
      assert.deepEqual(parseDocument(`a: ${text}`), { a: theirs[index] }, JSON.stringify(text));
    });
  },
});

Deno.test({
  name: "The table of scalars is what the kubectl of this machine reads",
  ignore: !hasKubectl,
  async fn() {
    const table = SCALARS.filter(([source]) => source !== "-");
    const theirs = await readByKubectl(table.map(([source]) => source));
    table.forEach(([source, value], index) => assert.deepEqual(value, theirs?.[index], source));
  },
});

Deno.test("Keys are text, as Go writes booleans and numbers out", () => {
  assert.deepEqual(parseDocument("on: 1\nn: 2\n0x10: 3\n1.5: 4\n'yes': 5\n"), {
    true: 1,
    false: 2,
    16: 3,
    1.5: 4,
    yes: 5,
  });
});

Deno.test("Merge keys fill in what is not written out, wherever they stand", () => {
  const base = "base: &base { a: 1, b: 2 }\n";
  assert.deepEqual(parseDocument(`${base}one: { <<: *base, a: 3 }\ntwo: { a: 3, <<: *base }\n`), {
    base: { a: 1, b: 2 },
    one: { a: 3, b: 2 },
    two: { a: 3, b: 2 },
  });
  assert.deepEqual(parseDocument("<<: [{ a: 1 }, { a: 2, b: 2 }]\n"), { a: 1, b: 2 });
});

Deno.test("What can't be read is an error with its place and without a picture", () => {
  const cases: [text: string, reason: RegExp, line: number, column: number][] = [
    ["a:\n\tb: 1\n", /^A tab indents the line: use spaces$/, 2, 1],
    ["a: 1\n b: 2\n", /indentation/, 2, 3],
    ["a: [1\n", /./, 2, 1],
    ["a: 'x", /single quoted/, 1, 6],
    ["a: *x\n", /alias "x"/, 1, 5],
    ["a: !foo 1\n", /tag/, 1, 4],
    ["a: !!binary aGk=\n", /tag/, 1, 4],
    ["a: 1\nb: 2\na: 1\n", /^Duplicated mapping key$/, 3, 1],
    ["b: 1\na: .inf\n", /^The number \.inf can not be held exactly/, 2, 4],
    ["a: .NaN\n", /The number \.NaN/, 1, 4],
    ["b: '9007199254740993'\na: 9007199254740993\n", /The number 9007199254740993/, 2, 4],
    ["a: 0xFFFFFFFFFFFFFFFF\n", /The number 0xFF/, 1, 4],
    ["? { a: 1 }\n: 2\n", /^A key must be text/, 1, 1],
    ["~: 2\n", /^A key must be text/, 1, 1],
    ["__proto__: 1\n", /__proto__ is not allowed/, 1, 1],
    ["a: 1\n...\nb: 2\n", /without a line of ---/, 2, 1],
    ["a: \u0007\n", /non-printable/, 1, 4],
  ];
  for (const [text, reason, line, column] of cases) {
    assert.throws(() => parseDocument(text), (error) => {
      assert(error instanceof YamlError, text);
      assert.match(error.reason, reason, text);
      assert(!error.message.includes("^") && !error.message.includes("\n"), error.message);
      assert.deepEqual([error.line, error.column], [line, column], text);
      return true;
    });
  }
});

Deno.test("A document that is nested too deep is refused, not a stack overflow", () => {
  for (const depth of [101, 100_000]) {
    assert.throws(() => parseDocument("[".repeat(depth)), (error) => {
      assert(error instanceof YamlError && error.isTooDeep);
      return true;
    });
  }
  assert.doesNotThrow(() => parseDocument("[".repeat(90) + "]".repeat(90)));
});

Deno.test("JSON is read, with tabs as well", () => {
  assert.deepEqual(parseDocument('{\n\t"a": [1,\n\t\ttrue, "yes"],\r\n\t"b": {"c": null}\n}\n'), {
    a: [1, true, "yes"],
    b: { c: null },
  });
});

Deno.test("Any JSON value that Kubernetes can hold comes back as it is", () => {
  const key = fc.string().filter((text) => text !== "__proto__");
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 4 },
      fc.string(),
      fc.maxSafeInteger(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie("any")),
      fc.dictionary(key, tie("any"), { noNullPrototype: true }),
    ),
  })).any;
  fc.assert(fc.property(value, (given) => {
    const text = JSON.stringify({ given }).replaceAll("\u007f", "\\u007f");
    assert.deepEqual(parseDocument(text), JSON.parse(text));
  }));
});

Deno.test("Documents are divided at lines of ---, with their lines", () => {
  const cases: [text: string, expected: [string, number][]][] = [
    ["", []],
    ["# nothing\n\n", []],
    ["---\n---\n# no\n---", []],
    ["a: 1", [["a: 1", 1]]],
    ["---\na: 1\n---\nb: 2\n", [["\na: 1\n", 1], ["\nb: 2\n", 3]]],
    ["a: 1\r\n---\r\nb: 2\r\n", [["a: 1\r\n", 1], ["\r\nb: 2\r\n", 2]]],
    ["%YAML 1.2\n--- # first\na: 1\n", [[" # first\na: 1\n", 2]]],
    ["a: |\n  ---\n  x\n---- : 1\n", [["a: |\n  ---\n  x\n---- : 1\n", 1]]],
  ];
  for (const [text, expected] of cases) {
    const actual = splitDocuments(text).map((document) => [document.text, document.line]);
    assert.deepEqual(actual, expected, JSON.stringify(text));
  }
});
