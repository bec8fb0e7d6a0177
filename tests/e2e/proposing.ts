/** A component in a repository at the double of GitHub, and in the cluster of the tests. */
import assert from "node:assert/strict";
import { Cluster } from "../../lib/cluster/mod.ts";
import type { Event } from "../../lib/event.ts";
import { type GitHubDouble, type GitHubOptions, startGitHub } from "../contract/github/server.ts";
import { assertNoSecrets, DEPLOYMENTS, forget, NAMESPACES, plumb, type Run } from "../plumb.ts";
import { testCluster } from "../sandbox.ts";
import { git } from "../unit/source/repository.ts";

/** Where the manifest is in the repository. */
export const FILE = "manifests/web/web.yaml";
/** What the component begins with. */
export const MANIFEST = `# The web server.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1 # enough at night
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
        - name: web
          image: "nginx:1.27"   # pinned
          env:
            - { name: LEVEL, value: info }
            - { name: HOST, value: "\${host}" }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: web }
data:
  motd: hello
`;
const COMPONENT = (namespace: string, spec: string) =>
  `apiVersion: plumb.thinkube.io/v1alpha1
kind: Component
metadata: { name: ${namespace} }
spec:
  namespace: ${namespace}
  manifests: ["web.yaml"]
  policy: "off"
  parameters:
    host: { type: hostname, default: web.example.com, description: Where it is }
${spec}`;

/** What a test sees and does. */
export interface World {
  readonly namespace: string;
  readonly github: GitHubDouble;
  readonly cluster: Cluster;
  run(...args: string[]): Promise<Run>;
  /** The manifest on a branch; on that of the proposal when none is named. */
  file(branch?: string): Promise<string>;
}

/** What is other than usual. `spec`: more of `component.yaml`, each line indented by two. */
export type WorldOptions = Pick<GitHubOptions, "codeowners" | "collaborators" | "app"> & {
  readonly spec?: string;
  readonly environment?: (github: GitHubDouble) => Record<string, string>;
};

/** Makes a world, and takes it away again. */
export async function inWorld(
  work: (world: World) => Promise<void>,
  { spec = "", environment, ...given }: WorldOptions = {},
): Promise<void> {
  const { kubeconfig } = await testCluster();
  const namespace = `web-${crypto.randomUUID().slice(0, 8)}`;
  await using github = await startGitHub({
    files: {
      [FILE]: MANIFEST,
      "manifests/web/component.yaml": COMPONENT(namespace, spec),
      "README.md": "x\n",
    },
    ...given,
  });
  using cluster = await Cluster.connect({ kubeconfig, environment: {} });
  const object = { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } };
  await cluster.apply(NAMESPACES, object);
  try {
    await work({
      namespace,
      github,
      cluster,
      run: (...args) =>
        plumb([
          "reconcile",
          "--path",
          "manifests/web",
          "--source",
          github.repository,
          "--ref",
          "main",
          "--repository",
          `${github.owner}/${github.name}`,
          ...args,
        ], {
          environment: {
            GITHUB_API_URL: github.url,
            ...environment?.(github) ?? { GITHUB_TOKEN: github.token },
          },
        }),
      file: async (branch = `plumb/drift/${namespace}`) =>
        `${await git(github.repository, "show", `${branch}:${FILE}`)}\n`,
    });
    assert.deepEqual(github.violations, []);
    assertNoSecrets(JSON.stringify(github.pulls()), { GITHUB_TOKEN: github.token });
  } finally {
    await forget(cluster, namespace);
  }
}

/** As an editor does it. */
export async function edit(
  cluster: Cluster,
  name: { readonly namespace: string; readonly name: string },
  values: Readonly<Record<string, unknown>>,
): Promise<void> {
  const patch = Object.entries(values).map(([path, value]) => ({ op: "replace", path, value }));
  await cluster.patch(DEPLOYMENTS, name, patch, "json", "kubectl-edit");
}

/** What a run says about its pull request. */
export function proposalIn({ events }: Run): Extract<Event, { type: "proposal" }> | undefined {
  return events.find((event) => event.type === "proposal");
}

/** GitHub's client spaces its writes out, and keeps timers for that. */
export const options = { sanitizeOps: false, sanitizeResources: false };
