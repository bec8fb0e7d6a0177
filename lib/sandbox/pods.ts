/**
 * What pods of a sandbox answer: logs, commands and forwarded ports lead to files and processes of this machine.
 *
 * These functions need only a kubeconfig of the sandbox, so that several processes can share one. Kwok
 * learns of a rule by a watch, usually within a few milliseconds of the function's return.
 * @module
 */

import { join } from "node:path";
import { z } from "zod";
import { Connection } from "./connection.ts";
import type { Manifest } from "./connection.ts";
import { KWOK_RESOURCES, KWOK_VERSION } from "./contents.ts";
import { SandboxError } from "./error.ts";
import { logText } from "./files.ts";

/** Names the pods that a rule is for. */
export interface PodSelection {
  /** Namespace of the pods. */
  readonly namespace: string;
  /** One pod. */
  readonly name?: string;
  /** All pods that have these labels now; for later pods call again. Without name and labels: all pods, also later ones. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** Where port-forward leads. */
export interface ForwardRule extends PodSelection {
  /** Port of the pod. */
  readonly port: number;
  /** Port on loopback that a real process listens on. */
  readonly to: number;
}

/** What `kubectl logs` shows. */
export interface LogRule extends PodSelection {
  /** Default: all containers of the pod. */
  readonly containers?: readonly string[];
  /** Text without line ends. */
  readonly lines: readonly string[];
  /** Log of the container's previous run. Default: the same lines. */
  readonly previous?: readonly string[];
  /** An existing folder that holds the log files as long as the cluster uses them. */
  readonly folder: string;
}

/** How `kubectl exec` runs commands: on this machine, as this user. */
export interface ExecRule extends PodSelection {
  /** Default: all containers of the pod. */
  readonly containers?: readonly string[];
  /** Added to the environment of the command. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Default: the sandbox's folder. */
  readonly workFolder?: string;
}

/**
 * Leads a port of pods to a process on loopback. Replaces an earlier rule for the same selection and port.
 * Ports without a rule are refused.
 *
 * @param kubeconfig Path of a kubeconfig of the sandbox.
 * @throws {SandboxError} `no-pods` when no pod has the labels.
 */
export async function forwardPort(kubeconfig: string, rule: ForwardRule): Promise<void> {
  using connection = await connect(kubeconfig);
  const { namespace, port, to } = rule;
  const names = rule.name === undefined && rule.labels === undefined
    ? undefined
    : await podNames(connection, rule);
  await connection.apply(KWOK_RESOURCES.ClusterPortForward, {
    apiVersion: KWOK_VERSION,
    kind: "ClusterPortForward",
    metadata: { name: await ruleName(rule) },
    spec: {
      selector: {
        matchNamespaces: [namespace],
        ...names === undefined ? {} : { matchNames: names },
      },
      forwards: [{ ports: [port], target: { address: "127.0.0.1", port: to } }],
    },
  });
}

/**
 * Sets the logs of pods. Replaces an earlier rule for the same pod.
 *
 * @throws {SandboxError} `no-pods` when the selection matches none.
 */
export async function setLogs(kubeconfig: string, rule: LogRule): Promise<void> {
  using connection = await connect(kubeconfig);
  const { containers, lines, previous = lines, folder } = rule;
  const path = join(folder, `${crypto.randomUUID()}.log`);
  const previousPath = join(folder, `${crypto.randomUUID()}.log`);
  await Deno.writeTextFile(path, logText(lines));
  await Deno.writeTextFile(previousPath, logText(previous));
  await applyToPods(connection, rule, "Logs", {
    logs: [{ ...named(containers), logsFile: path, previousLogsFile: previousPath }],
  });
}

/**
 * Sets how commands of pods run. Replaces an earlier rule for the same pod. A program in the folder `bin` of
 * the sandbox goes before one of the machine with the same name. A command that fails shows as an error
 * without its exit code: kwok does not hand it on.
 *
 * @throws {SandboxError} `no-pods` when the selection matches none.
 */
export async function setExec(kubeconfig: string, rule: ExecRule): Promise<void> {
  using connection = await connect(kubeconfig);
  const { containers, environment = {}, workFolder } = rule;
  const envs = Object.entries(environment).map(([name, value]) => ({ name, value }));
  const local = workFolder === undefined ? { envs } : { envs, workDir: workFolder };
  await applyToPods(connection, rule, "Exec", { execs: [{ ...named(containers), local }] });
}

/** These kinds belong to one pod, whose name they have, and go before the cluster's default. */
async function applyToPods(
  connection: Connection,
  selection: PodSelection,
  kind: "Logs" | "Exec",
  spec: unknown,
): Promise<void> {
  const { namespace } = selection;
  const names = await podNames(connection, selection);
  await Promise.all(names.map((name) => {
    const manifest: Manifest = {
      apiVersion: KWOK_VERSION,
      kind,
      metadata: { name, namespace },
      spec,
    };
    return connection.apply(KWOK_RESOURCES[kind], manifest);
  }));
}

function named(containers: readonly string[] | undefined): { containers?: readonly string[] } {
  return containers === undefined ? {} : { containers };
}

async function connect(kubeconfig: string): Promise<Connection> {
  return new Connection(await Deno.readTextFile(kubeconfig));
}

const Pods = z.object({
  items: z.array(z.object({ metadata: z.object({ name: z.string() }) })),
});

async function podNames(connection: Connection, selection: PodSelection): Promise<string[]> {
  const { namespace, name, labels = {} } = selection;
  if (name !== undefined) return [name];
  const selector = Object.entries(labels).map(([key, value]) => `${key}=${value}`).join(",");
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`;
  const query = new URLSearchParams({ labelSelector: selector });
  const { items } = Pods.parse(await connection.request("GET", `${path}?${query}`));
  if (items.length === 0) {
    throw new SandboxError("no-pods", `No pod of ${namespace} has the labels "${selector}"`, {
      hint: "Wait until the workload has made its pods.",
    });
  }
  return items.map((pod) => pod.metadata.name);
}

/** The same selection and port always give the same name, which must be a DNS name. */
async function ruleName({ namespace, name, labels, port }: ForwardRule): Promise<string> {
  const identity = JSON.stringify([name, Object.entries(labels ?? {}).sort()]);
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(identity));
  return `${namespace}.${new Uint8Array(digest).toHex().slice(0, 16)}.${port}`;
}
