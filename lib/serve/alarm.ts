/** Tells when something in the cluster changes. @module */
import { z } from "zod";
import { type Cluster, collectionPath, watch } from "../cluster/mod.ts";
import type { Alarm } from "./watches.ts";

const listed = z.object({ metadata: z.object({ resourceVersion: z.string() }) });

/** Watches a cluster. What changes is looked at by who is called, so only names are handed on. */
export function alarmOf(cluster: Cluster): Alarm {
  return async ({ resource, namespace }, changed, signal) => {
    const list = await cluster.raw({
      method: "GET",
      path: `${collectionPath(resource, namespace)}?limit=1`,
      accept: "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
    });
    const { metadata: { resourceVersion } } = listed.parse(list);
    for await (const event of watch(cluster, resource, { namespace, resourceVersion, signal })) {
      if (event.type !== "expired") changed(event.object.metadata.name);
    }
  };
}
