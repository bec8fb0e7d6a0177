/** `diff --base --pull-request`: reviewers see what a pull request would do to the cluster, and what it would not. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { Cluster } from "../../lib/cluster/mod.ts";
import { type GitHubDouble, type GitHubOptions, startGitHub } from "../contract/github/server.ts";
import { connect } from "../contract/github/support.ts";
import { isWrite, startRecorder } from "../recorder.ts";
import { testCluster } from "../sandbox.ts";
import { CONFIG_MAPS, DEPLOYMENTS, NAMESPACES, planOf, plumb, type Run } from "../plumb.ts";

const FOLDER = "manifests/web";
const FILE = `${FOLDER}/web.yaml`;
const PASSWORD = "correct-horse-battery";
const ADA = { name: "Ada", email: "ada@example.com" };

const manifest = ({ image = "nginx:1.27", replicas = 1, more = "" }) =>
  `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
        - name: web
          image: ${image}
---
apiVersion: v1
kind: Secret
metadata: { name: login }
stringData: { password: "\${password}" }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: settings }
data:
  key: one
${more}`;

const component = (namespace: string) =>
  `apiVersion: plumb.thinkube.io/v1alpha1
kind: Component
metadata: { name: ${namespace} }
spec:
  namespace: ${namespace}
  manifests: ["web.yaml"]
  policy: "off"
  parameters:
    password: { type: string, secret: true, required: true, description: Of the database }
`;

interface World {
  readonly namespace: string;
  readonly github: GitHubDouble;
  readonly cluster: Cluster;
  reconcile(): Promise<Run>;
  /** The plan of a branch, against main, for pull request 1. */
  diff(branch: string, ...args: string[]): Promise<Run>;
  /** Pushes a manifest to a branch and opens its pull request. */
  propose(branch: string, files: Readonly<Record<string, string>>): Promise<void>;
}

async function inWorld(
  work: (world: World) => Promise<void>,
  options: GitHubOptions = {},
): Promise<void> {
  const { kubeconfig } = await testCluster();
  const namespace = `web-${crypto.randomUUID().slice(0, 8)}`;
  await using github = await startGitHub({
    identity: "app",
    files: { [FILE]: manifest({}), [`${FOLDER}/component.yaml`]: component(namespace) },
    ...options,
  });
  using cluster = await Cluster.connect({ kubeconfig, environment: {} });
  await cluster.apply(NAMESPACES, {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: namespace },
  });
  const source = ["--path", FOLDER, "--source", github.repository];
  const environment = {
    GITHUB_TOKEN: github.token,
    GITHUB_API_URL: github.url,
    PLUMB_PARAMETER_PASSWORD: PASSWORD,
  };
  const repository = `${github.owner}/${github.name}`;
  try {
    await work({
      namespace,
      github,
      cluster,
      reconcile: () => plumb(["reconcile", ...source, "--ref", "main"], { environment }),
      diff: (branch, ...args) =>
        plumb([
          "diff",
          ...source,
          ...["--ref", branch, "--base", "main", "--pull-request", "1"],
          ...["--repository", repository],
          ...args,
        ], { environment }),
      propose: async (branch, files) => {
        await github.commit(branch, files, ADA);
        const at = { owner: github.owner, repo: github.name };
        await connect(github).pulls.create({ ...at, title: "Change", head: branch, base: "main" });
      },
    });
    assert.deepEqual(github.violations, []);
  } finally {
    await cluster.delete(NAMESPACES, { name: namespace });
  }
}

/** GitHub's client spaces its writes out, and keeps timers for that. */
const options = { sanitizeOps: false, sanitizeResources: false };

Deno.test(
  "one comment tells what the pull request changes, apart from drift, and is kept up",
  options,
  () =>
    inWorld(async ({ namespace, github, cluster, reconcile, diff, propose }) => {
      assert.equal((await reconcile()).code, 0);
      const web = { namespace, name: "web" };
      await cluster.patch(DEPLOYMENTS, web, { spec: { replicas: 3 } }, "merge", "kubectl-scale");
      const settings = { namespace, name: "settings" };
      await cluster.patch(CONFIG_MAPS, settings, { data: { key: "two" } }, "merge", "kubectl-edit");
      await propose("feature", { [FILE]: manifest({ image: "nginx:1.28" }) });
      // Somebody else, who knows the marker, is not overwritten.
      const forged = `<!-- plumb: plan of ${namespace} -->\nNothing changes, merge it.`;
      github.comment(1, "mallory", forged);

      await using recorder = await startRecorder((await testCluster()).kubeconfig);
      const first = await diff("feature", "--kubeconfig", recorder.kubeconfig);
      assert.equal(first.code, 2, first.output);
      assert.deepEqual(recorder.requests.filter(isWrite), []);
      const [edited, scaled] = planOf(first);
      assert.deepEqual(
        scaled?.fields.map(({ path, drift }) => [path, drift]),
        [
          ["spec.template.spec.containers[name=web].image", undefined],
          ["spec.replicas", true],
        ],
        first.output,
      );
      assert.deepEqual([scaled?.drift, edited?.object.name, edited?.drift], [
        undefined,
        "settings",
        true,
      ]);
      const comments = github.comments(1);
      assert.equal(comments.length, 2, first.output);
      const body = comments[1]?.body ?? "";
      assert.match(body, new RegExp(`^<!-- plumb: plan of ${namespace} -->\n## Plan of`));
      assert.match(body, /image[\s\S]+- nginx:1\.27[\s\S]+\+ nginx:1\.28/);
      assert.match(body, /spec\.replicas {2}with or without this change/);
      assert.match(
        body,
        /<summary>Drift, with or without this change: 1<\/summary>[\s\S]+settings/,
      );
      assert.doesNotMatch(`${body}${first.output}`, new RegExp(`${PASSWORD}|${btoa(PASSWORD)}`));

      const [check] = github.checkRuns();
      assert.deepEqual([check?.name, check?.conclusion], [`Plan of ${namespace}`, "success"]);
      assert.equal(
        check?.head_sha,
        (await connect(github).pulls.get({
          owner: github.owner,
          repo: github.name,
          pull_number: 1,
        })).data.head.sha,
      );
      assert.deepEqual(check?.annotations, [{
        path: FILE,
        start_line: 13,
        end_line: 13,
        annotation_level: "notice",
        title: `update Deployment ${namespace}/web`,
        message: 'spec.template.spec.containers[name=web].image: "nginx:1.27" → "nginx:1.28"',
      }]);

      // The drift becomes what Git says: it is told that it is settled.
      await github.commit("feature", {
        [FILE]: manifest({ replicas: 3 }).replace("key: one", "key: two"),
      }, ADA);
      const second = await diff("feature");
      assert.deepEqual(
        planOf(second).flatMap(({ fields }) => fields.map(({ difference }) => difference)),
        ["ownership", "ownership"],
        second.output,
      );
      assert.equal(github.comments(1).length, 2);
      const settled = github.comments(1)[1]?.body ?? "";
      assert.match(settled, /No longer drift with this change: .*settings.*web/);
      assert.equal(github.comments(1)[0]?.body, forged);
      assert.equal(github.checkRuns().length, 2);
    }),
);

Deno.test(
  "a plan that is too long is cut, folded, and whole in its report; annotations come in pages",
  options,
  () =>
    inWorld(async ({ github, diff, propose }) => {
      const maps = Array.from({ length: 150 }, (_, index) =>
        `---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: map-${index} }\ndata: { text: "${
          "long ".repeat(150)
        }" }\n`).join("");
      await propose("feature", { [FILE]: manifest({ more: maps }) });
      const folder = await Deno.makeTempDir();
      const report = join(folder, "plan.md");
      const run = await diff("feature", "--report", report);
      assert.equal(run.code, 2, run.output.slice(-2_000));
      const body = github.comments(1)[0]?.body ?? "";
      assert.ok(body.length > 50_000 && body.length <= 65_536, String(body.length));
      assert.match(body, /There is more of it: see the output of the run\.\n$/);
      assert.match(body, /<details>/);
      const whole = await Deno.readTextFile(report);
      assert.ok(whole.length > 120_000, String(whole.length));
      for (let index = 0; index < 150; index++) {
        assert.ok(whole.includes(`/map-${index}<`));
      }
      // What was there before is not annotated, though it is to be created.
      assert.deepEqual(
        github.checkRuns().map(({ annotations }) =>
          annotations.length
        ),
        [150],
      );
      await Deno.remove(folder, { recursive: true });
    }),
);

Deno.test(
  "a token that may not write, or is none, costs no plan: it is said what was not told",
  options,
  () =>
    inWorld(async ({ github, diff, propose }) => {
      await propose("feature", { [FILE]: manifest({ image: "nginx:1.28" }) });
      github.faults.readOnly = true;
      const run = await diff("feature", "--output", "text");
      assert.equal(run.code, 2, run.output);
      assert.match(run.output, /nginx:1\.28/);
      assert.match(
        run.output,
        /no comment: GitHub says 403, .*; the token needs pull-requests: write/,
      );
      assert.match(run.output, /no check run: GitHub says 403, .*; the token needs checks: write/);
      assert.ok(!run.output.includes(github.token));
      github.faults.readOnly = false;
      assert.deepEqual(github.comments(1), []);

      const anonymous = await plumb([
        ...["diff", "--path", FOLDER, "--source", github.repository, "--ref", "feature"],
        ...["--base", "main", "--pull-request", "1", "--repository", "acme/platform"],
      ], { environment: { PLUMB_PARAMETER_PASSWORD: PASSWORD } });
      assert.equal(anonymous.code, 2, anonymous.output);
      assert.match(anonymous.output, /is not told the plan: There (is no token|are no cred)/);
    }),
);

Deno.test(
  "a plan that fails says so in the pull request; a base that fails does not hide what mends it",
  options,
  () =>
    inWorld(async ({ github, diff, propose }) => {
      await propose("feature", { [FILE]: "kind: [\n" });
      assert.equal((await diff("feature")).code, 1);
      assert.match(github.comments(1)[0]?.body ?? "", /❌ .*web\.yaml/);
      assert.deepEqual(github.checkRuns().map(({ conclusion }) => conclusion), ["failure"]);

      await github.commit("main", { [FILE]: "kind: [\n" }, ADA);
      await github.commit("feature", { [FILE]: manifest({}) }, ADA);
      const run = await diff("feature");
      assert.equal(run.code, 2, run.output);
      assert.match(run.output, /The base can't be planned, so nothing is known to be drift/);
      assert.match(github.comments(1)[0]?.body ?? "", /Deployment/);
      assert.equal(github.comments(1).length, 1);
    }),
);

Deno.test(
  "without a cluster and without secrets, the revisions are compared and the policies asked",
  options,
  () =>
    inWorld(async ({ github, namespace, propose }) => {
      const enforced = component(namespace).replace('"off"', "enforce");
      await github.commit("main", { [`${FOLDER}/component.yaml`]: enforced }, ADA);
      await propose("feature", { [FILE]: manifest({ image: "nginx:1.28" }) });
      const run = await plumb([
        ...["diff", "--path", FOLDER, "--source", github.repository, "--ref", "feature"],
        ...["--base", "main", "--no-cluster", "--pull-request", "1", "--output", "github"],
        ...["--repository", "acme/platform"],
      ], {
        kubeconfig: "/nowhere/config",
        environment: { GITHUB_TOKEN: github.token, GITHUB_API_URL: github.url },
      });
      assert.equal(run.code, 4, run.output);
      assert.match(run.output, /- nginx:1\.27[\s\S]+\+ nginx:1\.28/);
      assert.match(
        run.output,
        /^::error file=manifests\/web\/web\.yaml,line=13,title=pinned-images::Deployment web: /m,
      );
      assert.match(github.comments(1)[0]?.body ?? "", /No cluster was asked/);
      assert.deepEqual(github.checkRuns().map(({ conclusion }) => conclusion), ["failure"]);
    }),
);
