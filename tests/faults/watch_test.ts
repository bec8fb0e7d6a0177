import assert from "node:assert/strict";
import { Cluster, watch } from "../../lib/cluster/mod.ts";
import { CONFIG_MAPS, configMap, NAMESPACE, workspace } from "../plumb.ts";
import { startFaultProxy } from "./proxy.ts";

Deno.test("a watch that falls silent is opened anew, and tells what happened meanwhile", async () => {
  await using space = await workspace();
  await space.write({ "app.yaml": `${NAMESPACE}---\n${configMap("seen")}` });
  assert.equal((await space.reconcile()).code, 0);
  let watches = 0;
  await using proxy = await startFaultProxy(space.kubeconfig, ({ query }) => {
    // The first one stays open, and tells nothing.
    const isFirst = query.has("watch") && ++watches === 1;
    return isFirst ? { kind: "freeze", milliseconds: 0 } : undefined;
  });
  using cluster = await Cluster.connect({ kubeconfig: proxy.kubeconfig, environment: {} });
  const namespace = space.name;
  const { resourceVersion } = await cluster.listWithVersion(CONFIG_MAPS, { namespace });
  const stop = new AbortController();
  const options = { namespace, resourceVersion, silence: 1_000, signal: stop.signal };
  const events = watch(cluster, CONFIG_MAPS, options);
  const first = events.next();
  await space.cluster.patch(
    CONFIG_MAPS,
    { namespace, name: "seen" },
    { data: { key: "two" } },
    "merge",
  );
  const { value } = await first;
  assert.ok(value?.type === "modified" && value.object.metadata.name === "seen");
  assert.ok(watches >= 2);
  stop.abort();
  await events.return();
});
