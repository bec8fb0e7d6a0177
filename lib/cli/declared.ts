/** What Git says of a component, at one revision. @module */
import { createHmac } from "node:crypto";
import type { Base, Desired } from "../apply/mod.ts";
import type { Cluster } from "../cluster/mod.ts";
import {
  type Component,
  loadComponent,
  type Parameters,
  settleComponent,
} from "../component/mod.ts";
import { policyHash } from "../policy/mod.ts";
import { render } from "../render/mod.ts";
import type { Source } from "../source/mod.ts";
import type { ReconcileOptions, RunContext } from "./command.ts";
import { buildKustomization } from "./kustomize.ts";
import { judge, today } from "./policy.ts";
import { folderOf, parametersOf } from "./reconcile.ts";
import { VERSION } from "./version.ts";

/** A component at one revision, with the values of its parameters. */
export interface Declared {
  readonly source: Source;
  readonly component: Component;
  readonly parameters: Parameters;
}

/** Reads a component from its source. */
export async function declaredIn(
  source: Source,
  options: ReconcileOptions & { readonly ignoresUnknown?: boolean },
  context: RunContext,
  cluster: Cluster,
): Promise<Declared> {
  const declared = loadComponent(await source.files(), folderOf(options));
  const parameters = await parametersOf(declared, options, context, cluster);
  const component = {
    ...settleComponent(declared, parameters),
    adoption: options.adopt ?? declared.adoption,
  };
  return { source, component, parameters };
}

/** How to render it, and when that can be left out. */
export async function renderingOf(
  declared: Declared,
  context: RunContext,
): Promise<Omit<Base, "revision">> {
  const { source, component, parameters } = declared;
  const gate = component.policy === "off"
    ? undefined
    : [await policyHash(), component.waivers.map(({ expires }) => expires < today())];
  return {
    component,
    render: async () => {
      context.emit({ type: "stage", stage: "render" });
      const kustomize = (folder: string) => buildKustomization(folder, context);
      return await render({ files: await source.files(), component, parameters, kustomize });
    },
    renderKey: (salt) => renderKey(salt, declared, gate),
  };
}

/** What a run needs to know of it. */
export async function desiredOf(
  declared: Declared,
  options: ReconcileOptions,
  context: RunContext,
  cluster: Cluster,
): Promise<Desired> {
  const { source, component, parameters } = declared;
  const { url, revision, subject } = source;
  return {
    ...await renderingOf(declared, context),
    source: { url, revision, ...(subject === undefined ? {} : { subject }) },
    judge: async (plan) =>
      await judge({ files: await source.files(), component, parameters }, plan, context),
    ...(options.verify
      ? {
        verify: (await import("./verify.ts")).prepareChecks(declared, cluster, {
          resolve: options.resolve ?? [],
          certificateAuthority: options.certificateAuthority,
        }, context),
      }
      : {}),
  };
}

/** Everything that the rendered objects depend on. Keyed, since secret parameters are among it. */
function renderKey(
  salt: string,
  { source, component, parameters }: Declared,
  gate: unknown,
): string {
  const values = [...parameters].map(([name, { value }]) => [name, value]);
  const { name, namespace, adoption } = component;
  const inputs = JSON.stringify([VERSION, source.tree, name, namespace, adoption, values, gate]);
  return createHmac("sha256", salt).update(inputs).digest("base64url");
}
