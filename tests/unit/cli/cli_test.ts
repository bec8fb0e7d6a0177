import assert from "node:assert/strict";
import { parseArguments } from "../../../lib/cli/arguments.ts";
import type { Command, CommandContext } from "../../../lib/cli/command.ts";
import { COMMANDS } from "../../../lib/cli/commands.ts";
import { parseDuration } from "../../../lib/cli/duration.ts";
import { runCli } from "../../../lib/cli/main.ts";
import { exitCode } from "../../../lib/cli/outcome.ts";

async function run(...args: string[]): Promise<{ code: number; out: string; error: string }> {
  let [out, error] = ["", ""];
  const context: CommandContext = {
    write: (text) => out += text,
    writeError: (text) => error += text,
    interactive: false,
    color: false,
    columns: 80,
    environment: {},
    signal: new AbortController().signal,
    cache: "/nowhere",
    confirm: () => Promise.resolve(false),
    ask: () => Promise.resolve(undefined),
  };
  return { code: await runCli(args, context), out, error };
}

const reconcile = COMMANDS.find(({ name }) => name === "reconcile") as Command;

Deno.test("help names every command; each command's help has its options and an example", async () => {
  const { code, out } = await run("--help");
  assert.equal(code, 0);
  for (const command of COMMANDS) {
    assert.ok(out.includes(command.name));
    const help = await run(command.name, "--help");
    assert.equal(help.code, 0);
    assert.match(help.out, /Examples:\n {2}# .+\n {2}plumb /);
    for (const name of Object.keys(command.options)) {
      assert.match(help.out, new RegExp(`--(no-)?${name}`));
    }
  }
});

const mistakes: readonly [string[], RegExp, RegExp][] = [
  [["reconsile"], /no command reconsile/, /Did you mean reconcile/],
  [["reconcile", "cvat", "--refesh"], /no option --refesh/, /Did you mean --refresh/],
  [["reconcile", "cvat", "--output", "xml"], /can't be xml/, /text, json, markdown/],
  [["reconcile", "cvat", "--source"], /needs a value/, /URL/],
  [["reconcile", "cvat", "--refresh=yes"], /takes no value/, /Leave it out/],
  [["reconcile", "cvat", "more"], /argument too many: more/, /Usage/],
  [["reconcile", "cvat", "--timeout", "soon"], /not a duration/, /5m/],
  [["component", "lst"], /What to do/, /list\|show\|schema/],
];
for (const [args, message, hint] of mistakes) {
  Deno.test(`\`${args.join(" ")}\` is refused with what to do`, async () => {
    const { code, out, error } = await run(...args);
    assert.equal(code, 1);
    assert.match(out + error, message);
    assert.match(out + error, hint);
  });
}

Deno.test("no component, and no kubeconfig, are refused with what to do", async () => {
  const none = await run("reconcile");
  assert.equal(none.code, 1);
  assert.match(none.out, /Which component\?[\s\S]*component list/);
  const folder = await Deno.makeTempDir();
  const lost = await run("diff", "--path", folder, "--kubeconfig", "/nowhere/config");
  assert.equal(lost.code, 1);
  assert.match(lost.out, /no kubeconfig[\s\S]*--kubeconfig/);
  await Deno.remove(folder);
});

Deno.test("options are read as they are declared", () => {
  const given = parseArguments(reconcile, [
    "cvat",
    "--set",
    "a=1",
    "--set=b=2",
    "--no-wait",
    "--refresh",
  ]);
  assert.deepEqual(given.positionals, ["cvat"]);
  assert.deepEqual(given.texts("set"), ["a=1", "b=2"]);
  assert.deepEqual([given.flag("wait"), given.flag("refresh"), given.flag("yes")], [
    false,
    true,
    false,
  ]);
  assert.deepEqual([given.text("timeout"), given.text("ref")], ["5m", undefined]);
  assert.ok(parseArguments(reconcile, []).flag("wait"));
});

Deno.test("the dashes that `deno task` hands on are no argument", async () => {
  assert.equal((await run("--", "version")).code, 0);
  assert.equal((await run("version", "--")).code, 0);
});

Deno.test("durations have a unit", () => {
  assert.deepEqual(["500ms", "90s", "5m", "1h"].map(parseDuration), [
    500,
    90_000,
    300_000,
    3_600_000,
  ]);
  for (const wrong of ["", "5", "m", "-5m", "1.5h", "9999999s"]) {
    assert.throws(() => parseDuration(wrong), { code: "usage" });
  }
});

Deno.test("exit codes are those that scripts rely on", () => {
  assert.deepEqual(
    (["in-sync", "applied", "differences", "failed", "refused", "busy"] as const).map(exitCode),
    [0, 0, 2, 1, 4, 5],
  );
});
