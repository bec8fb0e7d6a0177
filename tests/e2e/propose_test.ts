/** `--mode pr`: what somebody repaired in the cluster becomes a pull request, and stands after it is merged. */
import assert from "node:assert/strict";
import { git } from "../unit/source/repository.ts";
import { CONFIG_MAPS, DEPLOYMENTS, plumb } from "../plumb.ts";
import { isWrite, startRecorder } from "../recorder.ts";
import { testCluster } from "../sandbox.ts";
import { edit, FILE, inWorld, MANIFEST, options, proposalIn } from "./proposing.ts";

/** The manifest becomes a file that can be executed, as some editors and file systems leave it. */
async function makeExecutable(repository: string): Promise<void> {
  const run = (...args: string[]) => git(repository, ...args);
  await run("read-tree", "main");
  const blob = await run("rev-parse", `main:${FILE}`);
  await run("update-index", "--cacheinfo", `100755,${blob},${FILE}`);
  const commit = await run("commit-tree", await run("write-tree"), "-p", "main", "-m", "Mode");
  await run("update-ref", "refs/heads/main", commit);
}

Deno.test(
  "a repair by hand is proposed, merged, and stands",
  options,
  () =>
    inWorld(async ({ namespace, github, cluster, run, file }) => {
      await makeExecutable(github.repository);
      assert.equal((await run()).code, 0);
      const name = { namespace, name: "web" };
      await edit(cluster, name, {
        "/spec/replicas": 3,
        "/spec/template/spec/containers/0/image": "nginx:1.28",
        "/spec/template/spec/containers/0/env/0/value": "debug",
      });

      await using recorder = await startRecorder((await testCluster()).kubeconfig);
      // Somebody keeps runs from writing to the cluster; a proposal writes to Git.
      await plumb(["suspend", namespace, "--reason", "night shift"]);
      const first = await run("--mode", "pr", "--kubeconfig", recorder.kubeconfig);
      await plumb(["resume", namespace]);
      assert.equal(first.code, 0, first.output);
      assert.deepEqual(recorder.requests.filter(isWrite), []);
      assert.deepEqual(
        [proposalIn(first)?.state, proposalIn(first)?.written],
        ["opened", 3],
        first.output,
      );
      const expected = MANIFEST
        .replace("replicas: 1 #", "replicas: 3 #")
        .replace('"nginx:1.27"', '"nginx:1.28"')
        .replace("value: info", "value: debug");
      assert.equal(await file(), expected);
      const branch = `plumb/drift/${namespace}`;
      assert.equal(await git(github.repository, "diff", "--summary", "main", branch), "");
      const [pull] = github.pulls();
      assert.match(pull?.body ?? "", /@@ spec\.replicas @@ by kubectl-edit, 20.*\n- 1\n\+ 3/);
      assert.equal(pull?.draft, false);

      const again = await run("--mode", "pr");
      assert.equal(proposalIn(again)?.state, "unchanged", again.output);

      await github.merge(1);
      assert.equal(await git(github.repository, "fsck", "--strict", "--no-progress"), "");
      const after = await run();
      assert.equal(after.code, 0, after.output);
      const live = await cluster.get(DEPLOYMENTS, name) as
        | { spec: { replicas: number } }
        | undefined;
      assert.equal(live?.spec.replicas, 3);
      const end = await run("--mode", "pr");
      assert.equal(proposalIn(end)?.state, "none", end.output);
      assert.equal(github.pulls().length, 1);
    }),
);

Deno.test(
  "what people add to an object is proposed, though no apply would touch it",
  options,
  () =>
    inWorld(async ({ namespace, github, cluster, run, file }) => {
      await run();
      const name = { namespace, name: "web" };
      const container = "/spec/template/spec/containers/0";
      const patch = (path: string, value: unknown) => [{ op: "add", path, value }];
      const add = (path: string, value: unknown, manager: string) =>
        cluster.patch(DEPLOYMENTS, name, patch(path, value), "json", manager);
      assert.equal(proposalIn(await run("--mode", "pr"))?.state, "none");
      await add(`${container}/env/-`, { name: "FOO", value: "bar" }, "kubectl-edit");
      await add(`${container}/resources`, { limits: { memory: "1Gi" } }, "kubectl-set");
      await add("/metadata/labels/injected", "x", "some-webhook");
      await cluster.patch(CONFIG_MAPS, name, { data: { more: "x" } }, "merge", "kubectl-patch");
      const first = await run("--mode", "pr");
      assert.deepEqual([proposalIn(first)?.state, proposalIn(first)?.written], ["opened", 3]);
      const expected = MANIFEST.replace(
        '            - { name: HOST, value: "${host}" }\n',
        (line) => `${line}            - name: FOO\n              value: bar\n`,
      ).replace("motd: hello\n", "motd: hello\n  more: x\n");
      const written = await file();
      assert.match(written, /resources:\s+limits:\s+memory: 1Gi\n/);
      assert.equal(written.replace(/ +resources:\s+limits:\s+memory: 1Gi\n/, ""), expected);
      assert.match(github.pulls()[0]?.body ?? "", /env\[name=FOO\] @@ by kubectl-edit, 20.*\n\+ /);
      await github.merge(1);
      assert.equal((await run()).code, 0);
      assert.equal(proposalIn(await run("--mode", "pr"))?.state, "none");
    }),
);

Deno.test(
  "drift that goes closes its pull request; what can't be written back is told",
  options,
  () =>
    inWorld(async ({ namespace, github, cluster, run }) => {
      await run();
      const name = { namespace, name: "web" };
      await edit(cluster, name, {
        "/spec/replicas": 2,
        "/spec/template/spec/containers/0/env/1/value": "other.example.com",
      });
      const first = await run("--mode", "pr");
      assert.equal(proposalIn(first)?.written, 1, first.output);
      assert.match(JSON.stringify(proposalIn(first)?.leftOut), /HOST.*parameter/);
      assert.match(github.pulls()[0]?.body ?? "", /Left out/);
      assert.equal((await run()).code, 0);
      const gone = await run("--mode", "pr");
      assert.equal(proposalIn(gone)?.state, "closed", gone.output);
      assert.deepEqual(github.pulls().map(({ state }) => state), ["closed"]);
      assert.match(github.pulls()[0]?.comments.join() ?? "", /as Git says again/);
      await cluster.patch(DEPLOYMENTS, name, { spec: { replicas: 4 } }, "merge", "kubectl-scale");
      assert.equal(proposalIn(await run("--mode", "pr"))?.state, "opened");
      assert.deepEqual(github.pulls().map(({ state }) => state), ["closed", "open"]);
    }),
);

Deno.test(
  "a deleted object is proposed to go; a moved base and more drift move the pull request",
  options,
  () =>
    inWorld(async ({ namespace, github, cluster, run, file }) => {
      await run();
      await cluster.delete(CONFIG_MAPS, { namespace, name: "web" });
      assert.equal(proposalIn(await run("--mode", "pr"))?.state, "opened");
      assert.doesNotMatch(await file(), /ConfigMap/);
      await github.commit("main", { "README.md": "moved\n" }, {
        name: "Ada",
        email: "ada@example.com",
      });
      await cluster.patch(
        DEPLOYMENTS,
        { namespace, name: "web" },
        { spec: { replicas: 5 } },
        "merge",
        "kubectl-scale",
      );
      const moved = await run("--mode", "pr");
      assert.equal(proposalIn(moved)?.state, "updated", moved.output);
      assert.match(await file(), /replicas: 5/);
      const branch = `plumb/drift/${namespace}`;
      assert.equal(await git(github.repository, "rev-list", "--count", `main..${branch}`), "1");
      assert.equal(await git(github.repository, "show", `${branch}:README.md`), "moved");
      assert.equal(github.pulls().length, 1);
    }),
);

Deno.test(
  "what somebody commits to the branch is never overwritten; refusals are told in words",
  options,
  () =>
    inWorld(async ({ namespace, github, cluster, run, file }) => {
      await run();
      const name = { namespace, name: "web" };
      await cluster.patch(DEPLOYMENTS, name, { spec: { replicas: 2 } }, "merge", "kubectl-scale");
      github.faults.readOnly = true;
      const denied = await run("--mode", "pr");
      assert.equal(denied.code, 1);
      assert.match(denied.output, /GitHub refuses.*contents: write/s);
      assert.ok(!denied.output.includes(github.token));
      github.faults.readOnly = false;
      github.faults.serverErrors = 1;
      assert.equal(proposalIn(await run("--mode", "pr"))?.state, "opened");
      const branch = `plumb/drift/${namespace}`;
      const text = (await file()).replace("enough", "never enough");
      await github.commit(branch, { [FILE]: text }, { name: "Ada", email: "ada@example.com" });
      await cluster.patch(DEPLOYMENTS, name, { spec: { replicas: 6 } }, "merge", "kubectl-scale");
      const stopped = await run("--mode", "pr");
      assert.equal(stopped.code, 1);
      assert.match(stopped.output, /by Ada on .* is not Plumb's/);
      assert.equal(await file(), text);
    }),
);

Deno.test(
  "without a token or a repository nothing is proposed, and it is said what is missing",
  options,
  () =>
    inWorld(async ({ github }) => {
      const args = [
        "reconcile",
        "--path",
        "manifests/web",
        "--source",
        github.repository,
        "--mode",
        "pr",
      ];
      const nowhere = await plumb(args, { environment: { GITHUB_TOKEN: "x" } });
      assert.match(nowhere.output, /--repository OWNER\/NAME/);
      const anonymous = await plumb([...args, "--repository", "acme/platform"]);
      assert.match(anonymous.output, /GITHUB_TOKEN/);
    }),
);
