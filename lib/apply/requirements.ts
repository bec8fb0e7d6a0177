/** What a component needs of the cluster, verified before anything is applied. @module */
import { connect } from "node:net";
import { type Cluster, ClusterError, endpointOf, forwardPort } from "../cluster/mod.ts";
import type { Requirement } from "../component/mod.ts";
import { messageOf } from "../errors.ts";

/** Whether a requirement is met, and what to do when not. */
export interface RequirementResult {
  readonly name: string;
  readonly met: boolean;
  readonly message: string;
  readonly hint?: string;
}

/** For the connection through the API server. */
const PATIENCE_MILLISECONDS = 10_000;
/**
 * A forwarded connection is accepted at once on this side, whether or not the pod takes it; one that it does not take
 * is closed as soon as the API server and the kubelet have found out.
 */
const SETTLE_MILLISECONDS = 1_500;

/**
 * Verifies every requirement: the Service exists, has ready endpoints, and one of them accepts a connection.
 * A required version is not looked at here; it takes a login, which the verify checks have.
 */
export async function checkRequirements(
  cluster: Cluster,
  requirements: readonly Requirement[],
): Promise<RequirementResult[]> {
  return await Promise.all(requirements.map(async (requirement) => {
    try {
      return await check(cluster, requirement);
    } catch (error) {
      if (error instanceof ClusterError && error.code === "unreachable") throw error;
      return unmet(
        requirement,
        messageOf(error),
        "These credentials must be able to read the Service and its endpoints.",
      );
    }
  }));
}

function unmet({ name, hint }: Requirement, message: string, advice: string): RequirementResult {
  return { name, met: false, message, hint: hint ?? advice };
}

async function check(cluster: Cluster, requirement: Requirement): Promise<RequirementResult> {
  const { name, service, port } = requirement;
  const [namespace = "", serviceName = ""] = service.split("/");
  const endpoint = await endpointOf(cluster, { namespace, name: serviceName, port });
  if ("missing" in endpoint) {
    switch (endpoint.missing) {
      case "service":
        return unmet(requirement, `Service ${service} does not exist`, `Deploy ${name} first.`);
      case "port":
        return unmet(
          requirement,
          `Service ${service} has no port ${port}, but ${endpoint.offered.join(", ") || "none"}`,
          "Correct the port in spec.requires.",
        );
      case "endpoint":
        return unmet(
          requirement,
          `Service ${service} has no ready endpoint`,
          `Look at its pods: kubectl get pods --namespace ${namespace}`,
        );
    }
  }
  if (!(await answers(cluster, { namespace, ...endpoint }))) {
    return unmet(
      requirement,
      `Pod ${namespace}/${endpoint.pod} does not answer on port ${endpoint.port}`,
      `Look at its log: kubectl logs --namespace ${namespace} ${endpoint.pod}`,
    );
  }
  return { name, met: true, message: `${service}:${port} answers` };
}

/** Whether a pod's port accepts a connection and keeps it. */
async function answers(
  cluster: Cluster,
  target: { readonly namespace: string; readonly pod: string; readonly port: number },
): Promise<boolean> {
  await using forwarded = await forwardPort(cluster, target);
  const socket = connect(forwarded.port, forwarded.host);
  try {
    return await new Promise<boolean>((resolve) => {
      const timers = [setTimeout(() => resolve(false), PATIENCE_MILLISECONDS)];
      socket.once(
        "connect",
        () => timers.push(setTimeout(() => resolve(true), SETTLE_MILLISECONDS)),
      );
      // A server that speaks first has answered.
      socket.once("data", () => resolve(true));
      socket.once("close", () => resolve(false));
      socket.once("error", () => resolve(false));
      socket.once("close", () => timers.forEach(clearTimeout));
    });
  } finally {
    socket.destroy();
  }
}
