/** The gate, as commands use it; and `plumb policy`. @module */
import {
  type Component,
  loadComponent,
  type Parameters,
  resolveParameters,
  settleComponent,
} from "../component/mod.ts";
import type { Event } from "../event.ts";
import { applyWaivers, evaluate, maskSecrets, type PlannedChange } from "../policy/mod.ts";
import { render } from "../render/mod.ts";
import { type ComponentFile } from "../component/mod.ts";
import { openSource } from "../source/mod.ts";
import { OPA, requireTool } from "../tools/mod.ts";
import type { PolicyOptions, RunContext } from "./command.ts";
import { buildKustomization } from "./kustomize.ts";
import { folderOf, pathOf, readParameters } from "./reconcile.ts";

/** What is judged. */
export interface Declared {
  readonly files: readonly ComponentFile[];
  readonly component: Component;
  readonly parameters: Parameters;
}

/**
 * Judges a component, and what is planned with it.
 *
 * @returns how many violations forbid to go on.
 */
export async function judge(
  { files, component, parameters }: Declared,
  plan: readonly PlannedChange[],
  context: RunContext,
): Promise<number> {
  if (component.policy === "off") return 0;
  const { emit, signal } = context;
  emit({ type: "stage", stage: "policy" });
  const [program, objects] = await Promise.all([
    requireTool(OPA, {
      environment: (name) => context.environment[name],
      progress: (line) => context.writeError(`${line}\n`),
      signal,
    }),
    render({
      files,
      component,
      parameters: maskSecrets(component, parameters),
      kustomize: (folder) => buildKustomization(folder, context),
    }),
  ]);
  const { name, namespace } = component;
  const violations = await evaluate(
    program,
    { component: { name, namespace }, objects, plan },
    signal,
  );
  const { judgements, unused } = applyWaivers(violations, component.waivers, today());
  const events = judgements.map((judgement) => eventOf(judgement, component));
  events.forEach(emit);
  for (const { policy, expires } of unused) {
    emit({
      type: "warning",
      message: `The waiver of ${policy} until ${expires} is not needed: remove it`,
    });
  }
  return events.filter(({ level }) => level === "deny").length;
}

function eventOf(
  { violation, waiver, expired }: ReturnType<typeof applyWaivers>["judgements"][number],
  { policy: gate }: Component,
): Extract<Event, { type: "violation" }> {
  const { policy, level, message, fix, reference, file, line } = violation;
  const waived = waiver !== undefined && !expired;
  return {
    type: "violation",
    policy,
    level: waived ? "waived" : gate === "report" ? "warn" : level,
    message: expired ? `${message}; its waiver ran out on ${waiver?.expires}` : message,
    fix,
    ...(reference === undefined ? {} : { object: reference }),
    ...(file === undefined ? {} : { file }),
    ...(line === undefined ? {} : { line }),
    ...(waived ? { waiver: `${waiver.reason} (until ${waiver.expires})` } : {}),
  };
}

/** `YYYY-MM-DD` in UTC. */
export function today(): string {
  return new Date().toISOString().slice(0, 10);
}

/** Judges a component without any cluster, and without its secrets. @returns how many violations forbid it. */
export async function runPolicy(options: PolicyOptions, context: RunContext): Promise<number> {
  const path = pathOf(options);
  const { source: url, ref, set, parameters: file } = options;
  const source = await openSource({ path, cache: context.cache, signal: context.signal, url, ref });
  const files = await source.files();
  const declared = loadComponent(files, folderOf(options));
  const given = await resolveParameters(declared, {
    set,
    environment: context.environment,
    partial: true,
    ...(file === undefined ? {} : { file: { path: file, text: await readParameters(file) } }),
  });
  const parameters = maskSecrets(declared, given);
  const settled = settleComponent(declared, parameters);
  // Who asks wants to know, also about a plain folder.
  const component: Component = {
    ...settled,
    policy: settled.policy === "off" ? "enforce" : settled.policy,
  };
  return await judge({ files, component, parameters }, [], context);
}
