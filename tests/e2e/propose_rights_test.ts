/** What a proposal may do: nothing to the cluster, and in Git no more than policies let pass. */
import assert from "node:assert/strict";
import { Cluster, type Resource } from "../../lib/cluster/mod.ts";
import { ADA } from "../contract/github/support.ts";
import { CONFIG_MAPS, restrictedKubeconfig } from "../plumb.ts";
import { testCluster } from "../sandbox.ts";
import { edit, inWorld, options, proposalIn } from "./proposing.ts";

const GROUP = "admissionregistration.k8s.io";
const admission = (kind: string, plural: string): Resource => (
  { group: GROUP, version: "v1", kind, plural, namespaced: false }
);
const POLICIES = admission("ValidatingAdmissionPolicy", "validatingadmissionpolicies");
const BINDINGS = admission("ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings");

/** RBAC can't tell a dry run from a write; admission can. */
async function onlyDryRuns(cluster: Cluster, account: string): Promise<AsyncDisposable> {
  const metadata = { name: account };
  const apiVersion = `${GROUP}/v1`;
  const all = { apiGroups: ["*"], apiVersions: ["*"], resources: ["*/*"] };
  await cluster.create(POLICIES, {
    apiVersion,
    kind: POLICIES.kind,
    metadata,
    spec: {
      matchConstraints: {
        resourceRules: [{ ...all, operations: ["CREATE", "UPDATE", "DELETE", "CONNECT"] }],
      },
      matchConditions: [{
        name: "account",
        expression: `request.userInfo.username == "system:serviceaccount:${account}:${account}"`,
      }],
      validations: [{ expression: "has(request.dryRun) && request.dryRun" }],
    },
  });
  await cluster.create(BINDINGS, {
    apiVersion,
    kind: BINDINGS.kind,
    metadata,
    spec: { policyName: account, validationActions: ["Deny"] },
  });
  return {
    async [Symbol.asyncDispose]() {
      await cluster.delete(BINDINGS, metadata);
      await cluster.delete(POLICIES, metadata);
    },
  };
}

/** Admission takes a moment to hear of a policy. */
async function untilRefused(cluster: Cluster, namespace: string): Promise<void> {
  const name = { namespace, name: "probe" };
  for (const end = Date.now() + 60_000;;) {
    try {
      await cluster.patch(CONFIG_MAPS, name, { data: { at: `${Date.now()}` } }, "merge", "probe");
    } catch (error) {
      return assert.match(String(error), /ValidatingAdmissionPolicy/);
    }
    assert.ok(Date.now() < end, "the account may still write");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

Deno.test(
  "whoever may write nothing in the cluster can propose",
  options,
  () =>
    inWorld(async ({ namespace, cluster, run, file }) => {
      const { kubeconfig } = await testCluster();
      const name = { namespace, name: "web" };
      assert.equal((await run()).code, 0);
      await edit(cluster, name, { "/spec/replicas": 3 });
      const verbs = ["get", "list", "create", "patch"];
      await using reader = await restrictedKubeconfig({ cluster, name: namespace, kubeconfig }, [
        { apiGroups: ["", "apps"], resources: ["*"], verbs },
      ]);
      const probe = { name: "probe", namespace };
      await cluster.create(CONFIG_MAPS, { apiVersion: "v1", kind: "ConfigMap", metadata: probe });
      await using _ = await onlyDryRuns(cluster, namespace);
      using own = await Cluster.connect({ kubeconfig: reader.kubeconfig, environment: {} });
      await untilRefused(own, namespace);
      const proposed = await run("--mode", "pr", "--kubeconfig", reader.kubeconfig);
      assert.equal(proposed.code, 0, proposed.output);
      assert.equal(proposalIn(proposed)?.state, "opened");
      assert.match(await file(), /replicas: 3 #/);
    }),
);

Deno.test(
  "what policies forbid is proposed as a draft, with their words",
  options,
  () =>
    inWorld(async ({ namespace, github, cluster, run }) => {
      assert.equal((await run()).code, 0);
      await edit(cluster, { namespace, name: "web" }, { "/spec/replicas": 3 });
      const component = "manifests/web/component.yaml";
      const gate = async (policy: string) => {
        const { stdout } = await new Deno.Command("git", {
          args: ["-C", github.repository, "show", `main:${component}`],
        }).output();
        const text = new TextDecoder().decode(stdout).replace(/policy: .*/, `policy: ${policy}`);
        await github.commit("main", { [component]: text }, ADA);
        return await run("--mode", "pr");
      };
      const denied = await gate("enforce");
      assert.equal(proposalIn(denied)?.state, "opened", denied.output);
      const [draft] = github.pulls();
      assert.equal(draft?.draft, true);
      assert.match(draft?.body ?? "", /Policies forbid this.*deny pinned-images: .*nginx:1\.27/s);
      const reported = await gate("report");
      assert.equal(proposalIn(reported)?.state, "updated", reported.output);
      const [ready] = github.pulls();
      assert.equal(ready?.draft, false);
      assert.match(ready?.body ?? "", /let it pass, but say.*warn pinned-images/s);
      assert.equal(github.pulls().length, 1);
    }),
);
