/** Who asks, as the cluster knows them. @module */
import { z } from "zod";
import type { Cluster } from "./cluster.ts";
import { ClusterError } from "./errors.ts";

const review = z.object({ status: z.object({ userInfo: z.object({ username: z.string() }) }) });

/** Name of the user whose credentials are in use; undefined where the cluster does not tell. */
export async function userOf(cluster: Cluster): Promise<string | undefined> {
  try {
    const answer = await cluster.raw({
      method: "POST",
      path: "/apis/authentication.k8s.io/v1/selfsubjectreviews",
      body: { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" },
    });
    return review.parse(answer).status.userInfo.username;
  } catch (error) {
    if (error instanceof ClusterError && error.isRefusal) return undefined;
    throw error;
  }
}
