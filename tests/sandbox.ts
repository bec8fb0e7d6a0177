/**
 * The cluster of the tests that need one.
 */

import { startSandbox } from "../lib/sandbox/mod.ts";
import type { Sandbox } from "../lib/sandbox/mod.ts";

/** A cluster; `sandbox` is there when this process started it. */
export interface TestCluster {
  readonly kubeconfig: string;
  readonly sandbox: Sandbox | undefined;
}

let cluster: Promise<TestCluster> | undefined;

/**
 * The cluster that the variable `PLUMB_TEST_KUBECONFIG` names, shared by all test files: use namespaces with
 * random names. Without that variable one is started for this process, and ends with it.
 */
export function testCluster(): Promise<TestCluster> {
  return cluster ??= open();
}

async function open(): Promise<TestCluster> {
  const kubeconfig = Deno.env.get("PLUMB_TEST_KUBECONFIG");
  if (kubeconfig !== undefined) return { kubeconfig, sandbox: undefined };
  const sandbox = await startSandbox();
  return { kubeconfig: sandbox.kubeconfig, sandbox };
}
