import assert from "node:assert/strict";
import { readJournal } from "../../lib/apply/mod.ts";
import {
  actionsOf,
  COMPONENT_YAML,
  CONFIG_MAPS,
  configMap,
  documents,
  errorOf,
  NAMESPACE,
  outcomeOf,
  plumb,
  type Run,
  workspace,
} from "../plumb.ts";
import { isWrite, startRecorder } from "../recorder.ts";

const suspensionIn = (run: Run) => run.events.find((event) => event.type === "suspension");

Deno.test("a suspended component is left alone, and each run says who wanted that and why", async () => {
  await using space = await workspace();
  await using recorder = await startRecorder(space.kubeconfig);
  await space.write({ "app.yaml": documents(NAMESPACE, configMap("settings")) });
  assert.equal((await space.reconcile()).code, 0);
  const environment = { USER: "ann" };
  const reason = "moving the database";
  const suspended = await plumb(["suspend", space.name, "--reason", reason, "--for", "2h"], {
    environment,
  });
  assert.equal(suspended.code, 0, suspended.output);

  await space.write({ "app.yaml": documents(NAMESPACE, configMap("settings", "two")) });
  const { kubeconfig } = recorder;
  const run = await space.reconcile(["--yes"], { kubeconfig });
  assert.deepEqual([run.code, outcomeOf(run)], [0, "suspended"], run.output);
  const told = suspensionIn(run);
  assert.ok(told);
  assert.deepEqual([told.reason, told.state], [reason, "suspended"]);
  assert.match(told.by ?? "", /\(ann@.+\)$/);
  assert.equal(Date.parse(told.until ?? "") - Date.parse(told.since ?? "") > 7_000_000, true);
  assert.deepEqual(recorder.requests.filter(isWrite), []);

  const text = await space.reconcile(["--output", "text"]);
  assert.match(
    text.output,
    /is suspended until .+ UTC, in \d hours?; by .+ ago: moving the database/,
  );
  const differing = await space.diff();
  assert.deepEqual([differing.code, actionsOf(differing)], [2, ["update ConfigMap/settings"]]);
  assert.equal((await space.reconcile(["--mode", "observe"])).code, 2);

  const resumed = await plumb(["resume", space.name]);
  assert.equal(suspensionIn(resumed)?.state, "resumed", resumed.output);
  assert.equal(outcomeOf(await space.reconcile()), "applied");
  assert.equal(suspensionIn(await plumb(["resume", space.name]))?.state, "none");
  const { runs } = await readJournal(space.cluster, space.name);
  const commands = runs.filter(({ command }) => command !== "reconcile");
  assert.deepEqual(commands.map(({ command }) => command), ["resume", "suspend"]);
});

Deno.test("a run that is under way stops before its next wave, and the next run finishes its work", async () => {
  await using space = await workspace();
  const waves = documents(
    NAMESPACE,
    configMap("first"),
    configMap("second").replace(
      "name: second",
      "name: second, annotations: { config.kubernetes.io/depends-on: /namespaces/NAMESPACE/ConfigMap/first }",
    ),
  );
  await space.write({ "app.yaml": documents(NAMESPACE, configMap("other")) });
  assert.equal((await space.reconcile()).code, 0);
  await space.write({ "app.yaml": documents(waves, configMap("other")) });
  await using recorder = await startRecorder(space.kubeconfig, async (request) => {
    if (!isWrite(request) || !request.path.endsWith("/configmaps/first")) return;
    const suspended = await plumb(["suspend", space.name, "--reason", "incident"]);
    assert.equal(suspended.code, 0, suspended.output);
  });
  const run = await space.reconcile([], { kubeconfig: recorder.kubeconfig });
  assert.deepEqual([run.code, outcomeOf(run)], [0, "suspended"], run.output);
  assert.ok(await space.get(CONFIG_MAPS, "first"));
  assert.equal(await space.get(CONFIG_MAPS, "second"), undefined);
  assert.equal((await plumb(["resume", space.name])).code, 0);
  assert.equal((await space.reconcile()).code, 0);
  assert.ok(await space.get(CONFIG_MAPS, "second"));
});

Deno.test("checks and a rollback go on while a component is suspended, and it stays suspended after that", async () => {
  await using space = await workspace();
  await using site = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response("welcome"),
  );
  await space.write({
    "component.yaml": `${COMPONENT_YAML}  verify:
    checks: [{ check: http, url: "http://127.0.0.1:${site.addr.port}", contains: welcome }]
`,
    "app.yaml": documents(NAMESPACE, configMap("settings")),
  });
  assert.equal((await space.reconcile()).code, 0);
  assert.equal((await plumb(["suspend", space.name, "--reason", "incident"])).code, 0);
  const verified = await space.verify();
  assert.equal(verified.code, 0, verified.output);
  assert.equal(verified.events.find((event) => event.type === "verified")?.passed, 1);
  const gone = await plumb(["rollback", space.name, "--yes", "--keep-namespace"]);
  assert.equal(gone.code, 0, gone.output);
  assert.equal(await space.get(CONFIG_MAPS, "settings"), undefined);
  const run = await space.reconcile();
  assert.deepEqual([run.code, outcomeOf(run)], [0, "suspended"], run.output);
  assert.equal((await plumb(["resume", space.name])).code, 0);
  assert.equal(outcomeOf(await space.reconcile()), "applied");
});

Deno.test("a suspension ends by itself", async () => {
  await using space = await workspace();
  await space.write({ "app.yaml": documents(NAMESPACE, configMap("settings")) });
  assert.equal((await space.reconcile()).code, 0);
  const args = ["suspend", space.name, "--reason", "a moment", "--for", "1ms"];
  assert.equal((await plumb(args)).code, 0);
  assert.equal(outcomeOf(await space.reconcile()), "in-sync");
});

Deno.test("a slip in the name of a component suspends nothing", async () => {
  await using space = await workspace();
  await space.write({ "app.yaml": documents(NAMESPACE, configMap("settings")) });
  assert.equal((await space.reconcile()).code, 0);
  const run = await plumb(["suspend", `${space.name}x`, "--reason", "a slip"]);
  assert.equal(run.code, 1);
  const { code, hint } = errorOf(run);
  assert.deepEqual([code, hint], ["unknown-component", `Did you mean ${space.name}?`]);
});
