/** `plumb diff --no-cluster`: what a change of Git does to what is desired, and what policies say, and no more. @module */
import { loadComponent, resolveParameters, settleComponent } from "../component/mod.ts";
import { PlumbError } from "../errors.ts";
import { noCounts, type Outcome } from "../event.ts";
import { compareRenders } from "../plan/mod.ts";
import { maskSecrets } from "../policy/mod.ts";
import { type DesiredObject, render } from "../render/mod.ts";
import { openSource, type Source } from "../source/mod.ts";
import { atBase, openBase } from "./base.ts";
import type { ReconcileOptions, RunContext } from "./command.ts";
import type { Declared } from "./declared.ts";
import { buildKustomization } from "./kustomize.ts";
import { judge } from "./policy.ts";
import { emitSource, folderOf, pathOf, readParameters } from "./reconcile.ts";

/** Compares with the base instead of a cluster. Neither credentials nor secrets are needed. */
export async function runWithoutCluster(
  options: ReconcileOptions,
  context: RunContext,
): Promise<Outcome> {
  const started = performance.now();
  const { emit, cache, signal } = context;
  if (options.base === undefined) {
    throw new PlumbError("usage", "--no-cluster needs --base", {
      hint: "Without a cluster, only two revisions can be compared.",
    });
  }
  emit({ type: "stage", stage: "source" });
  const { source: url, ref, signedBy } = options;
  const [source, base] = await Promise.all([
    openSource({ path: pathOf(options), cache, signal, url, ref, signedBy }),
    openBase(options, context),
  ]);
  const declared = await declaredWithoutSecrets(source, options, context);
  const { component } = declared;
  emit({
    type: "run",
    command: "diff",
    component: component.name,
    mode: "observe",
  });
  emitSource(source, options, context);
  const [before, after] = await Promise.all([
    base === undefined ? [] : renderBase(base, options, context),
    renderDeclared(declared, context),
  ]);
  const changes = compareRenders(before, after);
  const counts = noCounts();
  for (const { action } of changes) counts[action]++;
  counts.unchanged = after.length - counts.create - counts.update;
  const revision = base?.revision ?? options.base;
  emit({ type: "plan", counts, changes, waves: 1, base: { revision, settled: [] } });
  emit({
    type: "warning",
    message: "No cluster was asked: this is what differs from the base, and what the policies say",
  });
  const files = await source.files();
  const denied = await judge({ files, component, parameters: declared.parameters }, [], context);
  const outcome = denied > 0 ? "refused" : changes.length > 0 ? "differences" : "in-sync";
  const message = {
    refused: `${denied} violations of policies`,
    differences: "What Git wants differs from the base",
    "in-sync": "Git wants the same as at the base",
  }[outcome];
  const seconds = (performance.now() - started) / 1000;
  emit({ type: "result", outcome, counts, failed: denied, seconds, message });
  return outcome;
}

/** What is there of a base that can't be rendered, is nothing. */
async function renderBase(
  source: Source,
  options: ReconcileOptions,
  context: RunContext,
): Promise<DesiredObject[]> {
  try {
    const declared = await declaredWithoutSecrets(source, atBase(options), context);
    return await renderDeclared(declared, context);
  } catch (error) {
    if (!(error instanceof PlumbError)) throw error;
    const message = `The base can't be rendered, so everything counts as new: ${error.message}`;
    context.emit({ type: "warning", message });
    return [];
  }
}

async function declaredWithoutSecrets(
  source: Source,
  options: ReconcileOptions,
  { environment }: RunContext,
): Promise<Declared> {
  const declared = loadComponent(await source.files(), folderOf(options));
  const { set, parameters: path } = options;
  const given = await resolveParameters(declared, {
    set,
    environment,
    partial: true,
    ...(path === undefined ? {} : { file: { path, text: await readParameters(path) } }),
  });
  const parameters = maskSecrets(declared, given);
  return { source, parameters, component: settleComponent(declared, parameters) };
}

async function renderDeclared(
  { source, component, parameters }: Declared,
  context: RunContext,
): Promise<DesiredObject[]> {
  const kustomize = (folder: string) => buildKustomization(folder, context);
  return await render({ files: await source.files(), component, parameters, kustomize });
}
