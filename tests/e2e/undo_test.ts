/** A revision that fails is undone to the last good one from Git, and not tried again until Git moves. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { readInventory } from "../../lib/apply/mod.ts";
import {
  actionsOf,
  CLAIMS,
  COMPONENT_YAML,
  CONFIG_MAPS,
  configMap,
  DEPLOYMENTS,
  documents,
  errorOf,
  JOBS,
  NAMESPACE,
  outcomeOf,
  plumb,
  type Run,
  SERVICES,
  startPlumb,
} from "../plumb.ts";
import { isWrite, startRecorder } from "../recorder.ts";
import { type GitWorkspace, gitWorkspace } from "../git_workspace.ts";
import { APP, imageOf, service, statesOf, undosOf, valueOf, web } from "../undoing.ts";

const messageOf = ({ events }: Run) => events.find((event) => event.type === "result")?.message;

const claim = (name: string) =>
  `apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: { name: ${name} }\nspec:\n  accessModes: [ReadWriteOnce]\n  resources: { requests: { storage: 1Gi } }\n`;

/** Everything that a component has in its namespace, by kind and name, with what tells it apart. */
async function stateOf({ cluster, name }: GitWorkspace): Promise<Record<string, unknown>> {
  const kinds = [CONFIG_MAPS, DEPLOYMENTS, SERVICES, JOBS, CLAIMS];
  const lists = await Promise.all(kinds.map((kind) => cluster.list(kind, { namespace: name })));
  const objects = lists.flatMap((list, index) =>
    list.map((object) => {
      const { data, spec } = object as { data?: unknown; spec?: Record<string, unknown> };
      const { kind = "" } = kinds[index] ?? {};
      const content = kind === "Deployment" ? imageOf(object) : kind === "ConfigMap" ? data : spec;
      return [`${kind}/${object.metadata.name}`, content] as const;
    })
  );
  return Object.fromEntries(objects.filter(([key]) => key !== "ConfigMap/kube-root-ca.crt"));
}

Deno.test("a revision whose image can't be pulled is undone: what it added goes, what it removed comes back", async () => {
  await using space = await gitWorkspace();
  const good = await space.commit({
    "app.yaml": documents(NAMESPACE, web("1"), configMap("settings"), service("old")),
  });
  assert.equal((await space.run()).code, 0);
  const before = await stateOf(space);
  const bad = await space.commit({
    "app.yaml": documents(
      NAMESPACE,
      web("2", "image-pull"),
      configMap("settings", "two"),
      configMap("new"),
      claim("data"),
    ),
  });
  const run = await space.run();
  assert.equal(run.code, 1, run.output);
  assert.deepEqual([outcomeOf(run), statesOf(run)], ["failed", ["begun", "done"]]);
  const [undo] = undosOf(run);
  assert.deepEqual([undo?.from, undo?.to], [bad, good]);
  assert.match(undo?.reason ?? "", /Deployment .+\/web: .*can't pull image registry\.example\.com/);
  assert.match(
    messageOf(run) ?? "",
    /^[0-9a-f]{12} failed, and the cluster is back at [0-9a-f]{12}$/,
  );
  // The volume that the bad revision made holds data, maybe.
  const { "PersistentVolumeClaim/data": kept, ...after } = await stateOf(space);
  assert.ok(kept);
  assert.deepEqual(after, before);
  const { inventory } = await readInventory(space.cluster, space.name, space.name);
  assert.deepEqual([inventory.state, inventory.source.revision], ["complete", good]);
  const journal = await space.journal();
  assert.deepEqual(
    journal.runs.map(({ command, result, source }) => [command, result, source.revision]),
    [["undo", "undone", good], ["reconcile", "failed", bad], ["reconcile", "applied", good]],
  );
  const evidence = journal.runs[1]?.evidence.join("\n") ?? "";
  assert.match(evidence, /pod web-\S+: container app can't pull image/);
  assert.deepEqual([journal.good?.revision, journal.rejected?.revision], [good, bad]);
  assert.match(journal.rejected?.reason ?? "", /can't pull image/);
});

Deno.test("a revision that failed is not tried again until Git moves, and drift is healed meanwhile", async () => {
  await using space = await gitWorkspace();
  const good = await space.commit({ "app.yaml": documents(NAMESPACE, web("1"), configMap("a")) });
  assert.equal((await space.run()).code, 0);
  const bad = await space.commit({
    "app.yaml": documents(NAMESPACE, web("2", "image-pull"), configMap("a", "two")),
  });
  assert.equal((await space.run()).code, 1);
  const held = await space.run();
  assert.deepEqual([held.code, outcomeOf(held), statesOf(held)], [2, "differences", ["held"]]);
  assert.match(
    messageOf(held) ?? "",
    /^Held at [0-9a-f]{12}, since [0-9a-f]{12} failed: Deployment/,
  );
  assert.deepEqual(actionsOf(held), []);
  // A commit that does not touch the component is no other revision of it.
  await space.commitElsewhere();
  const name = { namespace: space.name, name: "a" };
  await space.cluster.patch(CONFIG_MAPS, name, { data: { key: "hacked" } }, "merge", "somebody");
  const healed = await space.run();
  assert.deepEqual([healed.code, actionsOf(healed)], [2, ["update ConfigMap/a"]], healed.output);
  assert.equal(valueOf(await space.get(CONFIG_MAPS, "a")), "one");
  await using recorder = await startRecorder(space.kubeconfig);
  const quiet = await space.run([], { kubeconfig: recorder.kubeconfig });
  assert.deepEqual([quiet.code, recorder.requests.filter(isWrite)], [2, []]);
  const diff = await plumb(space.arguments("diff"), { kubeconfig: space.kubeconfig });
  assert.deepEqual([diff.code, statesOf(diff)], [2, ["held"]], diff.output);
  const retried = await space.run(["--retry"]);
  assert.deepEqual([retried.code, statesOf(retried)], [1, ["begun", "done"]]);
  const mended = await space.commit({
    "app.yaml": documents(NAMESPACE, web("3"), configMap("a", "three")),
  });
  const run = await space.run();
  assert.deepEqual([run.code, statesOf(run)], [0, []], run.output);
  assert.equal(imageOf(await space.get(DEPLOYMENTS, "web")), APP("3"));
  const journal = await space.journal();
  assert.deepEqual([journal.good?.revision, journal.rejected], [mended, undefined]);
  assert.equal(journal.previous?.revision, good);
  assert.notEqual(bad, mended);
});

Deno.test("what is applied without waiting, or is not to be undone, is left as it failed", async () => {
  await using space = await gitWorkspace();
  await space.commit({ "app.yaml": documents(NAMESPACE, web("1")) });
  assert.equal((await space.run()).code, 0);
  await space.commit({ "app.yaml": documents(NAMESPACE, web("2", "image-pull")) });
  const run = await space.run(["--no-undo"]);
  assert.deepEqual([run.code, statesOf(run)], [1, []]);
  assert.equal(imageOf(await space.get(DEPLOYMENTS, "web")), APP("2"));
  assert.equal((await space.journal()).rejected, undefined);
  const undone = await space.run();
  assert.deepEqual([undone.code, statesOf(undone)], [1, ["begun", "done"]], undone.output);
  assert.equal(imageOf(await space.get(DEPLOYMENTS, "web")), APP("1"));
  await space.commit({ "app.yaml": documents(NAMESPACE, web("3", "image-pull")) });
  const unwaited = await space.run(["--no-wait"]);
  assert.deepEqual([unwaited.code, statesOf(unwaited)], [0, []]);
  const { good } = await space.journal();
  // Nobody saw it healthy, so it is not good; the next run that waits sees that it is bad.
  const late = await space.run();
  assert.deepEqual([late.code, statesOf(late)], [1, ["begun", "done"]], late.output);
  assert.equal((await space.journal()).good?.revision, good?.revision);
  assert.equal(imageOf(await space.get(DEPLOYMENTS, "web")), APP("1"));
});

Deno.test("a first deploy that fails stays to be looked at, and so does one from a local folder", async () => {
  await using space = await gitWorkspace();
  await space.commit({ "app.yaml": documents(NAMESPACE, web("1", "image-pull")) });
  const first = await space.run();
  assert.deepEqual([first.code, statesOf(first)], [1, ["impossible"]]);
  assert.match(undosOf(first)[0]?.reason ?? "", /no revision was good before/);
  assert.match(undosOf(first)[0]?.hint ?? "", /plumb rollback/);
  assert.ok(await space.get(DEPLOYMENTS, "web"));
  assert.equal((await space.journal()).rejected, undefined);
  await space.commit({ "app.yaml": documents(NAMESPACE, web("2")) });
  assert.equal((await space.run()).code, 0);
  const local = ["reconcile", "--path", join(space.repository, "manifests/web")];
  const called = ["--name", space.name, "--namespace", space.name, "--timeout", "30s"];
  await space.commit({ "app.yaml": documents(NAMESPACE, web("3", "image-pull")) });
  const run = await plumb([...local, ...called], { kubeconfig: space.kubeconfig });
  assert.deepEqual([run.code, statesOf(run)], [1, ["impossible"]], run.output);
  assert.match(undosOf(run)[0]?.reason ?? "", /local folder/);
  assert.equal(imageOf(await space.get(DEPLOYMENTS, "web")), APP("3"));
});

Deno.test("an object that the API server refuses in a later wave undoes the waves before it", async () => {
  await using space = await gitWorkspace();
  const good = documents(NAMESPACE, configMap("first"), web("1"));
  await space.commit({ "app.yaml": good });
  assert.equal((await space.run()).code, 0);
  const invalid =
    "apiVersion: v1\nkind: Service\nmetadata: { name: broken }\nspec: { ports: [{ port: 99999 }] }\n";
  await space.commit({
    "app.yaml": documents(NAMESPACE, configMap("first", "two"), invalid, web("2")),
  });
  const run = await space.run();
  assert.deepEqual([run.code, statesOf(run)], [1, ["begun", "done"]], run.output);
  assert.match(undosOf(run)[0]?.reason ?? "", /Service .+\/broken: create failed: .*99999/);
  assert.equal(valueOf(await space.get(CONFIG_MAPS, "first")), "one");
  assert.equal(imageOf(await space.get(DEPLOYMENTS, "web")), APP("1"));
  assert.equal(await space.get(SERVICES, "broken"), undefined);
});

Deno.test("a good revision takes no parameter that only the failed one knows", async () => {
  await using space = await gitWorkspace();
  const component = (parameters: string) =>
    `${COMPONENT_YAML}  parameters: ${parameters}
`;
  await space.commit({
    "component.yaml": component("{}"),
    "app.yaml": documents(NAMESPACE, web("1")),
  });
  assert.equal((await space.run()).code, 0);
  await space.commit({
    "component.yaml": component("{ colour: { type: string, description: Of the page } }"),
    "app.yaml": documents(NAMESPACE, web("2", "image-pull"), configMap("page", "${colour}")),
  });
  const run = await space.run(["--set", "colour=red"]);
  assert.deepEqual([run.code, statesOf(run)], [1, ["begun", "done"]], run.output);
  assert.equal(imageOf(await space.get(DEPLOYMENTS, "web")), APP("1"));
});

Deno.test("undo goes back by hand, and the revision is left alone until Git moves", async () => {
  await using space = await gitWorkspace();
  const good = await space.commit({ "app.yaml": documents(NAMESPACE, web("1"), service("old")) });
  assert.equal((await space.run()).code, 0);
  const undo = (...args: string[]) =>
    plumb([...space.arguments("undo"), "--timeout", "30s", ...args], {
      kubeconfig: space.kubeconfig,
    });
  const none = await undo("--yes");
  assert.deepEqual([none.code, errorOf(none).code], [1, "no-way-back"], none.output);
  const bad = await space.commit({ "app.yaml": documents(NAMESPACE, web("2"), service("new")) });
  assert.equal((await space.run()).code, 0);
  const before = await stateOf(space);
  const unconfirmed = await undo();
  assert.deepEqual([unconfirmed.code, errorOf(unconfirmed).code], [1, "undo-unconfirmed"]);
  assert.deepEqual(
    [actionsOf(unconfirmed), await stateOf(space)],
    [["create Service/old", "delete Service/new", "update Deployment/web"], before],
  );
  assert.equal((await space.journal()).rejected, undefined);
  const hands = { kubeconfig: space.kubeconfig };
  await plumb(["suspend", space.name, "--reason", "moving the database"], hands);
  const suspended = await undo("--yes");
  assert.deepEqual([suspended.code, outcomeOf(suspended)], [0, "suspended"], suspended.output);
  assert.deepEqual(await stateOf(space), before);
  await plumb(["resume", space.name], hands);
  const run = await undo("--yes", "--because", "nobody can log in");
  assert.deepEqual([run.code, outcomeOf(run), statesOf(run)], [0, "applied", ["done"]], run.output);
  assert.match(messageOf(run) ?? "", /is undone, and the cluster is back at/);
  assert.equal(imageOf(await space.get(DEPLOYMENTS, "web")), APP("1"));
  const { runs: [latest], good: kept, rejected } = await space.journal();
  assert.deepEqual([latest?.command, latest?.result], ["undo", "undone"]);
  assert.deepEqual([kept?.revision, rejected?.revision], [good, bad]);
  assert.equal(rejected?.reason, "undone by hand: nobody can log in");
  const held = await space.run();
  assert.deepEqual([held.code, statesOf(held), actionsOf(held)], [2, ["held"], []], held.output);
  const twice = await undo("--yes");
  assert.match(errorOf(twice).message, /is undone already/);
  assert.equal((await space.run(["--retry"])).code, 0);
  assert.equal(imageOf(await space.get(DEPLOYMENTS, "web")), APP("2"));
  const local = ["--path", join(space.repository, "manifests/web")];
  const called = ["--name", space.name, "--namespace", space.name];
  const lost = await plumb(["undo", ...local, ...called, "--yes"], {
    kubeconfig: space.kubeconfig,
  });
  assert.match(errorOf(lost).hint ?? "", /--source/);
});

Deno.test("killed in the middle of an undo, the next run finishes it", async () => {
  await Promise.all([1, 3, 6, 9].map(async (moment) => {
    await using space = await gitWorkspace();
    const maps = (count: number, value: string) =>
      Array.from({ length: count }, (_, index) => configMap(`map-${index}`, value));
    const good = await space.commit({
      "app.yaml": documents(NAMESPACE, web("1"), ...maps(4, "one")),
    });
    assert.equal((await space.run()).code, 0);
    const before = await stateOf(space);
    const added = ["a", "b", "c"].map((name) => configMap(name));
    await space.commit({
      "app.yaml": documents(NAMESPACE, web("2", "image-pull"), ...maps(4, "two"), ...added),
    });
    let isRejected = false;
    let writes = 0;
    await using recorder = await startRecorder(space.kubeconfig, (request) => {
      if (!isWrite(request) || request.path.includes("/leases/")) return;
      if (request.path.endsWith(`/journal-${space.name}`)) isRejected = true;
      else if (isRejected && ++writes === moment) child.kill("SIGKILL");
    });
    const args = [...space.arguments("reconcile"), "--timeout", "30s"];
    const child = startPlumb(args, { KUBECONFIG: recorder.kubeconfig });
    assert.equal((await child.status).signal, "SIGKILL", `it ended before write ${moment}`);
    const next = await space.run();
    assert.deepEqual([next.code, statesOf(next)], [2, ["held"]], next.output);
    assert.deepEqual(await stateOf(space), before);
    const { inventory } = await readInventory(space.cluster, space.name, space.name);
    assert.deepEqual([inventory.state, inventory.source.revision], ["complete", good]);
    assert.equal((await space.journal()).runs[0]?.command, "undo");
  }));
});
