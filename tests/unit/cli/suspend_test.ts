import assert from "node:assert/strict";
import { runCli } from "../../../lib/cli/main.ts";
import { whoAndWhere } from "../../../lib/cli/connect.ts";
import { QUIET } from "../../plumb.ts";

async function refusalOf(args: readonly string[]): Promise<string> {
  let said = "";
  const code = await runCli(args, { ...QUIET, writeError: (text) => void (said += text) });
  assert.equal(code, 1, said);
  return said;
}

Deno.test("a suspension needs a reason, and an end that is to come and said once", async () => {
  const because = ["suspend", "web", "--reason", "because"];
  assert.match(await refusalOf(["suspend", "web"]), /Why\?/);
  assert.match(await refusalOf(["suspend", "--reason", "because"]), /Which component\?/);
  assert.match(
    await refusalOf([...because, "--for", "2h", "--until", "2999-01-01T00:00Z"]),
    /exclude/,
  );
  assert.match(await refusalOf([...because, "--until", "2001-01-01T00:00Z"]), /has passed/);
  assert.match(await refusalOf([...because, "--until", "tomorrow"]), /can't be tomorrow/);
  assert.match(await refusalOf([...because, "--for", "soon"]), /not a duration/);
});

Deno.test("who runs is told by name and machine, and of a job its address", () => {
  assert.equal(whoAndWhere({}, "runner"), "runner");
  const job = { GITHUB_ACTOR: "ann", GITHUB_REPOSITORY: "team/platform", GITHUB_RUN_ID: "12" };
  assert.equal(
    whoAndWhere(job, "runner"),
    "ann in https://github.com/team/platform/actions/runs/12",
  );
});
