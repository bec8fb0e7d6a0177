/** Reads Secrets for the kinds that Plumb realizes. @module */
import { type Cluster, SECRETS } from "../cluster/mod.ts";
import type { SecretReader } from "../kinds/mod.ts";
import type { KubernetesObject } from "../object.ts";

/** A reader that asks for each Secret once in a run. */
export function secretReader(cluster: Cluster): SecretReader {
  const read = new Map<string, Promise<KubernetesObject | undefined>>();
  return {
    readSecret(namespace, name) {
      const key = `${namespace}/${name}`;
      const answer = read.get(key) ?? cluster.get(SECRETS, { namespace, name });
      read.set(key, answer);
      return answer;
    },
  };
}
