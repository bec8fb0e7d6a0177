/**
 * The programs of a control plane and their command lines, as a pure function of where things are.
 * @module
 */

import { join } from "node:path";

/** The programs, in the order in which they start. */
export const COMPONENTS = [
  "etcd",
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "kwok",
] as const;

/** One program of a control plane. */
export type Component = typeof COMPONENTS[number];

/** Where a sandbox keeps its files and listens. */
export interface Layout {
  readonly folder: string;
  /** Of the API server, on loopback. */
  readonly port: number;
  /** Of kwok in its part as kubelet, on loopback. */
  readonly kubeletPort: number;
  /** Quota of etcd in bytes. */
  readonly storage?: number | undefined;
}

/** Files that the components read, by what they hold; all are in the sandbox's folder. */
export const FILES = {
  authority: "authority.crt",
  authorityKey: "authority.key",
  serving: "serving.crt",
  servingKey: "serving.key",
  kubeletClient: "kubelet-client.crt",
  kubeletClientKey: "kubelet-client.key",
  serviceAccounts: "service-accounts.crt",
  serviceAccountsKey: "service-accounts.key",
  admin: "admin.kubeconfig",
  controllerManager: "controller-manager.kubeconfig",
  scheduler: "scheduler.kubeconfig",
  stages: "stages.yaml",
  logs: "default.log",
  programs: "bin",
} as const;

/** Kinds of kwok that say what logs, exec and port-forward of a pod lead to. */
export const KWOK_KINDS = [
  "ClusterLogs",
  "Logs",
  "ClusterExec",
  "Exec",
  "ClusterPortForward",
] as const;

/** Name of the sandbox's only node. */
export const NODE = "sandbox";

/** The flags of each program. */
export function flags(component: Component, layout: Layout): string[] {
  return FLAGS[component](layout, (file) => join(layout.folder, file));
}

const ETCD = "unix://etcd:1";
const PEER = "unix://etcd:2";

type Flags = (layout: Layout, path: (file: string) => string) => string[];

const FLAGS: Record<Component, Flags> = {
  // A socket in a private folder needs neither a port nor certificates. Etcd takes its name, which must
  // look like host:port, relative to the working directory.
  etcd: ({ storage }, path) => [
    "--name=sandbox",
    ...storage === undefined ? [] : [`--quota-backend-bytes=${storage}`],
    `--data-dir=${path("etcd")}`,
    `--listen-client-urls=${ETCD}`,
    `--advertise-client-urls=${ETCD}`,
    `--listen-peer-urls=${PEER}`,
    `--initial-advertise-peer-urls=${PEER}`,
    `--initial-cluster=sandbox=${PEER}`,
    "--unsafe-no-fsync",
    "--logger=zap",
    "--log-level=warn",
  ],
  "kube-apiserver": ({ port }, path) => [
    `--etcd-servers=${ETCD}`,
    "--bind-address=127.0.0.1",
    "--advertise-address=127.0.0.1",
    `--secure-port=${port}`,
    // An Endpoints object may not hold a loopback address.
    "--endpoint-reconciler-type=none",
    `--tls-cert-file=${path(FILES.serving)}`,
    `--tls-private-key-file=${path(FILES.servingKey)}`,
    `--client-ca-file=${path(FILES.authority)}`,
    `--kubelet-certificate-authority=${path(FILES.authority)}`,
    `--kubelet-client-certificate=${path(FILES.kubeletClient)}`,
    `--kubelet-client-key=${path(FILES.kubeletClientKey)}`,
    "--kubelet-preferred-address-types=InternalIP",
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-account-key-file=${path(FILES.serviceAccounts)}`,
    `--service-account-signing-key-file=${path(FILES.serviceAccountsKey)}`,
    "--service-cluster-ip-range=10.96.0.0/16",
    "--authorization-mode=Node,RBAC",
    "--allow-privileged",
    "--enable-priority-and-fairness=false",
    "--max-requests-inflight=0",
    "--max-mutating-requests-inflight=0",
    "--profiling=false",
  ],
  "kube-controller-manager": (_layout, path) => [
    `--kubeconfig=${path(FILES.controllerManager)}`,
    "--secure-port=0",
    "--leader-elect=false",
    `--service-account-private-key-file=${path(FILES.serviceAccountsKey)}`,
    `--root-ca-file=${path(FILES.authority)}`,
    `--cluster-signing-cert-file=${path(FILES.authority)}`,
    `--cluster-signing-key-file=${path(FILES.authorityKey)}`,
    "--enable-hostpath-provisioner",
    "--kube-api-qps=1000",
    "--kube-api-burst=2000",
    "--concurrent-namespace-syncs=50",
    "--profiling=false",
  ],
  "kube-scheduler": (_layout, path) => [
    `--kubeconfig=${path(FILES.scheduler)}`,
    "--secure-port=0",
    "--leader-elect=false",
    "--kube-api-qps=1000",
    "--kube-api-burst=2000",
    "--profiling=false",
  ],
  kwok: ({ kubeletPort }, path) => [
    `--kubeconfig=${path(FILES.admin)}`,
    `--config=${path(FILES.stages)}`,
    `--enable-crds=${KWOK_KINDS.join(",")}`,
    "--manage-all-nodes",
    "--node-ip=127.0.0.1",
    `--node-name=${NODE}`,
    `--node-port=${kubeletPort}`,
    `--server-address=127.0.0.1:${kubeletPort}`,
    `--tls-cert-file=${path(FILES.serving)}`,
    `--tls-private-key-file=${path(FILES.servingKey)}`,
    "--cidr=10.0.0.1/16",
    "--node-lease-duration-seconds=40",
    "--v=WARN",
  ],
};
