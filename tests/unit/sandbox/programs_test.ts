import assert from "node:assert/strict";
import { join } from "node:path";
import { COMPONENTS } from "../../../lib/sandbox/components.ts";
import { findPrograms } from "../../../lib/sandbox/programs.ts";
import { environment, script, temporaryFolder } from "../tools/support.ts";

const ANSWERS = {
  "etcd": "etcd Version: 3.6.4",
  "kube-apiserver": "Kubernetes v1.34.4",
  "kube-controller-manager": "Kubernetes v1.34.4",
  "kube-scheduler": "Kubernetes v1.34.4",
  "kwok": "kwok version v0.8.0 go1.26.0 (linux/amd64)",
};

Deno.test("programs in the folder of KUBEBUILDER_ASSETS go before all others", async () => {
  await using assets = await temporaryFolder();
  for (const component of COMPONENTS) {
    await script(assets.path, component, `echo "${ANSWERS[component]}"`);
  }
  const programs = await findPrograms({
    environment: environment({ KUBEBUILDER_ASSETS: assets.path, HOME: assets.path }),
  });
  for (const component of COMPONENTS) {
    assert.deepEqual(programs[component], [join(assets.path, component)]);
  }
});

Deno.test("what is not in that folder, or of another version, is our own program", async () => {
  await using assets = await temporaryFolder();
  const own = await script(assets.path, "plumb-sandbox", "");
  const etcd = await script(assets.path, "etcd", `echo "${ANSWERS.etcd}"`);
  await script(assets.path, "kube-apiserver", "echo Kubernetes v1.31.0");
  const lines: string[] = [];
  const programs = await findPrograms({
    environment: environment({
      KUBEBUILDER_ASSETS: assets.path,
      PLUMB_SANDBOX: own,
      HOME: assets.path,
    }),
    progress: (line) => lines.push(line),
  });
  assert.deepEqual(programs.etcd, [etcd]);
  for (const component of COMPONENTS.slice(1)) {
    assert.deepEqual(programs[component], [own, component]);
  }
  assert.deepEqual(lines, [
    `${assets.path}/kube-apiserver does not fit: it answers "Kubernetes v1.31.0"`,
  ]);
});
