/**
 * `plumb reconcile` and `plumb diff`: from options to a run.
 * @module
 */
import { Buffer } from "node:buffer";
import { createHmac, randomBytes } from "node:crypto";
import { basename, join, resolve } from "node:path";
import {
  type ApprovedPlan,
  assertApproved,
  readApproved,
  reconcile,
  secretReader,
} from "../apply/mod.ts";
import { Cluster } from "../cluster/mod.ts";
import {
  type Component,
  loadComponent,
  type Parameters,
  resolveParameters,
  type SecretReference,
  settleComponent,
} from "../component/mod.ts";
import { PlumbError } from "../errors.ts";
import type { Outcome } from "../event.ts";
import { isMap } from "../field_path.ts";
import { describe, type ObjectReference } from "../object.ts";
import { policyHash } from "../policy/mod.ts";
import { render } from "../render/mod.ts";
import { safeText } from "../report/mod.ts";
import { openSource, type Source } from "../source/mod.ts";
import type { ReconcileOptions, RunContext } from "./command.ts";
import { buildKustomization } from "./kustomize.ts";
import { judge, today } from "./policy.ts";
import { VERSION } from "./version.ts";

/** Runs a component once, as the options say, and tells what happens through `context.emit`. */
export async function runComponent(
  options: ReconcileOptions,
  context: RunContext,
): Promise<Outcome> {
  const { emit, signal } = context;
  const path = pathOf(options);
  emit({ type: "stage", stage: "source" });
  const [source, cluster] = await Promise.all([
    openSource({ path, cache: context.cache, signal, url: options.source, ref: options.ref }),
    Cluster.connect({
      environment: context.environment,
      signal,
      ...(options.kubeconfig === undefined ? {} : { kubeconfig: options.kubeconfig }),
      ...(options.context === undefined ? {} : { context: options.context }),
    }),
  ]);
  using _ = cluster;
  const declared = loadComponent(await source.files(), {
    folder: basename(resolve(path)),
    name: options.name,
    namespace: options.namespace,
  });
  const parameters = await parametersOf(declared, options, context, cluster);
  const component: Component = {
    ...settleComponent(declared, parameters),
    adoption: options.adopt ?? declared.adoption,
  };
  const { command, mode } = options;
  emit({ type: "run", command, component: component.name, mode, cluster: cluster.server });
  emitSource(source, options, context);
  const gate = component.policy === "off"
    ? undefined
    : [await policyHash(), component.waivers.map(({ expires }) => expires < today())];
  return await reconcile(cluster, {
    component,
    judge: async (plan) =>
      await judge({ files: await source.files(), component, parameters }, plan, context),
    source: { url: source.url, revision: source.revision },
    render: async () => {
      emit({ type: "stage", stage: "render" });
      const kustomize = (folder: string) => buildKustomization(folder, context);
      return await render({ files: await source.files(), component, parameters, kustomize });
    },
    renderKey: (salt) => renderKey(salt, source, component, parameters, gate),
    mode,
    ...(mode === "pr"
      ? {
        propose: async (drift) => {
          const { proposeDrift } = await import("./propose.ts");
          return await proposeDrift(
            drift,
            { source, component, parameters, path },
            options,
            context,
          );
        },
      }
      : {}),
    ...await inspection(options),
    refresh: options.refresh,
    identity: `${Deno.hostname()}/${Deno.pid}/${randomBytes(4).toString("hex")}`,
    confirm: (deletions) => confirmDeletions(deletions, options, context),
    allowShrinking: options.yes || options.plan !== undefined,
    wait: options.wait,
    timeout: options.timeout,
    emit,
    signal,
  });
}

/** Keeps the plan, or compares it with the one that was approved; otherwise nobody looks at it. */
async function inspection(
  { save, plan: file }: ReconcileOptions,
): Promise<{ readonly inspect?: (plan: ApprovedPlan) => Promise<void> }> {
  if (file !== undefined) {
    const hint = "Give --plan a file of `diff --save`.";
    const approved = readApproved(await readText(file, "The plan", hint), file);
    return { inspect: (plan) => Promise.resolve(assertApproved(approved, plan)) };
  }
  if (save === undefined) return {};
  return { inspect: (plan) => Deno.writeTextFile(save, `${JSON.stringify(plan, null, 2)}\n`) };
}

/** The component's folder: as given, or by its name below `manifests`. */
export function pathOf(
  { path, component }: Pick<ReconcileOptions, "path" | "component">,
): string {
  if (path !== undefined) return path;
  if (component !== undefined) return join("manifests", component);
  throw new PlumbError("usage", "Which component?", {
    hint: "Name one below manifests/, such as `reconcile cvat`, or any folder with --path DIR. " +
      "`component list` shows what there is.",
  });
}

/** The values of a component's parameters, from the options, the environment and the cluster. */
export async function parametersOf(
  component: Component,
  options: Pick<ReconcileOptions, "set" | "parameters"> & { readonly partial?: boolean },
  context: RunContext,
  cluster: Cluster,
): Promise<Parameters> {
  const secrets = secretReader(cluster);
  const path = options.parameters;
  return await resolveParameters(component, {
    set: options.set,
    environment: context.environment,
    partial: options.partial ?? false,
    ...(path === undefined ? {} : { file: { path, text: await readParameters(path) } }),
    readSecret: async ({ namespace, name, key }: SecretReference) => {
      const data = (await secrets.readSecret(namespace, name))?.["data"];
      const value = isMap(data) ? data[key] : undefined;
      return typeof value === "string" ? Buffer.from(value, "base64").toString() : undefined;
    },
  });
}

/** The text of a file of parameters. */
export async function readParameters(path: string): Promise<string> {
  const hint = "Give --parameters a YAML file that maps names to values.";
  return await readText(path, "The file of parameters", hint);
}

async function readText(path: string, what: string, hint: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (cause) {
    throw new PlumbError("usage", `${what} can't be read`, { place: { file: path }, hint, cause });
  }
}

function emitSource(
  { url, revision, subject, author }: Source,
  { ref }: ReconcileOptions,
  { emit }: RunContext,
): void {
  emit({
    type: "source",
    url,
    revision,
    ...(ref === undefined ? {} : { ref }),
    ...(subject === undefined ? {} : { subject }),
    ...(author === undefined ? {} : { author }),
  });
}

/** Everything that the rendered objects depend on. Keyed, since secret parameters are among it. */
function renderKey(
  salt: string,
  source: Source,
  component: Component,
  parameters: Parameters,
  gate: unknown,
): string {
  const values = [...parameters].map(([name, { value }]) => [name, value]);
  const { name, namespace, adoption } = component;
  const inputs = JSON.stringify([VERSION, source.tree, name, namespace, adoption, values, gate]);
  return createHmac("sha256", salt).update(inputs).digest("base64url");
}

async function confirmDeletions(
  deletions: readonly ObjectReference[],
  { yes, plan }: ReconcileOptions,
  context: RunContext,
): Promise<boolean> {
  if (yes || plan !== undefined || !context.interactive) return true;
  const names = deletions.map((reference) => `  ${safeText(describe(reference))}`).join("\n");
  return await context.confirm(`These objects will be deleted:\n${names}\nDelete them?`);
}
