/** What somebody repaired in the cluster is proposed to Git from the dashboard. */
import assert from "node:assert/strict";
import type { ComponentDetail, Run } from "../../lib/serve/contract.ts";
import { dashboard } from "../dashboard.ts";
import { testCluster } from "../sandbox.ts";
import { edit, inWorld, options } from "./proposing.ts";

Deno.test(
  "a repair by hand is proposed by the API, and the cluster is not written",
  options,
  () =>
    inWorld(async ({ namespace, github, cluster, run, file }) => {
      assert.equal((await run()).code, 0);
      await edit(cluster, { namespace, name: "web" }, { "/spec/replicas": 3 });
      const { kubeconfig } = await testCluster();
      const space = { folder: "manifests", name: namespace, kubeconfig };
      const repository = `${github.owner}/${github.name}`;
      const source = { source: github.repository, ref: "main", repository };
      {
        await using without = await dashboard(space, source);
        const { component } = await without.viewer.get<ComponentDetail>(
          `/api/components/${namespace}`,
        );
        assert.match(component.never.propose ?? "", /no credentials for GitHub/);
      }

      const environment = { GITHUB_TOKEN: github.token, GITHUB_API_URL: github.url };
      await using served = await dashboard(space, { ...source, environment });
      const { operator, viewer } = served;
      const planned = await operator.plan(namespace, { action: "propose" });
      assert.deepEqual(
        planned.plan?.changes.map(({ action, object }) => `${action} ${object.kind}`),
        ["update Deployment"],
        JSON.stringify(planned),
      );
      assert.equal(github.pulls().length, 0);
      const proposed = await operator.finished((await operator.confirm(planned)).id);
      assert.equal(proposed.result, "proposed", JSON.stringify(proposed));
      const [proposal] = (await Array.fromAsync(viewer.events(proposed.id))).flatMap(({ data }) =>
        data.type === "event" && data.event.type === "proposal" ? [data.event] : []
      );
      const [pull] = github.pulls();
      assert.deepEqual([proposal?.state, proposal?.number], ["opened", pull?.number]);
      assert.match(proposal?.url ?? "", /^http/);
      assert.match(await file(), /replicas: 3 # enough/);
      const detail = await viewer.get<ComponentDetail>(`/api/components/${namespace}`);
      assert.equal(detail.component.sync.state, "drifted");
      const { runs } = await viewer.get<{ runs: Run[] }>(`/api/runs?component=${namespace}`);
      assert.deepEqual(runs.map(({ action, by }) => [action, by]), [["propose", "ada"]]);
    }),
);
