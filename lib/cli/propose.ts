/** `plumb reconcile --mode pr`: what drifted in the cluster is proposed to Git. @module */
import { join } from "node:path/posix";
import type { ObservedDrift } from "../apply/mod.ts";
import type { Component, Parameters } from "../component/mod.ts";
import type { Event, Outcome } from "../event.ts";
import {
  bodyOf,
  digestOf,
  draft,
  type DraftedProposal,
  type Objection,
  propose,
} from "../propose/mod.ts";
import type { Source, SourceFile } from "../source/mod.ts";
import type { ReconcileOptions, RunContext } from "./command.ts";
import { repositoryOf } from "./github.ts";
import { judge } from "./policy.ts";

/** What Git says. */
interface Declared {
  readonly source: Source;
  readonly component: Component;
  readonly parameters: Parameters;
  /** Of the component's folder in the repository. */
  readonly path: string;
}

/** Proposes drift, or closes the proposal when there is none. The cluster is not written. */
export async function proposeDrift(
  { changes, isAsApplied }: ObservedDrift,
  declared: Declared,
  options: ReconcileOptions,
  context: RunContext,
): Promise<{ outcome: Outcome; message: string }> {
  const { source, component, path } = declared;
  const repository = await repositoryOf(source.url, options.repository, context);
  const where = { ...repository, base: branchOf(options.ref) };
  const files = await source.files();
  const known = new Map(files.map((file) => [file.path, file]));
  const drafted = draft(changes, { isAsApplied, rules: component.fields }, (file) => {
    const bytes = known.get(file)?.bytes;
    return bytes === undefined ? undefined : textOf(bytes);
  }, { substitutes: component.parameters.size > 0 });
  const objections = await objectionsTo(drafted, files, declared, context);
  const { notes, ...proposed } = await propose(where, {
    component: component.name,
    revision: source.revision,
    files: new Map([...drafted.files].map(([file, text]) => [
      join(path, file),
      text === null ? null : { text, executable: known.get(file)?.executable },
    ])),
    digest: digestOf(drafted),
    title: `Keep what was changed in the cluster: ${component.name}`,
    body: bodyOf(component.name, drafted, objections),
    draft: objections?.some(({ level }) => level === "deny") ?? false,
  });
  const { written, leftOut } = drafted;
  for (const message of notes) context.emit({ type: "warning", message });
  context.emit({ type: "proposal", ...proposed, written: written.length, leftOut });
  if (proposed.state === "declined") {
    return {
      outcome: "differences",
      message: "The cluster differs, and its proposal was closed without being merged",
    };
  }
  if (written.length > 0) {
    return { outcome: "proposed", message: "What the cluster has is proposed to Git" };
  }
  return leftOut.length > 0
    ? { outcome: "differences", message: "The cluster differs, but nothing of it can be proposed" }
    : { outcome: "in-sync", message: "The cluster is as Git says" };
}

/** A branch as people name it; the repository's own choice when none is given. */
export function branchOf(ref: string | undefined): string | undefined {
  return ref?.replace(/^refs\/heads\//, "");
}

/** Nothing of a file is lost on the way to text and back: a mark of byte order stays. */
function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** What policies have against the proposed state; undefined where they are not asked. */
async function objectionsTo(
  { files: changed }: DraftedProposal,
  files: readonly SourceFile[],
  { component, parameters }: Declared,
  context: RunContext,
): Promise<Objection[] | undefined> {
  if (changed.size === 0 || component.policy === "off") return undefined;
  const proposed = files.flatMap((file) => {
    const text = changed.get(file.path);
    if (text === undefined) return [file];
    return text === null ? [] : [{ path: file.path, bytes: new TextEncoder().encode(text) }];
  });
  const objections: Objection[] = [];
  const emit = (event: Event) => {
    context.emit(event);
    if (event.type === "violation") objections.push(event);
  };
  await judge({ files: proposed, component, parameters }, [], { ...context, emit });
  return objections;
}
