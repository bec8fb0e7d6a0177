/** From a plan to edits: what has drifted in the cluster, and where Git says otherwise. @module */
import { formatPath } from "../field_path.ts";
import { API_GROUP } from "../names.ts";
import { keyOf, type ObjectReference } from "../object.ts";
import {
  actionOn,
  type Change,
  type FieldDifference,
  type FieldOwner,
  type FieldRule,
  hashOf,
} from "../plan/mod.ts";
import { type Edit, type EditOptions, editYaml } from "./edit.ts";

/** A live value that is to be written into Git. */
export interface Drift {
  readonly object: ObjectReference;
  /** Relative to the component's root. */
  readonly file: string;
  readonly edit: Edit;
  /** Absent where the whole object is gone. */
  readonly difference?: FieldDifference;
}

/** What differs, but can't or should not be written into Git. */
export interface LeftOut {
  readonly object: ObjectReference;
  /** As people read it; absent for the whole object. */
  readonly path?: string;
  readonly reason: string;
}

/** What Git would be with the drift in it. */
export interface DraftedProposal {
  /** Whole files by their paths relative to the component's root; null where nothing is left of one. */
  readonly files: ReadonlyMap<string, string | null>;
  readonly written: readonly Drift[];
  readonly leftOut: readonly LeftOut[];
}

/** What is known beside the plan. */
export interface Records {
  /** Whether the object was there after the last run, and Git still says the same of it. */
  isAsApplied(reference: ObjectReference): boolean;
  /** What the component says about fields. */
  readonly rules: readonly FieldRule[];
}

/** Divides what differs into what can be written into Git, and what can't. */
export function driftOf(
  changes: readonly Change[],
  records: Records,
): { readonly drift: readonly Drift[]; readonly leftOut: readonly LeftOut[] } {
  const drift: Drift[] = [];
  const leftOut: LeftOut[] = [];
  for (const change of changes) {
    const object = change.reference;
    const leave = (reason: string, path?: string) =>
      leftOut.push({ object, reason, ...(path === undefined ? {} : { path }) });
    if (change.action === "unchanged") continue;
    if (object.group === API_GROUP) {
      leave("it lives outside of the cluster's API, and may hold secrets");
    } else if (change.action === "delete") {
      leave("Git no longer has it: that is a change of Git, not of the cluster");
    } else if (!records.isAsApplied(object)) {
      leave("Git has changed it since it was last applied: reconcile first");
    } else if (object.kind === "Secret") {
      leave("values of Secrets are never written to Git");
    } else if (change.action === "create") {
      const { file, line } = change.desired.provenance;
      drift.push({ object, file, edit: { kind: "remove-object", line } });
    } else if (change.action === "conflict") {
      leave(change.reason);
    } else {
      const { file, line } = change.desired.provenance;
      for (const difference of change.differences) {
        const edit = editOf(difference, line);
        if (edit === undefined) continue;
        const { path, owner } = difference;
        if (actionOn(records.rules, object, { path, manager: owner?.manager }) === "revert") {
          leave("spec.fields of component.yaml says to revert it", formatPath(path));
        } else drift.push({ object, file, edit, difference });
      }
    }
  }
  return { drift, leftOut };
}

/** The value is right where only its owner differs. */
function editOf({ difference, path, live }: FieldDifference, line: number): Edit | undefined {
  if (difference === "ownership") return undefined;
  return difference === "added"
    ? { kind: "remove", line, path }
    : { kind: "set", line, path, value: live };
}

/**
 * Writes drift into the files that it belongs to. What can't be written is left out, with the reason.
 *
 * @param options `substitutes`: whether the component has parameters, so that `${…}` refers to one.
 */
export function draft(
  changes: readonly Change[],
  records: Records,
  read: (file: string) => string | undefined,
  options: EditOptions,
): DraftedProposal {
  const { drift, leftOut: left } = driftOf(changes, records);
  const leftOut = [...left];
  const written: Drift[] = [];
  const files = new Map<string, string | null>();
  for (const [file, items = []] of Object.entries(Object.groupBy(drift, (item) => item.file))) {
    const before = read(file);
    const { text, refused } = editYaml(before ?? "", items.map(({ edit }) => edit), options);
    const reasons = new Map(refused.map(({ edit, reason }) => [edit, reason]));
    for (const item of items) {
      const reason = before === undefined
        ? "its file is not in Git, or not UTF-8"
        : reasons.get(item.edit);
      if (reason === undefined) written.push(item);
      else {
        const path = item.difference && formatPath(item.difference.path);
        leftOut.push({ object: item.object, reason, ...(path === undefined ? {} : { path }) });
      }
    }
    if (before !== undefined && text !== before) files.set(file, text.trim() === "" ? null : text);
  }
  return { files, written, leftOut };
}

/** Tells a drift from any other by what lives, not by what Git says meanwhile or when it was changed. */
export function digestOf({ written }: Pick<DraftedProposal, "written">): string {
  const values = written.map(({ object, difference }) => [
    keyOf(object),
    difference === undefined ? null : formatPath(difference.path),
    difference?.live ?? null,
  ]);
  return hashOf(values.map((value) => JSON.stringify(value)).sort(), "");
}

/** Who changed a field, and when, in words. */
export function blame(owner: FieldOwner | undefined): string {
  if (owner === undefined) return "nobody known";
  return owner.time === undefined ? owner.manager : `${owner.manager}, ${owner.time}`;
}

/** Of the same object, in the order of the plan. */
export function byObject<Item extends { readonly object: ObjectReference }>(
  items: readonly Item[],
): readonly (readonly Item[])[] {
  return [...Map.groupBy(items, ({ object }) => keyOf(object)).values()];
}
