/** A component in a real repository, for tests of what needs its history. */
import { join } from "node:path";
import { type Journal, readJournal } from "../lib/apply/mod.ts";
import { Cluster, type Resource } from "../lib/cluster/mod.ts";
import type { KubernetesObject } from "../lib/object.ts";
import type { GitHubDouble } from "./contract/github/server.ts";
import { ADA } from "./contract/github/support.ts";
import { forget, plumb, type Run, type RunSettings } from "./plumb.ts";
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

/** Where the component is in its repository. */
const FOLDER = "manifests/web";

/** A component whose namespace does not exist yet, in a repository of its own or in that of a double of GitHub. */
export async function gitWorkspace(github?: GitHubDouble): Promise<GitWorkspace> {
  const { kubeconfig } = await testCluster();
  const name = `test-${crypto.randomUUID().slice(0, 8)}`;
  await using stack = new AsyncDisposableStack();
  const { path: repository, commit, arguments: named } = github === undefined
    ? stack.use(await localRepository())
    : repositoryAt(github);
  const cluster = await Cluster.connect({ kubeconfig, environment: {} });
  const common = ["--source", repository, "--ref", "main", "--path", FOLDER, ...named];
  const called = ["--name", name, "--namespace", name];
  const taken = stack.move();
  return {
    name,
    repository,
    kubeconfig,
    cluster,
    commit: (files) => {
      const texts = Object.entries(files)
        .map(([path, text]) => [`${FOLDER}/${path}`, text.replaceAll("NAMESPACE", name)]);
      return commit(Object.fromEntries(texts), FOLDER);
    },
    commitElsewhere: () => commit({ "README.md": crypto.randomUUID() }),
    arguments: (command) => [command, ...common, ...called],
    run: (args = [], settings = {}) =>
      plumb(
        ["reconcile", ...common, ...called, "--timeout", "30s", ...args],
        { kubeconfig, ...settings },
      ),
    get: (resource, object) => cluster.get(resource, { namespace: name, name: object }),
    journal: () => readJournal(cluster, name),
    async [Symbol.asyncDispose]() {
      await forget(cluster, name);
      cluster[Symbol.dispose]();
      await taken[Symbol.asyncDispose]();
    },
  };
}

interface TestedRepository {
  readonly path: string;
  /** What tells a run that it is at GitHub. */
  readonly arguments: readonly string[];
  /** Commits files; those of a folder are all that is left of it. */
  commit(files: Readonly<Record<string, string>>, folder?: string): Promise<string>;
}

async function localRepository(): Promise<TestedRepository & AsyncDisposable> {
  const path = await Deno.makeTempDir({ prefix: "plumb-git-" });
  await git(path, "init", "--quiet", "--initial-branch=main");
  return {
    path,
    arguments: [],
    async commit(files, folder) {
      if (folder !== undefined) {
        await Deno.remove(join(path, folder), { recursive: true }).catch(() => {});
        await Deno.mkdir(join(path, folder), { recursive: true });
      }
      for (const [file, text] of Object.entries(files)) {
        await Deno.writeTextFile(join(path, file), text);
      }
      await git(path, "add", "--all");
      await git(path, "commit", "--quiet", "--allow-empty", "--message", "Change the web");
      return await git(path, "rev-parse", "HEAD");
    },
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

function repositoryAt(github: GitHubDouble): TestedRepository {
  const { repository: path, owner, name } = github;
  return {
    path,
    arguments: ["--repository", `${owner}/${name}`],
    async commit(files, folder) {
      const old = folder === undefined
        ? ""
        : await git(path, "ls-tree", "-r", "--name-only", "main", folder);
      const gone = old.split("\n").filter((file) => file !== "").map((file) => [file, null]);
      return await github.commit("main", { ...Object.fromEntries(gone), ...files }, ADA);
    },
  };
}
