/** The workflows of this repository and its Action, as text. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { readAction, ROOT } from "../action/action.ts";
import { goProgram } from "../contract/servers/go.ts";

const WORKFLOWS = join(ROOT, ".github/workflows");

/** What uses an Action: where, and which version. */
async function usedActions(): Promise<string[]> {
  const files = (await Array.fromAsync(Deno.readDir(WORKFLOWS))).map(({ name }) =>
    join(WORKFLOWS, name)
  );
  const texts = await Promise.all(
    [...files, join(ROOT, "action.yml")].map((file) => Deno.readTextFile(file)),
  );
  return texts.flatMap((text) => [...text.matchAll(/uses: (.*)/g)].map(([, used]) => used ?? ""));
}

Deno.test("workflows are clean to actionlint, which also sees what is wrong", async () => {
  const program = await goProgram(
    join(ROOT, "tests/action/actionlint"),
    "github.com/rhysd/actionlint/cmd/actionlint",
  );
  // A project is where `.git` is, and a checkout may have none.
  const project = await Deno.makeTempDir({ prefix: "plumb-workflows-" });
  await Deno.mkdir(join(project, ".git"));
  await Deno.mkdir(join(project, ".github/workflows"), { recursive: true });
  await Deno.copyFile(join(ROOT, "action.yml"), join(project, "action.yml"));
  const lint = async (workflows: Readonly<Record<string, string>>) => {
    for (const [name, text] of Object.entries(workflows)) {
      await Deno.writeTextFile(join(project, ".github/workflows", name), text);
    }
    const { code, stdout, stderr } = await new Deno.Command(program, {
      args: ["-no-color", "-shellcheck=", "-pyflakes="],
      cwd: project,
    }).output();
    return { code, said: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
  };
  const workflows = Object.fromEntries(
    await Promise.all((await Array.fromAsync(Deno.readDir(WORKFLOWS))).map(async ({ name }) => (
      [name, await Deno.readTextFile(join(WORKFLOWS, name))] as const
    ))),
  );
  try {
    assert.deepEqual(await lint(workflows), { code: 0, said: "" });
    const plan = workflows["plan.yml"] ?? "";
    const typo = await lint({ "wrong.yml": plan.replace("component: cvat", "komponent: cvat") });
    assert.match(typo.said, /input "komponent" is not defined in action "Plumb"/);
    const echo = "- run: echo ${{ github.event.pull_request.title }}\n      - uses: ./";
    const injected = await lint({ "wrong.yml": plan.replace("- uses: ./", echo) });
    assert.match(injected.said, /potentially untrusted/);
  } finally {
    await Deno.remove(project, { recursive: true });
  }
});

Deno.test("no script has an expression in it, and other Actions are pinned by their commit", async () => {
  const { runs, inputs } = await readAction();
  for (const { run } of runs.steps) assert.doesNotMatch(run ?? "", /\$\{\{/);
  assert.deepEqual(Object.keys(inputs).filter((name) => inputs[name]?.required), ["command"]);
  for (const used of await usedActions()) {
    assert.match(
      used,
      /^(\.\/|actions\/(checkout|upload-artifact)@[0-9a-f]{40} # v\d+\.\d+\.\d+)$/,
    );
  }
});
