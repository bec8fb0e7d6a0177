/**
 * Manifests as projects publish them go in as they are, and a second run finds nothing to do: neither by its
 * records nor by comparing every object.
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { startSandbox } from "../../lib/sandbox/mod.ts";
import { planOf, plumb, type Run } from "../plumb.ts";
import { moduleFolder, type Release, RELEASES } from "../releases.ts";

const ODD = fileURLToPath(new URL("fixtures/odd.yaml", import.meta.url));

/** Applies a folder, and proves that nothing is left to do. */
async function proveStable(folder: string, name: string, kubeconfig: string): Promise<void> {
  const args = ["--path", folder, "--name", name, "--namespace", name];
  const first = await plumb(["reconcile", ...args, "--timeout", "90s"], { kubeconfig });
  assert.equal(first.code, 0, problemsOf(first));
  assert.ok(planOf(first).length > 0);
  for (const again of [["reconcile"], ["reconcile", "--refresh"], ["diff", "--refresh"]]) {
    const run = await plumb([...again, ...args], { kubeconfig });
    assert.deepEqual([run.code, planOf(run)], [0, []], `${again.join(" ")}: ${problemsOf(run)}`);
  }
}

function problemsOf({ events }: Run): string {
  const problems = events.filter((event) =>
    event.type === "error" ||
    (event.type === "change" && event.result !== "done") ||
    (event.type === "health" && event.status === "failed")
  );
  return problems.map((event) => JSON.stringify(event)).join("\n");
}

async function writeNamespace(folder: string, name: string): Promise<void> {
  const text = `apiVersion: v1\nkind: Namespace\nmetadata: { name: ${name} }\n`;
  await Deno.writeTextFile(`${folder}/namespace.yaml`, text);
}

async function copyRelease(release: Release, folder: string): Promise<void> {
  const source = await moduleFolder(release);
  for (const file of release.files) {
    // Copying would keep the module cache's mode, in which nothing can be overwritten or removed.
    const text = await Deno.readTextFile(`${source}/${file}`);
    await Deno.writeTextFile(`${folder}/${file.replaceAll("/", "-")}`, text);
  }
}

Deno.test("release manifests go in, and a second run changes nothing and shows no difference", async (test) => {
  // A cluster of their own: their webhooks, which nobody answers, would stop other tests.
  await using sandbox = await startSandbox();
  for (const release of RELEASES) {
    await test.step(release.name, async () => {
      const folder = await Deno.makeTempDir({ prefix: "plumb-release-" });
      try {
        await writeNamespace(folder, release.name);
        await copyRelease(release, folder);
        await proveStable(folder, release.name, sandbox.kubeconfig);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    });
  }
});

Deno.test("every odd spelling goes in, and a second run changes nothing and shows no difference", async () => {
  await using sandbox = await startSandbox();
  const folder = await Deno.makeTempDir({ prefix: "plumb-odd-" });
  try {
    await writeNamespace(folder, "odd");
    await Deno.copyFile(ODD, `${folder}/odd.yaml`);
    await proveStable(folder, "odd", sandbox.kubeconfig);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
