/** Kinds of Kubernetes that Plumb itself works with, so that it need not ask which path they have. @module */
import type { Resource } from "./discovery.ts";

const namespaced = (group: string, kind: string, plural: string): Resource => (
  { group, version: "v1", kind, plural, namespaced: true }
);
const clusterWide = (kind: string, plural: string): Resource => (
  { group: "", version: "v1", kind, plural, namespaced: false }
);

export const NAMESPACES: Resource = clusterWide("Namespace", "namespaces");
export const CONFIG_MAPS: Resource = namespaced("", "ConfigMap", "configmaps");
export const SECRETS: Resource = namespaced("", "Secret", "secrets");
export const SERVICES: Resource = namespaced("", "Service", "services");
export const PODS: Resource = namespaced("", "Pod", "pods");
export const EVENTS: Resource = namespaced("", "Event", "events");
export const CLAIMS: Resource = namespaced("", "PersistentVolumeClaim", "persistentvolumeclaims");
export const VOLUMES: Resource = clusterWide("PersistentVolume", "persistentvolumes");
export const DEPLOYMENTS: Resource = namespaced("apps", "Deployment", "deployments");
export const REPLICA_SETS: Resource = namespaced("apps", "ReplicaSet", "replicasets");
export const JOBS: Resource = namespaced("batch", "Job", "jobs");
export const CRON_JOBS: Resource = namespaced("batch", "CronJob", "cronjobs");
export const LEASES: Resource = namespaced("coordination.k8s.io", "Lease", "leases");
export const ENDPOINT_SLICES: Resource = namespaced(
  "discovery.k8s.io",
  "EndpointSlice",
  "endpointslices",
);
