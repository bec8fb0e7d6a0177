/** The Action, its steps run as GitHub runs them, against a real cluster. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";
import { Cluster } from "../../lib/cluster/mod.ts";
import { type ActionRun, runAction, type Trigger } from "../action/action.ts";
import { type GitHubDouble, startGitHub } from "../contract/github/server.ts";
import { connect } from "../contract/github/support.ts";
import { DEPLOYMENTS, NAMESPACES } from "../plumb.ts";
import { testCluster } from "../sandbox.ts";
import { git } from "../unit/source/repository.ts";

const ADA = { name: "Ada", email: "ada@example.com" };
const FILE = "manifests/web/web.yaml";
const PARAMETERS = "environments/web.yaml";
const PASSWORD = "correct-horse-battery";
const DIGEST = `sha256:${"0123456789abcdef".repeat(4)}`;

const manifest = (image: string, replicas = 1) =>
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
          image: ${image}@${DIGEST}
          env: [{ name: LEVEL, value: "\${level}" }]
---
apiVersion: v1
kind: Secret
metadata: { name: login }
stringData: { password: "\${password}" }
`;

const component = (namespace: string) =>
  `apiVersion: plumb.thinkube.io/v1alpha1
kind: Component
metadata: { name: ${namespace} }
spec:
  namespace: ${namespace}
  manifests: ["web.yaml"]
  policy: report
  parameters:
    level: { type: string, description: Of the log }
    password: { type: string, secret: true, required: true, description: Of the database }
  verify: { checks: [{ check: deployment }] }
`;

interface World {
  readonly namespace: string;
  readonly github: GitHubDouble;
  readonly cluster: Cluster;
  readonly kubeconfig: string;
  /** Runs the Action for an event, in a checkout as `actions/checkout` makes it. */
  act(
    event: Pick<Trigger, "name" | "payload" | "ref">,
    given: Readonly<Record<string, string>>,
    environment?: Readonly<Record<string, string>>,
  ): Promise<ActionRun>;
  /** Opens pull request 1 with other files, and merges it tentatively, as GitHub does. */
  propose(files: Readonly<Record<string, string>>): Promise<void>;
}

async function inWorld(work: (world: World) => Promise<void>): Promise<void> {
  const kubeconfig = await Deno.readTextFile((await testCluster()).kubeconfig);
  const namespace = `web-${crypto.randomUUID().slice(0, 8)}`;
  const folder = await Deno.makeTempDir({ prefix: "plumb-checkout-" });
  await using github = await startGitHub({
    identity: "app",
    files: {
      [FILE]: manifest("web:1"),
      "manifests/web/component.yaml": component(namespace),
      [PARAMETERS]: "level: info\n",
    },
  });
  using cluster = await Cluster.connect({
    kubeconfig: (await testCluster()).kubeconfig,
    environment: {},
  });
  await cluster.apply(NAMESPACES, {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: namespace },
  });
  const repository = `${github.owner}/${github.name}`;
  const runs: ActionRun[] = [];
  let checkouts = 0;
  try {
    await work({
      namespace,
      github,
      cluster,
      kubeconfig,
      async act(event, given, environment = {}) {
        const checkout = join(folder, `${++checkouts}`);
        const sha = await checkOut(github.repository, event.ref, checkout);
        const trigger = { ...event, sha, repository, api: github.url, token: github.token };
        const run = await runAction(
          trigger,
          checkout,
          { component: "web", parameters: PARAMETERS, ...given },
          environment,
        );
        runs.push(run);
        await forget(checkout);
        for (const text of [run.log, run.summary]) {
          for (const secret of [PASSWORD, btoa(PASSWORD), github.token]) {
            assert.ok(!text.includes(secret), text);
          }
        }
        return run;
      },
      async propose(files) {
        await github.commit("feature", files, ADA);
        await connect(github).pulls.create({
          owner: github.owner,
          repo: github.name,
          title: "Change",
          head: "feature",
          base: "main",
        });
        const tree = await git(github.repository, "merge-tree", "--write-tree", "main", "feature");
        const parents = ["-p", "main", "-p", "feature"];
        const merge = await git(github.repository, "commit-tree", tree, ...parents, "-m", "Merge");
        await git(github.repository, "update-ref", "refs/pull/1/merge", merge);
      },
    });
    assert.deepEqual(github.violations, []);
  } finally {
    await cluster.delete(NAMESPACES, { name: namespace });
    await Deno.remove(folder, { recursive: true });
    for (const { temporary } of runs) await Deno.remove(temporary, { recursive: true });
  }
}

/** As `actions/checkout` with fetch-depth 2: a shallow clone, on a branch or detached. */
async function checkOut(remote: string, ref: string, folder: string): Promise<string> {
  await Deno.mkdir(folder);
  await git(folder, "init", "--quiet");
  await git(folder, "remote", "add", "origin", `file://${remote}`);
  const sha = await git(remote, "rev-parse", ref);
  const branch = /^refs\/heads\/(.*)$/.exec(ref)?.[1];
  const to = branch === undefined
    ? ref.replace("refs/", "refs/remotes/")
    : `refs/remotes/origin/${branch}`;
  await git(folder, "fetch", "--quiet", "--no-tags", "--depth=2", "origin", `+${sha}:${to}`);
  await (branch === undefined
    ? git(folder, "checkout", "--quiet", "--force", "--detach", to)
    : git(folder, "checkout", "--quiet", "--force", "-B", branch, to));
  return sha;
}

/** Removes what a run has kept of a checkout in the user's cache. */
async function forget(checkout: string): Promise<void> {
  const cache = Deno.env.get("XDG_CACHE_HOME") ?? join(Deno.env.get("HOME") ?? "", ".cache");
  const name = createHash("sha256").update(checkout).digest("hex").slice(0, 32);
  await Deno.remove(join(cache, "plumb/git", name), { recursive: true }).catch(() => {});
}

const PUSH = { name: "push", ref: "refs/heads/main", payload: { ref: "refs/heads/main" } } as const;
const pullRequest = (fork: boolean) =>
  ({
    name: "pull_request",
    ref: "refs/pull/1/merge",
    payload: {
      action: "synchronize",
      number: 1,
      pull_request: { number: 1, head: { ref: "feature", repo: { fork } } },
    },
  }) as const;
const SCHEDULE = {
  name: "schedule",
  ref: "refs/heads/main",
  payload: { schedule: "17 6 * * *" },
} as const;
const SECRETS = { PLUMB_PARAMETER_PASSWORD: PASSWORD };

/** GitHub's client spaces its writes out, and keeps timers for that. */
const options = { sanitizeOps: false, sanitizeResources: false };

Deno.test(
  "on push the cluster follows, and is proven; on schedule drift is proposed",
  options,
  () =>
    inWorld(async ({ github, namespace, cluster, kubeconfig, act }) => {
      const reconcile = { command: "reconcile", kubeconfig };
      const first = await act(PUSH, reconcile, SECRETS);
      assert.equal(first.code, 0, first.log);
      const { report, ...outputs } = first.outputs;
      assert.deepEqual(outputs, {
        changed: "true",
        drifted: "false",
        "pull-request-url": "",
        verified: "",
      });
      assert.match(first.summary, /^## web-.*\*\*The cluster is now as Git says\*\*: 2 to create/s);
      assert.match(first.log, /Deployment web-\w+\/web created/);
      assert.match(
        first.log,
        /^::warning file=manifests\/web\/web\.yaml,line=\d+,title=resources::/m,
      );
      assert.deepEqual(first.used.map(({ with: given }) => given["path"]), [report]);
      assert.match(await Deno.readTextFile(report ?? ""), /The cluster is now as Git says/);
      assert.equal(first.used[0]?.with["name"], "plumb-reconcile-web");
      // The credentials are gone with the step.
      const left = (await Array.fromAsync(Deno.readDir(join(report ?? "", "..")))).map(({ name }) =>
        name
      );
      assert.deepEqual(left, ["report.md"]);

      const again = await act(PUSH, reconcile, SECRETS);
      assert.deepEqual([again.code, again.outputs["changed"]], [0, "false"], again.log);

      const verified = await act(PUSH, { command: "verify", kubeconfig }, SECRETS);
      assert.equal(verified.outputs["verified"], verified.code === 0 ? "true" : "false");
      assert.match(verified.summary, /Deployment/, verified.log);
      assert.equal(verified.code, 0, verified.log);

      const web = { namespace, name: "web" };
      await cluster.patch(DEPLOYMENTS, web, { spec: { replicas: 2 } }, "merge", "kubectl-scale");
      const drift = await act(SCHEDULE, { command: "drift", kubeconfig }, SECRETS);
      assert.equal(drift.code, 0, drift.log);
      assert.equal(github.pulls().length, 1);
      assert.match(drift.outputs["pull-request-url"] ?? "", /\/pull\/1$/);
      assert.deepEqual([drift.outputs["changed"], drift.outputs["drifted"]], ["false", "true"]);
      assert.match(drift.log, /^::notice::Pull request 1 opened/m);
      assert.match(
        await git(github.repository, "show", `plumb/drift/${namespace}:${FILE}`),
        /replicas: 2/,
      );

      // Git wins again, and the step says that somebody had changed it.
      const healed = await act(PUSH, reconcile, SECRETS);
      assert.deepEqual([healed.code, healed.outputs["changed"], healed.outputs["drifted"]], [
        0,
        "true",
        "true",
      ], healed.log);
    }),
);

Deno.test(
  "on a pull request the plan is told; of a changed parameter, too",
  options,
  () =>
    inWorld(async ({ github, namespace, cluster, kubeconfig, act, propose }) => {
      await act(PUSH, { command: "reconcile", kubeconfig }, SECRETS);
      const web = { namespace, name: "web" };
      await cluster.patch(DEPLOYMENTS, web, { spec: { replicas: 2 } }, "merge", "kubectl-scale");
      await propose({ [FILE]: manifest("web:2"), [PARAMETERS]: "level: debug\n" });
      const run = await act(pullRequest(false), { command: "plan", kubeconfig }, SECRETS);
      assert.equal(run.code, 0, run.log);
      assert.deepEqual([run.outputs["changed"], run.outputs["drifted"]], ["true", "true"]);
      const [{ body } = { body: "" }] = github.comments(1);
      assert.match(body, /- web:1[\s\S]+\+ web:2/);
      assert.match(body, /- info[\s\S]+\+ debug/);
      assert.match(body, /spec\.replicas {2}with or without this change/);
      assert.match(run.summary, /web:2/);
      const [check] = github.checkRuns();
      const lines = z.array(z.object({ path: z.string(), start_line: z.number() }))
        .parse(check?.annotations).map(({ path, start_line }) => `${path}:${start_line}`);
      assert.deepEqual([check?.conclusion, ...lines.sort()], [
        "success",
        `${PARAMETERS}:1`,
        `${FILE}:13`,
      ]);
    }),
);

Deno.test(
  "a pull request from a fork has neither secrets nor rights: no cluster is asked, and the plan stands in the summary",
  options,
  () =>
    inWorld(async ({ github, act, propose }) => {
      await propose({ [FILE]: manifest("web:2") });
      github.faults.readOnly = true;
      const run = await act(pullRequest(true), { command: "plan", kubeconfig: "" });
      assert.equal(run.code, 0, run.log);
      assert.deepEqual([run.outputs["changed"], run.outputs["drifted"]], ["true", ""]);
      assert.deepEqual([github.comments(1), github.checkRuns()], [[], []]);
      assert.match(run.summary, /- web:1[\s\S]+\+ web:2/);
      assert.match(run.summary, /No cluster was asked/);
      assert.match(run.log, /^::warning::The plan has no comment: GitHub says 403/m);
      assert.match(
        run.log,
        /^::warning file=manifests\/web\/web\.yaml,line=\d+,title=resources::/m,
      );

      const hijacked = { ...pullRequest(true), name: "pull_request_target" } as const;
      const refused = await act(hijacked, { command: "plan", kubeconfig: "" });
      assert.equal(refused.code, 1);
      assert.match(refused.log, /^::error title=Plumb::pull_request_target hands/m);
      assert.equal(refused.used.length, 0);
    }),
);

Deno.test(
  "what is given is text, and never a command; what is missing is said",
  options,
  () =>
    inWorld(async ({ act, kubeconfig }) => {
      const mark = await Deno.makeTempFile();
      await Deno.remove(mark);
      const evil = `x"; touch ${mark}; $(touch ${mark}) \`touch ${mark}\` ' ${"${HOME}"}`;
      const plan = { command: "reconcile", kubeconfig };
      const run = await act(PUSH, { ...plan, parameters: "", set: `level=${evil}\n` }, SECRETS);
      assert.equal(run.code, 0, run.log);
      for (const name of ["component", "path", "namespace", "set", "parameters"]) {
        assert.notEqual((await act(PUSH, { ...plan, [name]: evil }, SECRETS)).code, 0);
      }
      const unknown = await act(PUSH, { ...plan, command: evil });
      assert.match(
        unknown.log,
        /^::error title=Plumb::The command is reconcile, plan, verify or drift/m,
      );
      const nowhere = await act(PUSH, { command: "plan", kubeconfig });
      assert.match(nowhere.log, /::A plan is for a pull request/);
      await assert.rejects(Deno.stat(mark));
      const lost = await act(PUSH, { ...plan, kubeconfig: "" }, SECRETS);
      assert.equal(lost.code, 1);
      assert.match(lost.log, /^::error::There is no kubeconfig/mi);
    }),
);
