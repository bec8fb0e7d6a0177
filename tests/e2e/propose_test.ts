/** `--mode pr`: what somebody repaired in the cluster becomes a pull request, and stands after it is merged. */
import assert from "node:assert/strict";
import type { Event } from "../../lib/event.ts";
import { Cluster } from "../../lib/cluster/mod.ts";
import { type GitHubDouble, startGitHub } from "../contract/github/server.ts";
import { git } from "../unit/source/repository.ts";
import { DEPLOYMENTS, plumb } from "../plumb.ts";
import { isWrite, startRecorder } from "../recorder.ts";
import { testCluster } from "../sandbox.ts";

const FILE = "manifests/web/web.yaml";
const MANIFEST = `# The web server.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1 # enough at night
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
        - name: web
          image: "nginx:1.27"   # pinned
          env:
            - { name: LEVEL, value: info }
            - { name: HOST, value: "\${host}" }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: web }
data:
  motd: hello
`;
const COMPONENT = (namespace: string) =>
  `apiVersion: plumb.thinkube.io/v1alpha1
kind: Component
metadata: { name: ${namespace} }
spec:
  namespace: ${namespace}
  manifests: ["web.yaml"]
  policy: "off"
  parameters:
    host: { type: hostname, default: web.example.com, description: Where it is }
`;

interface World {
  readonly namespace: string;
  readonly github: GitHubDouble;
  readonly cluster: Cluster;
  run(...args: string[]): ReturnType<typeof plumb>;
  file(): Promise<string>;
}

async function inWorld(work: (world: World) => Promise<void>): Promise<void> {
  const { kubeconfig } = await testCluster();
  const namespace = `web-${crypto.randomUUID().slice(0, 8)}`;
  await using github = await startGitHub({
    files: {
      [FILE]: MANIFEST,
      "manifests/web/component.yaml": COMPONENT(namespace),
      "README.md": "x\n",
    },
  });
  using cluster = await Cluster.connect({ kubeconfig, environment: {} });
  const kind = {
    group: "",
    version: "v1",
    kind: "Namespace",
    plural: "namespaces",
    namespaced: false,
  };
  const object = { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } };
  await cluster.apply(kind, object);
  try {
    await work({
      namespace,
      github,
      cluster,
      run: (...args) =>
        plumb([
          "reconcile",
          "--path",
          "manifests/web",
          "--source",
          github.repository,
          "--ref",
          "main",
          "--repository",
          `${github.owner}/${github.name}`,
          ...args,
        ], { environment: { GITHUB_TOKEN: github.token, GITHUB_API_URL: github.url } }),
      file: () => git(github.repository, "show", `plumb/drift/${namespace}:${FILE}`),
    });
    assert.deepEqual(github.violations, []);
  } finally {
    await cluster.delete(kind, { name: namespace });
  }
}

/** As an editor does it. */
async function edit(
  cluster: Cluster,
  name: { readonly namespace: string; readonly name: string },
  values: Readonly<Record<string, unknown>>,
): Promise<void> {
  const patch = Object.entries(values).map(([path, value]) => ({ op: "replace", path, value }));
  await cluster.patch(DEPLOYMENTS, name, patch, "json", "kubectl-edit");
}

const proposalIn = ({ events }: { readonly events: readonly Event[] }) =>
  events.find((event) => event.type === "proposal");

/** GitHub's client spaces its writes out, and keeps timers for that. */
const options = { sanitizeOps: false, sanitizeResources: false };

Deno.test(
  "a repair by hand is proposed, merged, and stands",
  options,
  () =>
    inWorld(async ({ namespace, github, cluster, run, file }) => {
      assert.equal((await run()).code, 0);
      const name = { namespace, name: "web" };
      await edit(cluster, name, {
        "/spec/replicas": 3,
        "/spec/template/spec/containers/0/image": "nginx:1.28",
        "/spec/template/spec/containers/0/env/0/value": "debug",
      });

      await using recorder = await startRecorder((await testCluster()).kubeconfig);
      const first = await run("--mode", "pr", "--kubeconfig", recorder.kubeconfig);
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
      assert.equal(`${await file()}\n`, expected);
      const [pull] = github.pulls();
      assert.match(pull?.body ?? "", /spec\.replicas {2}# by kubectl-edit, 20.*\n- 1\n\+ 3/);
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
      const maps = {
        group: "",
        version: "v1",
        kind: "ConfigMap",
        plural: "configmaps",
        namespaced: true,
      };
      await cluster.delete(maps, { namespace, name: "web" });
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
      assert.match(stopped.output, /is somebody else's/);
      assert.equal(await file(), text.trim());
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
