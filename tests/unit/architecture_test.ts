/** The tree is the architecture: who may import whom, how long a file may be, and who touches the world outside. */
import assert from "node:assert/strict";
import { dirname, join, relative } from "node:path";

const LIB = new URL("../../lib", import.meta.url).pathname;

/** What each room may import beside the leaf files. `types` of a room: only with `import type`. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  component: [],
  tools: [],
  source: [],
  plan: ["render types"],
  render: ["component", "plan types"],
  cluster: ["plan types"],
  kinds: ["cluster", "plan types", "render types"],
  apply: ["plan", "cluster", "kinds", "component types", "render types"],
  report: [],
  sandbox: ["tools"],
  policy: ["component", "render types"],
  propose: ["component", "plan", "report", "source", "render types"],
  verify: ["cluster"],
  serve: ["apply", "cluster", "report", "verify"],
  cli: [
    "apply",
    "cluster",
    "component",
    "kinds",
    "plan",
    "policy",
    "propose",
    "render",
    "report",
    "sandbox",
    "serve",
    "source",
    "tools",
    "verify",
  ],
};
/** Rooms without any I/O. */
const PURE = ["component", "plan", "report"];
const MAX_LINES = 320;

interface Import {
  readonly from: string;
  readonly target: string;
  readonly typeOnly: boolean;
}

async function sources(folder: string): Promise<{ path: string; text: string }[]> {
  const found: { path: string; text: string }[] = [];
  for await (const entry of Deno.readDir(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory) found.push(...await sources(path));
    else if (path.endsWith(".ts")) found.push({ path, text: await Deno.readTextFile(path) });
  }
  return found;
}

/** Code without comments, so that examples in documentation don't count. */
const codeOf = (text: string) =>
  text.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/^\s*\/\/.*$/gm, "");

function importsOf(path: string, text: string): Import[] {
  const statements = codeOf(text).matchAll(
    /(?:import|export)\s+(type\s+)?((?:[^;"']*?\s)?)from\s+"(\.[^"]+)"|import\("(\.[^"]+)"\)/g,
  );
  return [...statements].map(([, type, names = "", target, lazy]) => {
    const named = names.replaceAll(/[{}\s]/g, "") === ""
      ? []
      : names.replaceAll(/[{}]/g, "").split(",").map((name) => name.trim()).filter(Boolean);
    return {
      from: relative(LIB, path),
      target: relative(LIB, join(dirname(path), target ?? lazy ?? "")),
      typeOnly: type !== undefined ||
        (named.length > 0 && named.every((name) => name.startsWith("type "))),
    };
  });
}

const roomOf = (path: string) => path.includes("/") ? path.slice(0, path.indexOf("/")) : undefined;

Deno.test("arrows between rooms go as the table says", async () => {
  const wrong: string[] = [];
  for (const { path, text } of await sources(LIB)) {
    for (const { from, target, typeOnly } of importsOf(path, text)) {
      const [room, other] = [roomOf(from), roomOf(target)];
      // A leaf file is used by all and uses no room.
      if (other === undefined || room === other) continue;
      const allowed = room === undefined ? [] : ROOMS[room] ?? [];
      if (allowed.includes(other) || (typeOnly && allowed.includes(`${other} types`))) continue;
      wrong.push(`${from} imports ${target}`);
    }
  }
  assert.deepEqual(wrong, []);
});

Deno.test("every room is in the table", async () => {
  const rooms: string[] = [];
  for await (const entry of Deno.readDir(LIB)) if (entry.isDirectory) rooms.push(entry.name);
  assert.deepEqual(rooms.sort(), Object.keys(ROOMS).sort());
});

Deno.test("pure rooms know neither the file system, nor processes, nor a network", async () => {
  const wrong: string[] = [];
  for (const { path, text } of await sources(LIB)) {
    const room = roomOf(relative(LIB, path)) ?? "";
    // The schema's generator is a program of its own at the end of its file.
    if (!PURE.includes(room) || path.endsWith("json_schema.ts")) continue;
    if (
      /\bDeno\.(?!customInspect)|\bfetch\(|from "node:(fs|net|http|https|child_process)/.test(
        codeOf(text),
      )
    ) {
      wrong.push(relative(LIB, path));
    }
  }
  assert.deepEqual(wrong, []);
});

Deno.test("only main.ts touches the console, the environment and the exit code", async () => {
  const wrong: string[] = [];
  for (const { path, text } of await sources(LIB)) {
    if (
      /\bconsole\.|\bDeno\.exit\(|\bprocess\.exit|\bDeno\.env\.toObject/.test(codeOf(text)) &&
      !path.endsWith("json_schema.ts")
    ) wrong.push(relative(LIB, path));
  }
  assert.deepEqual(wrong, []);
});

Deno.test("a file is read in one sitting", async () => {
  const long = (await sources(LIB)).filter(({ text }) => text.split("\n").length > MAX_LINES).map((
    { path },
  ) => relative(LIB, path));
  assert.deepEqual(long, []);
});
