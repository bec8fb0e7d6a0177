/** What the records settle, and what must be looked at. @module */
import { keyOf, type ObjectReference } from "../object.ts";
import { expiredIn } from "./expired.ts";
import { fingerprintOf } from "./fingerprint.ts";
import type { LiveMetadata, Member } from "./types.ts";

/** What is known before anything is read but metadata. */
export interface Known<Desired> {
  readonly desired: readonly Desired[];
  /** Records of the last run, by key; without a record, nothing is settled. */
  readonly members: ReadonlyMap<string, Member>;
  readonly live: ReadonlyMap<string, LiveMetadata>;
  readonly manager: string;
}

/** Desired objects by what has to be done to know their change. */
export interface Classes<Desired> {
  /** As recorded: their content need not be read. */
  readonly unchanged: readonly Desired[];
  /** Jobs that have finished, and have been removed as they ask for. */
  readonly expired: readonly Desired[];
  /** Nothing of that name lives. */
  readonly absent: readonly Desired[];
  /** To be compared with a dry run. */
  readonly inspect: readonly Desired[];
}

/**
 * Divides desired objects. One is unchanged when Git wants what it wanted at the last complete run, and the API
 * server's account of our own fields on the same live object is what it was then.
 */
export function classify<
  Desired extends { readonly reference: ObjectReference; readonly hash: string },
>(
  { desired, members, live, manager }: Known<Desired>,
): Classes<Desired> {
  const classes = {
    unchanged: [] as Desired[],
    expired: [] as Desired[],
    absent: [] as Desired[],
    inspect: [] as Desired[],
  };
  const gone = expiredIn(members.values(), live);
  for (const item of desired) {
    const key = keyOf(item.reference);
    const living = live.get(key);
    if (gone.has(key) && members.get(key)?.hash === item.hash) classes.expired.push(item);
    else if (living === undefined) classes.absent.push(item);
    else if (isUnchanged(item.hash, members.get(key), living, manager)) {
      classes.unchanged.push(item);
    } else classes.inspect.push(item);
  }
  return classes;
}

function isUnchanged(
  hash: string,
  member: Member | undefined,
  { metadata }: LiveMetadata,
  manager: string,
): boolean {
  if (member === undefined || member.hash !== hash || hash === "") return false;
  if (member.uid !== metadata.uid || metadata.deletionTimestamp !== undefined) return false;
  const fingerprint = fingerprintOf(metadata, manager);
  return fingerprint !== undefined && fingerprint.fields === member.fields &&
    fingerprint.time === member.time;
}
