/** No parameter of CVAT breaks out of its place: it is refused, or stays the data that it is. */
import assert from "node:assert/strict";
import { load } from "js-yaml";
import { ComponentError, loadComponent } from "../../../lib/component/mod.ts";
import { isMap } from "../../../lib/field_path.ts";
import { readFiles, renderCvat, SECRETS } from "../../cvat.ts";

/** What would end a string, a line, a field or a word of YAML, nginx, TOML, Python, a shell or a URL. */
const HOSTILE = [
  'x"; return 200 "in"; #',
  "x'; import os #",
  "x\nevil: true",
  "x\r\nX-Evil: 1",
  "x, evil: true }",
  "x`id`",
  "$(id)",
  "x;id",
  "x|id",
  "x y",
  "x/../../evil",
  "x?rd=//evil.example.org#",
  "x\u0000",
  "{{ evil }}",
  "!!python/object x",
  "--evil",
] as const;

/** Everything about objects but their texts; what is YAML within a text counts as fields. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (isMap(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([name, child]) => [
        name,
        /^(service|vector)\.yaml$/.test(name) ? shapeOf(load(String(child))) : shapeOf(child),
      ]),
    );
  }
  return typeof value;
}

async function shapes(
  choices: Readonly<Record<string, string>>,
  secrets: Parameters<typeof renderCvat>[1] = {},
): Promise<unknown> {
  return (await renderCvat(choices, secrets)).map(({ object }) => shapeOf(object));
}

/** Whether values are refused; those that are not must leave all shapes as they were. */
async function refused(render: () => Promise<unknown>, expected: unknown): Promise<boolean> {
  let found;
  try {
    found = await render();
  } catch (error) {
    assert.ok(error instanceof ComponentError, `${error}`);
    return true;
  }
  assert.deepEqual(found, expected);
  return false;
}

Deno.test("a hostile parameter is refused, or stays data", async () => {
  const { parameters } = loadComponent(await readFiles(), { folder: "cvat" });
  const passed = new Set<string>();
  const base = { storageClass: "fast" };
  const expected = await shapes(base);
  for (const [name, { secret }] of parameters) {
    if (secret) continue;
    for (const value of HOSTILE) {
      if (!await refused(() => shapes({ ...base, [name]: value }), expected)) passed.add(name);
    }
  }
  // Names that stand alone in their fields; and --evil, where it is within a text that is not a command.
  assert.deepEqual([...passed].sort(), ["adminUsername", "postgresUsername", "realm", "tlsSecret"]);
});

Deno.test("a hostile secret is refused, or stays data in Secrets", async () => {
  const expected = await shapes({});
  for (const name of SECRETS) {
    for (const value of HOSTILE) {
      await refused(() => shapes({}, { [name]: `${value} and long enough` }), expected);
    }
  }
});
