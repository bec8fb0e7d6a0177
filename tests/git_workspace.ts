/** A component in a real repository, for tests of what needs its history. */
import { join } from "node:path";
import { type Journal, readJournal } from "../lib/apply/mod.ts";
import { Cluster, type Resource } from "../lib/cluster/mod.ts";
import type { KubernetesObject } from "../lib/object.ts";
import { LEASES, NAMESPACES, plumb, type Run, type RunSettings, SECRETS } from "./plumb.ts";
import { testCluster } from "./sandbox.ts";
import { git } from "./unit/source/repository.ts";

/** A component in a repository, and in a namespace of its own. */
export interface GitWorkspace extends AsyncDisposable {
  readonly name: string;
  readonly repository: string;
  readonly kubeconfig: string;
  readonly cluster: Cluster;
  /** Commits these files and no others as the component. @returns the commit. */
  commit(files: Readonly<Record<string, string>>): Promise<string>;
  /** Adds a commit elsewhere in the repository. */
  commitElsewhere(): Promise<string>;
  run(args?: readonly string[], settings?: RunSettings): Promise<Run>;
  arguments(command: string): string[];
  get(resource: Resource, name: string): Promise<KubernetesObject | undefined>;
  journal(): Promise<Journal>;
}

/** A component whose namespace does not exist yet. */
export async function gitWorkspace(): Promise<GitWorkspace> {
  const { kubeconfig } = await testCluster();
  const name = `test-${crypto.randomUUID().slice(0, 8)}`;
  const repository = await Deno.makeTempDir({ prefix: "plumb-git-" });
  await git(repository, "init", "--quiet", "--initial-branch=main");
  const cluster = await Cluster.connect({ kubeconfig, environment: {} });
  const folder = join(repository, "manifests", "web");
  const save = async (message: string) => {
    await git(repository, "add", "--all");
    await git(repository, "commit", "--quiet", "--allow-empty", "--message", message);
    return await git(repository, "rev-parse", "HEAD");
  };
  const common = ["--source", repository, "--ref", "main", "--path", "manifests/web"];
  const called = ["--name", name, "--namespace", name];
  return {
    name,
    repository,
    kubeconfig,
    cluster,
    async commit(files) {
      await Deno.mkdir(folder, { recursive: true });
      for await (const { name } of Deno.readDir(folder)) await Deno.remove(join(folder, name));
      for (const [path, text] of Object.entries(files)) {
        await Deno.writeTextFile(join(folder, path), text.replaceAll("NAMESPACE", name));
      }
      return await save("Change the web");
    },
    commitElsewhere: async () => {
      await Deno.writeTextFile(join(repository, "README.md"), crypto.randomUUID());
      return await save("Change what is not the web");
    },
    arguments: (command) => [command, ...common, ...called],
    run: (args = [], settings = {}) =>
      plumb(
        ["reconcile", ...common, ...called, "--timeout", "30s", ...args],
        { kubeconfig, ...settings },
      ),
    get: (resource, object) => cluster.get(resource, { namespace: name, name: object }),
    journal: () => readJournal(cluster, name),
    async [Symbol.asyncDispose]() {
      await cluster.delete(NAMESPACES, { name });
      const namespace = "plumb-system";
      await cluster.delete(SECRETS, { namespace, name: `inventory-${name}` });
      await cluster.delete(SECRETS, { namespace, name: `journal-${name}` });
      await cluster.delete(LEASES, { namespace, name: `component-${name}` });
      cluster[Symbol.dispose]();
      await Deno.remove(repository, { recursive: true });
    },
  };
}
