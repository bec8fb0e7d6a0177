/** `manifests/plumb`: applied by Plumb, it gives each mode the rights that it needs, and no others. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { dump } from "js-yaml";
import { z } from "zod";
import { Cluster, ClusterError } from "../../lib/cluster/mod.ts";
import { startSandbox } from "../../lib/sandbox/mod.ts";
import { startGitHub } from "../contract/github/server.ts";
import {
  actionsOf,
  CONFIG_MAPS,
  configMap,
  deployment,
  DEPLOYMENTS,
  documents,
  JOBS,
  NAMESPACES,
  planOf,
  plumb,
  tokenKubeconfig,
} from "../plumb.ts";

const FOLDER = new URL("../../manifests/plumb", import.meta.url).pathname;
const SYSTEM = "plumb-system";
const IMAGE = `registry.example.com/plumb:1.0.0@sha256:${"0123456789abcdef".repeat(4)}`;
const CRON_JOBS = { ...JOBS, kind: "CronJob", plural: "cronjobs" };
const cronJob = z.looseObject({
  spec: z.looseObject({
    jobTemplate: z.looseObject({
      spec: z.looseObject({
        template: z.looseObject({
          spec: z.looseObject({
            serviceAccountName: z.string(),
            containers: z.tuple([
              z.looseObject({ command: z.array(z.string()), args: z.array(z.string()) }),
            ]),
          }),
        }),
      }),
    }),
  }),
});

const namespace = (name: string, labels: Record<string, string> = {}) => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name, labels },
});

/** GitHub's client spaces its writes out, and keeps timers for that. */
const options = { sanitizeOps: false, sanitizeResources: false };

Deno.test(
  "Plumb's component gives each mode its rights, and Plumb runs with exactly them",
  options,
  async (test) => {
    // Its names are of the whole cluster, so it is one of its own.
    await using sandbox = await startSandbox();
    const admin = sandbox.kubeconfig;
    using cluster = await Cluster.connect({ kubeconfig: admin, environment: {} });
    const manifest = documents(configMap("settings"), deployment("web"));
    await using github = await startGitHub({
      files: {
        "manifests/web/web.yaml": manifest,
        "manifests/web/component.yaml":
          "apiVersion: plumb.thinkube.io/v1alpha1\nkind: Component\nmetadata: { name: web }\n" +
          'spec: { namespace: web, manifests: ["web.yaml"], policy: "off" }\n',
      },
    });
    for (const name of ["code-server", "web"]) await cluster.create(NAMESPACES, namespace(name));
    // Nothing in its namespace runs with more than the restricted standard allows.
    const restricted = { "pod-security.kubernetes.io/enforce": "restricted" };
    await cluster.create(NAMESPACES, namespace(SYSTEM, restricted));
    const install = () =>
      plumb([
        ...["reconcile", "--path", FOLDER, "--set", "runs=cluster", "--set", `image=${IMAGE}`],
        ...["--set", "component=web", "--set", `source=${github.repository}`],
        ...["--set", "schedule=0 0 1 1 *"],
      ], { kubeconfig: admin });
    const first = await install();
    assert.equal(first.code, 0, first.output.slice(-3_000));
    const levels = first.events.flatMap((event) => event.type === "violation" ? [event.level] : []);
    assert.deepEqual([...new Set(levels)], ["waived"]);
    const again = await install();
    assert.deepEqual([again.code, planOf(again)], [0, []]);

    await using apply = await tokenKubeconfig(cluster, admin, "plumb-apply");
    await using propose = await tokenKubeconfig(cluster, admin, "plumb-pr");
    await using observe = await tokenKubeconfig(cluster, admin, "plumb-observe");
    const source = ["--path", "manifests/web", "--source", github.repository, "--ref", "main"];
    const run = (kubeconfig: string, ...args: string[]) =>
      plumb([...args, ...source], {
        kubeconfig,
        environment: { GITHUB_TOKEN: github.token, GITHUB_API_URL: github.url },
      });
    const web = { namespace: "web", name: "web" };

    await test.step("apply: the CronJob's command, as its account", async () => {
      const { spec } = cronJob.parse(
        await cluster.get(CRON_JOBS, { namespace: SYSTEM, name: "plumb" }),
      );
      const pod = spec.jobTemplate.spec.template.spec;
      assert.equal(pod.serviceAccountName, "plumb-apply");
      const [{ command, args }] = pod.containers;
      assert.deepEqual(command, ["deno", "task", "--quiet", "reconcile"]);
      const folder = await Deno.makeTempDir();
      const settings = await cluster.get(CONFIG_MAPS, {
        namespace: SYSTEM,
        name: "plumb-settings",
      });
      const { data } = z.looseObject({ data: z.record(z.string(), z.string()) }).parse(settings);
      await Deno.writeTextFile(join(folder, "parameters.yaml"), data["parameters.yaml"] ?? "");
      const mounted = args.map((arg) => arg.replace("/settings/", `${folder}/`));
      const applied = await plumb(["reconcile", ...mounted], { kubeconfig: apply.kubeconfig });
      assert.equal(applied.code, 0, applied.output);
      assert.deepEqual(actionsOf(applied), ["create ConfigMap/settings", "create Deployment/web"]);
      await Deno.remove(folder, { recursive: true });
      const name = { namespace: SYSTEM, name: "plumb-once" };
      await cluster.create(JOBS, {
        apiVersion: "batch/v1",
        kind: "Job",
        metadata: name,
        spec: spec.jobTemplate.spec,
      });
      await until(async () => {
        const job = await cluster.get(JOBS, name);
        return z.looseObject({ status: z.looseObject({ succeeded: z.number().default(0) }) })
          .parse(job).status.succeeded === 1;
      });
    });

    await test.step("observe and pr: nothing that is kept", async () => {
      for (const { kubeconfig } of [observe, propose]) {
        using planner = await Cluster.connect({ kubeconfig, environment: {} });
        const stray = {
          apiVersion: "v1",
          kind: "ConfigMap",
          metadata: { namespace: "web", name: "stray" },
        };
        // Admission learns of a policy a moment after it was made.
        await until(() => planner.apply(CONFIG_MAPS, stray).then(() => false, isRefused));
        await cluster.delete(CONFIG_MAPS, stray.metadata);
        const writes = [
          () => planner.apply(CONFIG_MAPS, stray),
          () => planner.create(CONFIG_MAPS, stray),
          () => planner.patch(DEPLOYMENTS, web, { spec: { replicas: 9 } }, "merge", "test"),
          () => planner.delete(DEPLOYMENTS, web),
          () => planner.create(NAMESPACES, namespace("stray")),
        ];
        for (const write of writes) await assert.rejects(write, isRefused);
        await planner.apply(CONFIG_MAPS, stray, { dryRun: true });
        assert.equal(await cluster.get(CONFIG_MAPS, stray.metadata), undefined);
      }
    });

    await test.step("observe: differences are found; pr: they are proposed", async () => {
      await cluster.patch(DEPLOYMENTS, web, { spec: { replicas: 3 } }, "merge", "kubectl-scale");
      for (const args of [["diff"], ["diff", "--refresh"], ["reconcile", "--mode", "observe"]]) {
        const seen = await run(observe.kubeconfig, ...args);
        assert.equal(seen.code, 2, seen.output);
        assert.deepEqual(actionsOf(seen), ["update Deployment/web"]);
      }
      const repository = `${github.owner}/${github.name}`;
      const proposed = await run(
        propose.kubeconfig,
        "reconcile",
        "--mode",
        "pr",
        "--repository",
        repository,
      );
      assert.equal(proposed.code, 0, proposed.output);
      assert.equal(github.pulls().length, 1);
      const denied = await run(propose.kubeconfig, "reconcile");
      assert.equal(denied.code, 1, denied.output);
      const live = await cluster.get(DEPLOYMENTS, web);
      assert.match(dump(live), /replicas: 3/);
    });
    assert.deepEqual(github.violations, []);
  },
);

function isRefused(error: unknown): boolean {
  return error instanceof ClusterError && (error.status === 403 || error.status === 422);
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 60_000;
  while (!await holds()) {
    assert.ok(Date.now() < end, "it did not come true within a minute");
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}
