/** What a component declares to run, for checks. @module */
import { z } from "zod";
import type { Component, Parameters } from "../component/mod.ts";
import { PlumbError } from "../errors.ts";
import { maskSecrets } from "../policy/mod.ts";
import { render } from "../render/mod.ts";
import type { Source } from "../source/mod.ts";
import type { DeclaredWorkload } from "../verify/mod.ts";
import type { RunContext } from "./command.ts";
import { buildKustomization } from "./kustomize.ts";

const workload = z.object({
  kind: z.enum(["Deployment", "StatefulSet", "DaemonSet"]),
  metadata: z.object({ name: z.string(), namespace: z.string().optional() }),
  spec: z.object({
    template: z.object({
      spec: z.object({ containers: z.array(z.object({ name: z.string(), image: z.string() })) }),
    }),
  }),
});

/**
 * The workloads of a component in its own namespace, rendered without its secrets. Undefined where they can't be told:
 * who verifies need not give every parameter that who deploys must.
 */
export async function declaredWorkloads(
  { source, component, parameters }: {
    readonly source: Source;
    readonly component: Component;
    readonly parameters: Parameters;
  },
  context: RunContext,
): Promise<readonly DeclaredWorkload[] | undefined> {
  try {
    const objects = await render({
      files: await source.files(),
      component,
      parameters: maskSecrets(component, parameters),
      kustomize: (folder) => buildKustomization(folder, context),
    });
    return objects.flatMap(({ object }) => {
      const { success, data } = workload.safeParse(object);
      if (!success) return [];
      const { kind, metadata, spec: { template: { spec: { containers } } } } = data;
      const { name, namespace = component.namespace } = metadata;
      if (namespace !== component.namespace) return [];
      return [{ kind, name, containers }];
    });
  } catch (error) {
    if (error instanceof PlumbError) return undefined;
    throw error;
  }
}
