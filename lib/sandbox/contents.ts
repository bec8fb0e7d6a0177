/**
 * What is in a sandbox's cluster from the start: a node, a default StorageClass, and answers to logs and exec.
 * @module
 */

import type { Connection, Manifest } from "./connection.ts";
import { KWOK_KINDS, NODE } from "./components.ts";

const KWOK_GROUP = "kwok.x-k8s.io";

/** API version of kwok's kinds. */
export const KWOK_VERSION = `${KWOK_GROUP}/v1alpha1`;

/** Kwok's kinds with the plural names of their resources. */
export const KWOK_RESOURCES: Readonly<Record<typeof KWOK_KINDS[number], string>> = {
  ClusterLogs: "clusterlogs",
  Logs: "logs",
  ClusterExec: "clusterexecs",
  Exec: "execs",
  ClusterPortForward: "clusterportforwards",
};

/**
 * Registers kwok's kinds. Until that is done kwok finds none of them and logs errors.
 */
export async function registerKinds(connection: Connection): Promise<void> {
  await Promise.all(KWOK_KINDS.map((kind) => {
    const plural = KWOK_RESOURCES[kind];
    return connection.apply("customresourcedefinitions", {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: `${plural}.${KWOK_GROUP}` },
      spec: {
        group: KWOK_GROUP,
        scope: kind.startsWith("Cluster") ? "Cluster" : "Namespaced",
        names: { kind, plural, singular: kind.toLowerCase() },
        versions: [{
          name: "v1alpha1",
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
          },
        }],
      },
    });
  }));
}

/**
 * The node. Its address and port are where the API server looks for its kubelet.
 *
 * @param kubeletPort On loopback.
 */
export function node(kubeletPort: number): Manifest {
  const capacity = { cpu: "1000", memory: "1000Gi", pods: "100000", "ephemeral-storage": "1000Gi" };
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name: NODE,
      labels: { "kubernetes.io/hostname": NODE, "kubernetes.io/os": "linux" },
    },
    status: {
      addresses: [
        { type: "InternalIP", address: "127.0.0.1" },
        { type: "Hostname", address: NODE },
      ],
      daemonEndpoints: { kubeletEndpoint: { Port: kubeletPort } },
      capacity,
      allocatable: capacity,
      nodeInfo: {
        architecture: "amd64",
        bootID: "",
        containerRuntimeVersion: "kwok",
        kernelVersion: "",
        kubeProxyVersion: "",
        kubeletVersion: "kwok",
        machineID: "",
        operatingSystem: "linux",
        osImage: "",
        systemUUID: "",
      },
    },
  };
}

/** Binds each claim to a new folder of this machine. */
export const STORAGE_CLASS: Manifest = {
  apiVersion: "storage.k8s.io/v1",
  kind: "StorageClass",
  metadata: {
    name: "standard",
    annotations: { "storageclass.kubernetes.io/is-default-class": "true" },
  },
  provisioner: "kubernetes.io/host-path",
  reclaimPolicy: "Delete",
  volumeBindingMode: "Immediate",
};

/**
 * Answers for every pod that has none of its own: a log of one line, and commands run on this machine.
 *
 * @param log Path of the log file.
 */
export function defaultAnswers(log: string): readonly [string, Manifest][] {
  return [
    ["clusterlogs", {
      apiVersion: KWOK_VERSION,
      kind: "ClusterLogs",
      metadata: { name: "default" },
      spec: { logs: [{ logsFile: log, previousLogsFile: log, follow: false }] },
    }],
    ["clusterexecs", {
      apiVersion: KWOK_VERSION,
      kind: "ClusterExec",
      metadata: { name: "default" },
      spec: { execs: [{ local: {} }] },
    }],
  ];
}
