/**
 * A real Kubernetes control plane with pretended nodes, for tests and trials. It runs on loopback as the
 * present user, and nothing of it outlives the process that started it.
 *
 * The kubelet's port of the sandbox asks nobody who they are, and `kubectl exec` runs commands on this
 * machine: do not start a sandbox on a machine that you share with people whom you do not trust.
 * @module
 */

export { Authority, type Identity } from "./certificates.ts";
export { COMPONENTS } from "./components.ts";
export type { Component } from "./components.ts";
export { SandboxError } from "./error.ts";
export type { SandboxErrorCode } from "./error.ts";
export { forwardPort, setExec, setLogs } from "./pods.ts";
export type { ExecRule, ForwardRule, LogRule, PodSelection } from "./pods.ts";
export { startSandbox } from "./sandbox.ts";
export type { Sandbox, SandboxOptions } from "./sandbox.ts";
export { FAIL_ANNOTATION } from "./stages.ts";
export type { Failure } from "./stages.ts";
