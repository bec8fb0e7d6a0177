/** What was undone in the cluster is proposed to Git, kept up, and withdrawn when Git moves on. */
import assert from "node:assert/strict";
import { FAIL_ANNOTATION } from "../../lib/sandbox/mod.ts";
import type { Journal } from "../../lib/apply/mod.ts";
import { plumb } from "../plumb.ts";
import { git } from "../unit/source/repository.ts";
import { FILE, inWorld, MANIFEST, options, proposalIn } from "./proposing.ts";

const ADA = { name: "Ada", email: "ada@example.com" };
const BAD = MANIFEST.replace("nginx:1.27", "nginx:1.28").replace(
  "metadata: { labels: { app: web } }",
  `metadata: { labels: { app: web }, annotations: { ${FAIL_ANNOTATION}: image-pull } }`,
);
const WAIT = ["--timeout", "30s"];

Deno.test(
  "the revert of what was undone is proposed once, and after its merge the cluster is in sync",
  options,
  async () => {
    await inWorld(async ({ namespace, github, run, file }) => {
      const branch = `plumb/revert/${namespace}`;
      assert.equal((await run(...WAIT)).code, 0);
      const added = "manifests/web/notes.txt";
      const bad = await github.commit("main", { [FILE]: BAD, [added]: "x\n" }, ADA);
      const undone = await run(...WAIT);
      assert.equal(undone.code, 1, undone.output);
      assert.equal(proposalIn(undone)?.state, "opened", undone.output);
      assert.equal(await file(branch), MANIFEST);
      const changed = await git(github.repository, "diff", "--name-only", bad, branch);
      assert.deepEqual(changed.split("\n"), [added, FILE]);
      const [pull] = github.pulls();
      assert.match(
        pull?.title ?? "",
        /^Revert web-\w+ to [0-9a-f]{12}, since [0-9a-f]{12} failed$/,
      );
      assert.match(pull?.body ?? "", /container web can't pull image nginx:1\.28/);
      const { output } = await plumb(["history", namespace, "--output", "json"]);
      const { runs } = JSON.parse(output) as Journal;
      assert.deepEqual(
        runs.map(({ command, proposal }) => [command, proposal]),
        [["undo", proposalIn(undone)?.url], ["reconcile", undefined], ["reconcile", undefined]],
      );
      const held = await run(...WAIT);
      assert.deepEqual([held.code, proposalIn(held)?.state], [2, "unchanged"], held.output);
      await github.merge(1);
      const merged = await run(...WAIT);
      assert.equal(merged.code, 0, merged.output);
      assert.deepEqual(github.pulls().map(({ state }) => state), ["closed"]);
    });
  },
);

Deno.test(
  "a revert is withdrawn when somebody mends the failure, by a later run where GitHub is away, and none is tried without a token",
  options,
  async () => {
    await inWorld(async ({ github, run }) => {
      assert.equal((await run(...WAIT)).code, 0);
      await github.commit("main", { [FILE]: BAD }, ADA);
      assert.equal(proposalIn(await run(...WAIT))?.state, "opened");
      await github.commit("main", { [FILE]: MANIFEST.replace("1.27", "1.29") }, ADA);
      github.faults.hidden = true;
      const mended = await run(...WAIT);
      assert.deepEqual([mended.code, proposalIn(mended)], [0, undefined], mended.output);
      assert.match(mended.output, /The revert is not proposed: GitHub refuses/);
      github.faults.hidden = false;
      const later = await run(...WAIT);
      assert.deepEqual([later.code, proposalIn(later)?.state], [0, "closed"], later.output);
      const asked = github.requests.length;
      assert.equal(proposalIn(await run(...WAIT)), undefined);
      assert.equal(github.requests.length, asked);
      assert.match(github.pulls()[0]?.comments.join() ?? "", /Git has moved on/);
    });
    await inWorld(async ({ github, run }) => {
      assert.equal((await run(...WAIT)).code, 0);
      await github.commit("main", { [FILE]: BAD }, ADA);
      const undone = await run(...WAIT);
      assert.deepEqual([undone.code, proposalIn(undone)], [1, undefined]);
      assert.deepEqual(github.requests, []);
    }, { environment: () => ({}) });
  },
);
