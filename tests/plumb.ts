/** Runs the CLI in this process against the cluster of the tests, and sees all that it says. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { dump, load } from "js-yaml";
import type { CommandContext, RunContext } from "../lib/cli/command.ts";
import { runCli } from "../lib/cli/main.ts";
import { Cluster, LEASES, NAMESPACES, type Resource, SECRETS } from "../lib/cluster/mod.ts";
import type { ChangeReport, Event, Outcome } from "../lib/event.ts";
import type { KubernetesObject } from "../lib/object.ts";
import { testCluster } from "./sandbox.ts";

export {
  CLAIMS,
  CONFIG_MAPS,
  DEPLOYMENTS,
  EVENTS,
  JOBS,
  LEASES,
  NAMESPACES,
  PODS,
  SECRETS,
  SERVICES,
  VOLUMES,
} from "../lib/cluster/mod.ts";
export { COMPONENT_YAML, configMap, deployment, documents, job, NAMESPACE } from "./manifests.ts";

/** What a run said and how it ended. */
export interface Run {
  readonly code: number;
  readonly output: string;
  readonly events: readonly Event[];
}

/** How to run. */
export interface RunSettings {
  readonly environment?: Record<string, string>;
  readonly kubeconfig?: string;
  readonly signal?: AbortSignal;
  /** Of a person at a terminal; nobody is there when absent. */
  readonly answer?: string;
  /** Called with each event as it happens. */
  readonly onEvent?: (event: Event) => void;
}

/** For what is called beside the CLI, and has nothing to say. */
export const QUIET: RunContext = {
  write: () => {},
  writeError: () => {},
  interactive: false,
  color: false,
  columns: 80,
  environment: {},
  signal: new AbortController().signal,
  cache: "/nowhere",
  confirm: () => Promise.resolve(true),
  ask: () => Promise.resolve(undefined),
  emit: () => {},
};

/** Runs the CLI with `--output json`, unless the arguments choose otherwise. */
export async function plumb(args: readonly string[], settings: RunSettings = {}): Promise<Run> {
  const kubeconfig = settings.kubeconfig ?? (await testCluster()).kubeconfig;
  let output = "";
  const write = (text: string) => {
    output += text;
    for (const event of parseEvents(text)) settings.onEvent?.(event);
  };
  const cache = await Deno.makeTempDir({ prefix: "plumb-cache-" });
  const context: CommandContext = {
    write,
    writeError: write,
    interactive: settings.answer !== undefined,
    color: false,
    columns: 100,
    environment: {
      KUBECONFIG: kubeconfig,
      PATH: Deno.env.get("PATH") ?? "",
      HOME: Deno.env.get("HOME") ?? "",
      ...settings.environment,
    },
    signal: settings.signal ?? new AbortController().signal,
    cache,
    confirm: () => Promise.resolve(settings.answer === "yes"),
    ask: () => Promise.resolve(settings.answer),
  };
  const chosen = args.some((argument) =>
    argument === "--output" || argument.startsWith("--output=")
  );
  const code = await runCli(chosen ? args : [...args, "--output", "json"], context);
  await Deno.remove(cache, { recursive: true });
  assertNoSecrets(output, context.environment);
  return { code, output, events: parseEvents(output) };
}

const MAIN = new URL("../main.ts", import.meta.url).pathname;

/** Runs the CLI in a process of its own, which can be killed. What is piped must be read. */
export function startPlumb(
  args: readonly string[],
  env: Record<string, string>,
  output: "null" | "piped" = "null",
): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", MAIN, ...args],
    env,
    stdin: "null",
    stdout: output,
    stderr: output,
  }).spawn();
}

/** Whatever a run says, it says nothing of the secrets that it was given, neither as they are nor encoded. */
export function assertNoSecrets(
  output: string,
  environment: CommandContext["environment"],
): void {
  for (const [name, value = ""] of Object.entries(environment)) {
    if (!/PASSWORD|SECRET|TOKEN|PRIVATE_KEY/.test(name) || value.length < 6) continue;
    for (const form of [value, Buffer.from(value).toString("base64"), encodeURIComponent(value)]) {
      assert.ok(!output.includes(form), `the value of ${name} shows`);
    }
  }
}

function parseEvents(output: string): Event[] {
  return output.split("\n").filter((line) => line.startsWith('{"')).map((line) =>
    JSON.parse(line) as Event
  );
}

/** The plan that a run told. */
export function planOf(run: Run): readonly ChangeReport[] {
  const plans = run.events.filter((event) => event.type === "plan");
  return plans.at(-1)?.changes ?? [];
}

/** The changes of a plan, short: `create ConfigMap/settings`. */
export function actionsOf(run: Run): string[] {
  return planOf(run).map(({ action, object }) => `${action} ${object.kind}/${object.name}`).sort();
}

/** How a run says that it ended. */
export function outcomeOf(run: Run): Outcome | undefined {
  return run.events.find((event) => event.type === "result")?.outcome;
}

/** The error that a run told. */
export function errorOf(run: Run): Extract<Event, { type: "error" }> {
  const error = run.events.find((event) => event.type === "error");
  assert.ok(error, `no error in:\n${run.output}`);
  return error;
}

/** A folder of its own for a test, and a component in a namespace of its own. */
export interface Workspace extends AsyncDisposable {
  readonly folder: string;
  /** Name of the component and of its namespace. */
  readonly name: string;
  readonly kubeconfig: string;
  readonly cluster: Cluster;
  /** Replaces all manifests. */
  write(files: Readonly<Record<string, string>>): Promise<void>;
  arguments(command: string): string[];
  reconcile(args?: readonly string[], settings?: RunSettings): Promise<Run>;
  diff(args?: readonly string[], settings?: RunSettings): Promise<Run>;
  verify(args?: readonly string[], settings?: RunSettings): Promise<Run>;
  /** An object in the namespace of the component. */
  get(resource: Resource, name: string): Promise<KubernetesObject | undefined>;
}

/** Takes away a component whose namespace has its name, and what Plumb knows of it. */
export async function forget(cluster: Cluster, name: string): Promise<void> {
  const namespace = "plumb-system";
  await cluster.delete(NAMESPACES, { name });
  await cluster.delete(SECRETS, { namespace, name: `inventory-${name}` });
  await cluster.delete(SECRETS, { namespace, name: `journal-${name}` });
  await cluster.delete(LEASES, { namespace, name: `component-${name}` });
}

/** A workspace whose namespace does not exist yet. */
export async function workspace(): Promise<Workspace> {
  const { kubeconfig } = await testCluster();
  const name = `test-${crypto.randomUUID().slice(0, 8)}`;
  const folder = await Deno.makeTempDir({ prefix: "plumb-workspace-" });
  const cluster = await Cluster.connect({ kubeconfig, environment: {} });
  const common = ["--path", folder, "--name", name, "--namespace", name];
  return {
    folder,
    name,
    kubeconfig,
    cluster,
    async write(files) {
      for await (const entry of Deno.readDir(folder)) {
        await Deno.remove(`${folder}/${entry.name}`, { recursive: true });
      }
      for (const [path, text] of Object.entries(files)) {
        await Deno.mkdir(`${folder}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
        await Deno.writeTextFile(`${folder}/${path}`, text.replaceAll("NAMESPACE", name));
      }
    },
    arguments: (command) => [command, ...common],
    reconcile: (args = [], settings = {}) =>
      plumb(["reconcile", ...common, "--timeout", "30s", ...args], { kubeconfig, ...settings }),
    diff: (args = [], settings = {}) =>
      plumb(["diff", ...common, ...args], { kubeconfig, ...settings }),
    verify: (args = [], settings = {}) =>
      plumb(["verify", ...common, ...args], { kubeconfig, ...settings }),
    get: (resource, objectName) => cluster.get(resource, { namespace: name, name: objectName }),
    async [Symbol.asyncDispose]() {
      await forget(cluster, name);
      cluster[Symbol.dispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** A kubeconfig with a token in the place of its user, in a file of its own. */
export async function kubeconfigWithToken(kubeconfig: string, token: string): Promise<string> {
  const content = load(await Deno.readTextFile(kubeconfig)) as { users: { user: unknown }[] };
  for (const user of content.users) user.user = { token };
  const path = await Deno.makeTempFile({ suffix: ".yaml" });
  await Deno.writeTextFile(path, dump(content));
  return path;
}

/** A kubeconfig with the token of one of Plumb's own service accounts. */
export async function tokenKubeconfig(
  cluster: Cluster,
  kubeconfig: string,
  account: string,
): Promise<{ readonly kubeconfig: string } & AsyncDisposable> {
  const answer = await cluster.raw({
    method: "POST",
    path: `/api/v1/namespaces/plumb-system/serviceaccounts/${account}/token`,
    body: { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} },
  }) as { status: { token: string } };
  const path = await kubeconfigWithToken(kubeconfig, answer.status.token);
  return { kubeconfig: path, [Symbol.asyncDispose]: () => Deno.remove(path) };
}

/** What a role allows. */
export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** Runs as a service account that has only these permissions, in the namespace of a workspace, which must exist. */
export async function restrictedKubeconfig(
  { cluster, name, kubeconfig }: Pick<Workspace, "cluster" | "name" | "kubeconfig">,
  rules: readonly Rule[],
): Promise<{ readonly kubeconfig: string } & AsyncDisposable> {
  const metadata = { name };
  const account = { name, namespace: name };
  const apiVersion = `${RBAC}/v1`;
  await cluster.create(ACCOUNTS, { apiVersion: "v1", kind: "ServiceAccount", metadata: account });
  await cluster.create(ROLES, { apiVersion, kind: "ClusterRole", metadata, rules });
  await cluster.create(BINDINGS, {
    apiVersion,
    kind: "ClusterRoleBinding",
    metadata,
    roleRef: { apiGroup: RBAC, kind: "ClusterRole", name },
    subjects: [{ kind: "ServiceAccount", ...account }],
  });
  const answer = await cluster.raw({
    method: "POST",
    path: `/api/v1/namespaces/${name}/serviceaccounts/${name}/token`,
    body: { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} },
  }) as { status: { token: string } };
  const restricted = await kubeconfigWithToken(kubeconfig, answer.status.token);
  return {
    kubeconfig: restricted,
    async [Symbol.asyncDispose]() {
      await cluster.delete(BINDINGS, metadata);
      await cluster.delete(ROLES, metadata);
      await Deno.remove(restricted);
    },
  };
}

function core(kind: string, plural: string, namespaced = true): Resource {
  return { group: "", version: "v1", kind, plural, namespaced };
}

const ACCOUNTS = core("ServiceAccount", "serviceaccounts");
const RBAC = "rbac.authorization.k8s.io";
const ROLES: Resource = { ...core("ClusterRole", "clusterroles", false), group: RBAC };
const BINDINGS: Resource = {
  ...core("ClusterRoleBinding", "clusterrolebindings", false),
  group: RBAC,
};
