/** What others have stands in the way of a rollback, or stays. */
import assert from "node:assert/strict";
import { isMap } from "../../lib/field_path.ts";
import { setExec } from "../../lib/sandbox/mod.ts";
import {
  actionsOf,
  CLAIMS,
  CONFIG_MAPS,
  configMap,
  DEPLOYMENTS,
  documents,
  errorOf,
  NAMESPACE,
  NAMESPACES,
  outcomeOf,
  PODS,
  type Run,
  workspace,
} from "../plumb.ts";
import { isWrite, startRecorder } from "../recorder.ts";
import {
  APPLICATION,
  assertSame,
  CLAIM,
  dataIn,
  deployed,
  KEYS,
  retainedOf,
  rollback,
  secretOf,
  until,
  volumesOf,
} from "../rolling_back.ts";

const COMPONENT = `apiVersion: plumb.thinkube.io/v1alpha1
kind: Component
metadata: { name: NAMESPACE }
spec:
  namespace: NAMESPACE
  policy: "off"
  retain:
    reclaimPolicy: former
    outside: [{ what: Its database, where: Elsewhere, back: It is opened again. }]
`;

const warningsIn = ({ events }: Run) =>
  events.flatMap((event) => event.type === "warning" ? [event.message] : []).join("\n");

Deno.test("what others made in the namespace stops the rollback, or stays with it", async () => {
  await using space = await deployed();
  const before = { volumes: await volumesOf(space), secret: await secretOf(space) };
  const { cluster, name } = space;
  const note = { namespace: name, name: "note" };
  await cluster.create(CONFIG_MAPS, { apiVersion: "v1", kind: "ConfigMap", metadata: note });
  await using recorder = await startRecorder(space.kubeconfig);
  const stopped = await rollback(space, ["--yes"], recorder);
  assert.deepEqual([stopped.code, errorOf(stopped).code], [1, "namespace-shared"]);
  assert.match(errorOf(stopped).message, new RegExp(`ConfigMap ${name}/note$`));
  assert.match(errorOf(stopped).hint ?? "", /--keep-namespace/);
  assert.deepEqual(recorder.requests.filter(isWrite), []);

  const run = await rollback(space, ["--yes", "--keep-namespace"]);
  assert.equal(run.code, 0, run.output.slice(-3_000));
  assert.match(warningsIn(run), /Namespace test-\w+ stays: --keep-namespace says so/);
  assert.equal(await space.get(DEPLOYMENTS, "web"), undefined);
  assert.ok(await space.get(CONFIG_MAPS, "note"));
  await assertSame(space, before);
  await space.write({ "app.yaml": APPLICATION, "component.yaml": COMPONENT });
  const back = await space.reconcile();
  assert.equal(back.code, 0, back.output.slice(-3_000));
  await assertSame(space, before);
  assert.equal(await retainedOf(space), undefined);
  const policies = Object.values(await volumesOf(space)).map(({ policy }) => policy);
  assert.deepEqual(policies, ["Delete", "Delete"]);
  const third = await rollback(space);
  assert.ok(dataIn(third, "kept").includes("Its database"), third.output);
});

Deno.test("a namespace that was there before the component stays, and so do its claims", async () => {
  await using space = await workspace();
  const { cluster, name } = space;
  await cluster.create(NAMESPACES, { apiVersion: "v1", kind: "Namespace", metadata: { name } });
  await space.write({ "app.yaml": documents(NAMESPACE, CLAIM, KEYS, configMap("settings")) });
  assert.equal((await space.reconcile()).code, 0);
  const secret = await secretOf(space);
  const run = await rollback(space, ["--yes"]);
  assert.deepEqual([run.code, actionsOf(run)], [0, ["delete ConfigMap/settings"]]);
  assert.match(warningsIn(run), /Namespace test-\w+ stays: it was there before the component/);
  assert.ok(await space.get(CLAIMS, "data"));
  assert.deepEqual(await secretOf(space), secret);
  const lost = await rollback(space, ["--yes", "--delete-data", name]);
  assert.equal(lost.code, 0, lost.output.slice(-2_000));
  assert.deepEqual([await space.get(CLAIMS, "data"), await secretOf(space)], [undefined, {}]);
  assert.deepEqual(await volumesOf(space), {});
});

Deno.test("what holds a namespace is told: the object, its finalizer, who set it, and what to do", async () => {
  await using space = await deployed();
  const claim = { namespace: space.name, name: "data" };
  const hold = (finalizers: readonly string[]) =>
    space.cluster.patch(CLAIMS, claim, { metadata: { finalizers } }, "merge", "backup-tool");
  await hold(["kubernetes.io/pvc-protection", "example.com/hold"]);
  const run = await rollback(space, ["--yes", "--timeout", "12s"]);
  assert.deepEqual([run.code, outcomeOf(run)], [1, "failed"], run.output.slice(-3_000));
  const failed = run.events.find((event) => event.type === "health" && event.status === "failed");
  assert.ok(failed?.type === "health");
  assert.equal(failed.object.kind, "Namespace");
  assert.match(failed.message, /finalizers remaining: example\.com\/hold in 1 resource/);
  assert.match(
    failed.evidence?.join("\n") ?? "",
    /PersistentVolumeClaim test-\w+\/data is held by .*example\.com\/hold: its controller must remove it \(set by backup-tool, \S+\)\n +→ .*kubectl patch persistentvolumeclaims data/,
  );
  await hold([]);
  const next = await rollback(space, ["--yes"]);
  assert.equal(next.code, 0, next.output.slice(-2_000));
});

Deno.test("files in others' pods lose what is the component's, and nothing else; without its pod one waits", async () => {
  await using space = await workspace();
  const { cluster, name } = space;
  const home = await Deno.makeTempDir({ prefix: "plumb-home-" });
  await cluster.create(NAMESPACES, { apiVersion: "v1", kind: "Namespace", metadata: { name } });
  const metadata = { namespace: name, name: "shell", labels: { app: "shell" } };
  const spec = { containers: [{ name: "shell", image: "example.com/shell:1" }] };
  const pod = { apiVersion: "v1", kind: "Pod", metadata, spec };
  await cluster.create(PODS, pod);
  await setExec(space.kubeconfig, { namespace: name, name: "shell" });
  const file = (kind: string, path: string, content: string) =>
    `apiVersion: plumb.thinkube.io/v1alpha1
kind: PodFile
metadata: { name: ${kind} }
spec: { pod: { namespace: NAMESPACE, selector: { app: shell }, required: true }, path: ${home}/${path}, ${content} }
`;
  const variable = `V${crypto.randomUUID().slice(0, 8)}`;
  const service = `apiVersion: v1
kind: ConfigMap
metadata: { name: service, labels: { thinkube.io/managed: "true" } }
data: { service.yaml: "service: { environment_variables: [{ name: ${variable}, value: x }] }" }
`;
  await Deno.writeTextFile(`${home}/.zshrc`, "own line\n. env\n");
  await Deno.writeTextFile(`${home}/.bashrc`, "own line\n");
  await space.write({
    "app.yaml": documents(
      service,
      file("config", "config.yaml", "content: secret"),
      file("environment", "env", "environment: { syntax: posix }"),
      file("new-line", ".bashrc", "line: . env"),
      file("old-line", ".zshrc", "line: . env"),
    ),
  });
  const first = await space.reconcile();
  assert.equal(first.code, 0, first.output.slice(-2_000));
  assert.match(await Deno.readTextFile(`${home}/env`), new RegExp(variable));

  await cluster.delete(PODS, metadata);
  const waits = await rollback(space, ["--yes"]);
  assert.deepEqual([waits.code, outcomeOf(waits)], [1, "failed"], waits.output.slice(-2_000));
  assert.match(waits.output, /it stays: its pod is not there/);
  assert.equal(await space.get(CONFIG_MAPS, "service"), undefined);

  await until(async () => await cluster.get(PODS, metadata) === undefined);
  await cluster.create(PODS, pod);
  await until(async () => {
    const status = (await cluster.get(PODS, metadata))?.["status"];
    return isMap(status) && status["phase"] === "Running";
  });
  const run = await rollback(space, ["--yes"]);
  assert.equal(run.code, 0, run.output.slice(-2_000));
  assert.match(warningsIn(waits), /PodFile \S+\/old-line stays: it was there before/);
  await assert.rejects(Deno.stat(`${home}/config.yaml`), Deno.errors.NotFound);
  assert.doesNotMatch(await Deno.readTextFile(`${home}/env`), new RegExp(variable));
  assert.equal(await Deno.readTextFile(`${home}/.bashrc`), "own line\n");
  assert.equal(await Deno.readTextFile(`${home}/.zshrc`), "own line\n. env\n");
  await Deno.remove(home, { recursive: true });
});
