/** The official client, for what only it speaks. @module */
import type { KubeConfig } from "@kubernetes/client-node";
import type { Cluster } from "./cluster.ts";

/** The official client, for the protocols that upgrade a connection. Slow to import, so only here. */
export async function officialClient({ credentials, context }: Cluster): Promise<
  { readonly client: typeof import("@kubernetes/client-node"); readonly config: KubeConfig }
> {
  const client = await import("@kubernetes/client-node");
  const config = new client.KubeConfig();
  const [first, ...others] = credentials.files;
  if (first === undefined) config.loadFromCluster();
  else config.loadFromFile(first);
  for (const file of others) {
    const other = new client.KubeConfig();
    other.loadFromFile(file);
    config.mergeConfig(other, true);
  }
  if (first !== undefined) config.setCurrentContext(context);
  return { client, config };
}
