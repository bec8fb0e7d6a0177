/**
 * Everything that speaks to the Kubernetes API.
 * @module
 */
export { type ApplyOptions, Cluster, type DeleteOptions, type ListOptions } from "./cluster.ts";
export type { ClusterEnvironment, ConnectOptions, Credentials } from "./credentials.ts";
export { Discovery, type Resource } from "./discovery.ts";
export { type Endpoint, endpointOf, type ServicePort } from "./endpoints.ts";
export { execIn, type ExecOptions, type ExecResult } from "./exec.ts";
export { type Cause, ClusterError, type ClusterErrorCode } from "./errors.ts";
export { collectionPath, type Name, objectPath } from "./paths.ts";
export {
  eventsOf,
  followLog,
  type ForwardedPort,
  forwardPort,
  type LogOptions,
  type ObjectEvent,
  readLog,
  streamLog,
} from "./pods.ts";
export {
  CLAIMS,
  CONFIG_MAPS,
  CRON_JOBS,
  DEPLOYMENTS,
  ENDPOINT_SLICES,
  EVENTS,
  JOBS,
  LEASES,
  NAMESPACES,
  PODS,
  REPLICA_SETS,
  SECRETS,
  SERVICES,
  VOLUMES,
} from "./resources.ts";
export { userOf } from "./user.ts";
export { watch, type WatchEvent, type WatchOptions } from "./watch.ts";
