/**
 * `plumb reconcile` and `plumb diff`: from options to a run.
 * @module
 */
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { basename, join, resolve } from "node:path";
import {
  type ApprovedPlan,
  assertApproved,
  type Desired,
  readApproved,
  reconcile,
  type ReconcileOptions as Run,
  secretReader,
  undoByHand,
} from "../apply/mod.ts";
import { Cluster } from "../cluster/mod.ts";
import {
  type Component,
  type Parameters,
  resolveParameters,
  type SecretReference,
} from "../component/mod.ts";
import { PlumbError } from "../errors.ts";
import type { Outcome } from "../event.ts";
import { isMap } from "../field_path.ts";
import { describe, type ObjectReference } from "../object.ts";
import { safeText } from "../report/mod.ts";
import { shortRevision } from "../revision.ts";
import { openSource, type Source } from "../source/mod.ts";
import type { ReconcileOptions, RunContext } from "./command.ts";
import { baseOf } from "./base.ts";
import { whoAndWhere } from "./connect.ts";
import { type Declared, declaredIn, desiredOf } from "./declared.ts";

/**
 * Runs a component once, as the options say, and tells what happens through `context.emit`.
 *
 * @param inspect given each plan before anything is done, instead of files of plans; stops the run by throwing.
 */
export async function runComponent(
  options: ReconcileOptions,
  context: RunContext,
  inspect?: (plan: ApprovedPlan) => Promise<void>,
): Promise<Outcome> {
  if (options.withoutCluster) {
    const { runWithoutCluster } = await import("./without_cluster.ts");
    return await runWithoutCluster(options, context);
  }
  return await opened(
    options,
    context,
    (cluster, run) => reconcile(cluster, inspect === undefined ? run : { ...run, inspect }),
  );
}

/**
 * Undoes what is deployed, as the options say.
 *
 * @param confirm asked when the plan is told, instead of a person at a terminal.
 */
export async function runUndo(
  { because, ...options }: ReconcileOptions & { readonly because?: string | undefined },
  context: RunContext,
  confirm?: (from: string, to: string) => Promise<boolean>,
): Promise<Outcome> {
  const confirmUndo = confirm ?? ((from, to) => askToUndo(from, to, options, context));
  return await opened(
    options,
    context,
    (cluster, run) => undoByHand(cluster, { ...run, because, confirmUndo }),
  );
}

/** Opens the source and the cluster, and runs. */
async function opened(
  options: ReconcileOptions,
  context: RunContext,
  run: (cluster: Cluster, options: Run) => Promise<Outcome>,
): Promise<Outcome> {
  const { emit } = context;
  emit({ type: "stage", stage: "source" });
  const [source, cluster] = await openBoth(options, context);
  using _ = cluster;
  const declared = await declaredIn(source, options, context, cluster);
  const { command, mode } = options;
  const component = declared.component.name;
  emit({ type: "run", command, component, mode, cluster: cluster.server });
  emitSource(source, options, context);
  return await run(cluster, await runOf(declared, options, context, cluster));
}

/** Opens the source that options name, and connects to their cluster. */
export async function openBoth(
  { source: url, ref, signedBy, kubeconfig, context: kubeContext, ...options }: Pick<
    ReconcileOptions,
    "source" | "ref" | "signedBy" | "kubeconfig" | "context" | "path" | "component"
  >,
  { environment, signal, cache }: RunContext,
): Promise<[Source, Cluster]> {
  return await Promise.all([
    openSource({ path: pathOf(options), cache, signal, url, ref, signedBy }),
    Cluster.connect({
      environment,
      signal,
      ...(kubeconfig === undefined ? {} : { kubeconfig }),
      ...(kubeContext === undefined ? {} : { context: kubeContext }),
    }),
  ]);
}

/** What the options ask of a run. */
async function runOf(
  declared: Declared,
  options: ReconcileOptions,
  context: RunContext,
  cluster: Cluster,
): Promise<Run> {
  const { mode } = options;
  return {
    ...await desiredOf(declared, options, context, cluster),
    base: await baseOf(options, declared, context, cluster),
    mode,
    ...(mode === "pr"
      ? {
        propose: async (drift) => {
          const { proposeDrift } = await import("./propose.ts");
          const path = pathOf(options);
          return await proposeDrift(drift, { ...declared, path }, options, context);
        },
      }
      : {}),
    ...(options.source === undefined ? {} : {
      open: (revision) => openRevision(revision, options, context, cluster),
    }),
    ...(mode === "apply" && options.source !== undefined &&
        (options.undo ?? options.command === "undo")
      ? await reverting(declared, options, context)
      : {}),
    ...await inspection(options),
    undo: options.undo ?? false,
    retry: options.retry ?? false,
    refresh: options.refresh,
    identity: identityOf(context),
    confirm: (deletions) => confirmDeletions(deletions, options, context),
    allowShrinking: options.yes || options.plan !== undefined,
    wait: options.wait,
    timeout: options.timeout,
    emit: context.emit,
    signal: context.signal,
  };
}

async function reverting(declared: Declared, options: ReconcileOptions, context: RunContext) {
  const { revertProposer } = await import("./propose_revert.ts");
  const proposeRevert = await revertProposer(declared, options, context);
  return proposeRevert === undefined ? {} : { proposeRevert };
}

/** Who runs, for leases and the journal: a person or a job, which machine and process. */
export function identityOf(
  { actor, environment, run = randomBytes(4).toString("hex") }: Pick<
    RunContext,
    "actor" | "environment" | "run"
  >,
): string {
  const who = actor === undefined
    ? whoAndWhere(environment, Deno.hostname())
    : `${actor}@${Deno.hostname()}`;
  return `${who}/${Deno.pid}/${run}`;
}

/** Opens another revision of the repository. It need not know every parameter that is given for the newest one. */
async function openRevision(
  revision: string,
  options: ReconcileOptions,
  context: RunContext,
  cluster: Cluster,
): Promise<Desired> {
  const { cache, signal } = context;
  const { source: url, signedBy } = options;
  const path = pathOf(options);
  const source = await openSource({ path, cache, signal, url, ref: revision, signedBy });
  emitSource(source, { ...options, ref: undefined }, context);
  const declared = await declaredIn(source, { ...options, ignoresUnknown: true }, context, cluster);
  return await desiredOf(declared, options, context, cluster);
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

/** What a component is called and where it goes, unless its `component.yaml` says so. */
export function folderOf(
  options: Pick<ReconcileOptions, "path" | "component" | "name" | "namespace">,
): { folder: string; name: string | undefined; namespace: string | undefined } {
  const { name, namespace } = options;
  return { folder: basename(resolve(pathOf(options))), name, namespace };
}

/** The values of a component's parameters, from the options, the environment and the cluster. */
export async function parametersOf(
  component: Component,
  options: Pick<ReconcileOptions, "set" | "parameters"> & {
    readonly partial?: boolean;
    readonly ignoresUnknown?: boolean;
  },
  context: RunContext,
  cluster: Cluster,
): Promise<Parameters> {
  const secrets = secretReader(cluster);
  const path = options.parameters;
  return await resolveParameters(component, {
    set: options.set,
    environment: context.environment,
    partial: options.partial ?? false,
    ignoresUnknown: options.ignoresUnknown ?? false,
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

/** A file that an option or the environment names. */
export async function readText(path: string, what: string, hint: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (cause) {
    throw new PlumbError("usage", `${what} can't be read`, { place: { file: path }, hint, cause });
  }
}

/** Tells which revision it is. */
export function emitSource(
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

/** The plan stands above. @throws {PlumbError} `undo-unconfirmed` where nobody can be asked. */
async function askToUndo(
  from: string,
  to: string,
  { yes }: ReconcileOptions,
  context: RunContext,
): Promise<boolean> {
  if (yes) return true;
  if (!context.interactive) {
    throw new PlumbError("undo-unconfirmed", "Nobody is there to confirm the undo", {
      hint: "Nothing was changed; the plan stands above. Say --yes if that is what you want.",
    });
  }
  const [gone, good] = [from, to].map(shortRevision);
  return await context.confirm(`Undo ${gone}, and go back to ${good}?`);
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
