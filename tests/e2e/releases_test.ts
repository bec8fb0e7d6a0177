/**
 * Release manifests of popular projects go in as they are, and a second run finds nothing to do. They come from the
 * projects' Go modules at test time, by version; Go checks their sums.
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { startSandbox } from "../../lib/sandbox/mod.ts";
import { planOf, plumb } from "../plumb.ts";

const RELEASES = [
  {
    name: "argo-cd",
    module: "github.com/argoproj/argo-cd/v2@v2.14.11",
    files: ["manifests/install.yaml"],
  },
  {
    name: "prometheus-operator",
    module: "github.com/prometheus-operator/prometheus-operator@v0.81.0",
    files: ["bundle.yaml"],
  },
  {
    name: "cloudnative-pg",
    module: "github.com/cloudnative-pg/cloudnative-pg@v1.25.1",
    files: ["releases/cnpg-1.25.1.yaml"],
  },
  {
    name: "gateway-api",
    module: "sigs.k8s.io/gateway-api@v1.2.1",
    files: ["gatewayclasses", "gateways", "grpcroutes", "httproutes", "referencegrants"].map((
      name,
    ) => `config/crd/standard/gateway.networking.k8s.io_${name}.yaml`),
  },
] as const;

/** The folder of a module, downloaded by the Go client. */
async function moduleFolder(module: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("go", {
    args: ["mod", "download", "-json", module],
    cwd: Deno.env.get("TMPDIR") ?? "/tmp",
  }).output();
  const text = new TextDecoder();
  assert.ok(success, text.decode(stdout) + text.decode(stderr));
  return (JSON.parse(text.decode(stdout)) as { Dir: string }).Dir;
}

/** Applies a folder, and proves that neither a second run nor a full comparison finds anything. */
async function proveStable(folder: string, name: string, kubeconfig: string): Promise<void> {
  const args = ["--path", folder, "--name", name, "--namespace", name];
  const first = await plumb(["reconcile", ...args, "--timeout", "60s"], { kubeconfig });
  assert.equal(
    first.code,
    0,
    first.output.split("\n").filter((line) => /failed|error|conflict/.test(line)).join("\n").slice(
      0,
      4_000,
    ),
  );
  assert.ok(planOf(first).length > 0);
  for (const again of [["reconcile"], ["reconcile", "--refresh"], ["diff", "--refresh"]]) {
    const run = await plumb([...again, ...args], { kubeconfig });
    assert.deepEqual([run.code, planOf(run)], [0, []], again.join(" "));
  }
}

Deno.test("release manifests go in, and a second run changes nothing and shows no difference", async (test) => {
  // A cluster of their own: their webhooks, which nobody answers, would stop other tests.
  await using sandbox = await startSandbox();
  const folder = await Deno.makeTempDir({ prefix: "plumb-releases-" });
  try {
    for (const { name, module, files } of RELEASES) {
      await test.step(name, async () => {
        const source = await moduleFolder(module);
        await Deno.mkdir(`${folder}/${name}`);
        await Deno.writeTextFile(
          `${folder}/${name}/namespace.yaml`,
          `apiVersion: v1\nkind: Namespace\nmetadata: { name: ${name} }\n`,
        );
        for (const [index, file] of files.entries()) {
          await Deno.writeFile(
            `${folder}/${name}/${index}.yaml`,
            await Deno.readFile(`${source}/${file}`),
          );
        }
        await proveStable(`${folder}/${name}`, name, sandbox.kubeconfig);
      });
    }
    await test.step("every odd spelling", async () => {
      await Deno.mkdir(`${folder}/odd`);
      await Deno.copyFile(
        fileURLToPath(new URL("fixtures/odd.yaml", import.meta.url)),
        `${folder}/odd/odd.yaml`,
      );
      await Deno.writeTextFile(
        `${folder}/odd/namespace.yaml`,
        "apiVersion: v1\nkind: Namespace\nmetadata: { name: odd }\n",
      );
      await proveStable(`${folder}/odd`, "odd", sandbox.kubeconfig);
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
