import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { startSandbox } from "../../lib/sandbox/mod.ts";
import { Connection } from "../../lib/sandbox/connection.ts";
import { assertAbsent, assertGone, until } from "../unit/sandbox/support.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const POD = { spec: { containers: [{ name: "c", image: "example.com/app:1" }] } };

async function connect(kubeconfig: string): Promise<Connection> {
  return new Connection(await Deno.readTextFile(kubeconfig));
}

function configMap(name: string): Parameters<Connection["apply"]>[1] {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "default" } };
}

Deno.test("a sandbox comes up with all components, and nothing of it is left", async () => {
  const sandbox = await startSandbox();
  const ids = Object.values(sandbox.processes);
  assert.equal(ids.length, 5);
  using connection = await connect(sandbox.kubeconfig);
  const version = z.object({ gitVersion: z.string() });
  assert.match(
    version.parse(await connection.request("GET", "/version")).gitVersion,
    /^v1\.34\./,
  );
  await sandbox[Symbol.asyncDispose]();
  for (const id of ids) assertGone(id);
  await assertAbsent(sandbox.folder);
  assert.deepEqual(sandbox.processes, {});
  await assert.rejects(sandbox.start("etcd"), { code: "stopped" });
});

for (const signal of ["SIGKILL", "SIGINT"] as const) {
  Deno.test(`nothing of a sandbox survives a starter that dies of ${signal}`, async () => {
    const starter = new Deno.Command(Deno.execPath(), {
      args: [
        "eval",
        `import { startSandbox } from "${new URL("../../lib/sandbox/mod.ts", import.meta.url)}";
        const { processes, folder } = await startSandbox();
        console.log(JSON.stringify({ ids: Object.values(processes), folder }));
        setInterval(() => {}, 1000);`,
      ],
      cwd: ROOT,
      stdout: "piped",
    }).spawn();
    const reader = starter.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let line = "";
    while (!line.endsWith("\n")) {
      const { value, done } = await reader.read();
      assert.ok(!done, "the starter ended before its sandbox was up");
      line += value;
    }
    const { ids, folder } = z.object({ ids: z.array(z.number()).length(5), folder: z.string() })
      .parse(JSON.parse(line));
    assert.equal((await Deno.stat(folder)).isDirectory, true);
    starter.kill(signal);
    await starter.status;
    await reader.cancel();
    await until(async () => {
      for (const id of ids) assertGone(id);
      await assertAbsent(folder);
    });
  });
}

Deno.test("the API server can be stopped and comes back with its data and port", async () => {
  await using sandbox = await startSandbox({ components: [] });
  using connection = await connect(sandbox.kubeconfig);
  await connection.apply("configmaps", configMap("kept"));
  const before = sandbox.processes["kube-apiserver"];
  await sandbox.stop("kube-apiserver");
  assert.equal(sandbox.processes["kube-apiserver"], undefined);
  await assert.rejects(connection.request("GET", "/readyz"), { code: "request-failed" });
  await sandbox.start("kube-apiserver");
  assert.notEqual(sandbox.processes["kube-apiserver"], before);
  await connection.request("GET", "/api/v1/namespaces/default/configmaps/kept");
});

Deno.test("a control plane without the other components leaves pods pending", async () => {
  await using sandbox = await startSandbox({ components: ["kube-controller-manager"] });
  using connection = await connect(sandbox.kubeconfig);
  const metadata = { name: "alone", namespace: "default" };
  await connection.apply("pods", { apiVersion: "v1", kind: "Pod", metadata, ...POD });
  const pod = await connection.request("GET", "/api/v1/namespaces/default/pods/alone");
  const { status, spec } = z.object({
    status: z.object({ phase: z.string() }),
    spec: z.object({ nodeName: z.string().optional() }),
  }).parse(pod);
  assert.equal(status.phase, "Pending");
  assert.equal(spec.nodeName, undefined);
  const names = Object.keys(sandbox.processes).sort();
  assert.deepEqual(names, ["etcd", "kube-apiserver", "kube-controller-manager"]);
});

Deno.test("a start ends by its signal, with the signal's reason", async () => {
  const signal = AbortSignal.timeout(700);
  await assert.rejects(startSandbox({ signal }), { name: "TimeoutError" });
});

Deno.test("a user of a further kubeconfig has only the rights of its groups", async () => {
  await using sandbox = await startSandbox({ components: ["kube-controller-manager"] });
  using reader = await connect(await sandbox.kubeconfigFor("ada", ["readers"]));
  using admin = await connect(sandbox.kubeconfig);
  const list = () => reader.request("GET", "/api/v1/namespaces/default/configmaps");
  await assert.rejects(list(), { message: /403.*User \\"ada\\" cannot list/ });
  await admin.apply("clusterrolebindings", {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRoleBinding",
    metadata: { name: "readers" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "view" },
    subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: "readers" }],
  });
  await until(() => assert.doesNotReject(list()));
  await assert.rejects(reader.apply("configmaps", configMap("x")), { message: /403/ });
});
