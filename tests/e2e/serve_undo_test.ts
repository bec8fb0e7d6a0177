/** A deploy from the dashboard that fails is undone before the viewer's eyes, and one that is good can be undone by hand. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { FAIL_ANNOTATION } from "../../lib/sandbox/mod.ts";
import type { ComponentDetail, History } from "../../lib/serve/contract.ts";
import { dashboard } from "../dashboard.ts";
import {
  CONFIG_MAPS,
  configMap,
  deployment,
  DEPLOYMENTS,
  documents,
  NAMESPACE,
  workspace,
} from "../plumb.ts";
import { git } from "../unit/source/repository.ts";

Deno.test("a deploy that fails is undone while it is watched, and undone by hand where somebody wants it", async () => {
  await using space = await workspace();
  const repository = await Deno.makeTempDir({ prefix: "plumb-serve-" });
  const folder = join(repository, "manifests", space.name);
  await Deno.mkdir(folder, { recursive: true });
  await git(repository, "init", "--quiet", "--initial-branch=main");
  const commit = async (...manifests: readonly string[]) => {
    const files = {
      "component.yaml": `apiVersion: plumb.thinkube.io/v1alpha1
kind: Component
metadata: { name: NAMESPACE }
spec: { namespace: NAMESPACE, policy: "off", manifests: ["app.yaml"] }
`,
      "app.yaml": documents(NAMESPACE, ...manifests),
    };
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(join(folder, name), text.replaceAll("NAMESPACE", space.name));
    }
    await git(repository, "add", "--all");
    await git(repository, "commit", "--quiet", "--message", "Change the web");
    return await git(repository, "rev-parse", "HEAD");
  };
  try {
    const first = await commit(configMap("settings", "one"), deployment("web"));
    const source = { source: repository, ref: "main", path: "manifests" };
    await using served = await dashboard(space, source);
    const { operator, viewer } = served;
    const deploy = async () => {
      await operator.confirm(await operator.plan(space.name, { action: "deploy" }));
      const [run] = (await viewer.get<{ runs: { id: string }[] }>("/api/runs")).runs;
      return await operator.finished(run?.id ?? "");
    };
    assert.equal((await deploy()).result, "applied");

    const bad = { image: "registry.example.com/app:2", template: `${FAIL_ANNOTATION}: image-pull` };
    const second = await commit(configMap("settings", "two"), deployment("web", bad));
    const failed = await deploy();
    assert.notEqual(failed.result, "applied");
    const messages = await Array.fromAsync(viewer.events(failed.id));
    const undo = messages.flatMap(({ data }) =>
      data.type === "event" && data.event.type === "undo" ? [data.event] : []
    );
    assert.deepEqual(undo.map(({ state }) => state), ["begun", "done"]);
    assert.deepEqual([undo[0]?.from, undo[0]?.to], [second, first]);
    assert.match(undo[0]?.reason ?? "", /pull/i);
    const live = await space.get(DEPLOYMENTS, "web");
    assert.match(JSON.stringify(live?.["spec"]), /app:1/);
    assert.deepEqual((await space.get(CONFIG_MAPS, "settings"))?.["data"], { key: "one" });
    const { entries } = await viewer.get<History>(`/api/components/${space.name}/history`);
    // The deploy and the way back from it are one run; the failure says why, also when that is forgotten.
    assert.deepEqual(
      entries.slice(0, 2).map(({ action, revision, run }) => [action, revision, run]),
      [["undo", first, failed.id], ["reconcile", second, failed.id]],
    );
    assert.match(entries[1]?.evidence.join() ?? "", /pull/i);
    assert.equal(entries[1]?.subject, "Change the web");

    const third = await commit(configMap("settings", "three"), deployment("web"));
    assert.equal((await deploy()).result, "applied");
    const detail = await viewer.get<ComponentDetail>(`/api/components/${space.name}`);
    assert.equal(detail.component.revision.cluster?.revision, third);
    const planned = await operator.plan(space.name, { action: "undo" });
    assert.equal(planned.state, "waiting", JSON.stringify(planned));
    assert.deepEqual((await space.get(CONFIG_MAPS, "settings"))?.["data"], { key: "three" });
    await operator.confirm(planned);
    assert.equal((await operator.finished(planned.id)).result, "undone");
    assert.deepEqual((await space.get(CONFIG_MAPS, "settings"))?.["data"], { key: "one" });
    const [last] = (await viewer.get<History>(`/api/components/${space.name}/history`)).entries;
    assert.deepEqual([last?.action, last?.outcome, last?.run], ["undo", "undone", planned.id]);
  } finally {
    await Deno.remove(repository, { recursive: true });
  }
});
