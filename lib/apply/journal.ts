/**
 * The journal of a component: its last runs, which revision was good and which was not, and whether it is suspended.
 *
 * It is a Secret beside the inventory, since evidence of a failure may quote logs. It is written when something
 * happened, never by a run that found nothing to do, and it outlives the component, so that a rollback can be told too.
 * @module
 */
import { Buffer } from "node:buffer";
import { gunzipSync, gzipSync } from "node:zlib";
import { z } from "zod";
import { type Cluster, ClusterError, SECRETS } from "../cluster/mod.ts";
import { SYSTEM_NAMESPACE } from "../names.ts";
import type { KubernetesObject } from "../object.ts";
import { ApplyError } from "./errors.ts";
import { ensureSystemNamespace } from "./inventory.ts";
import { inShort, rememberedChecks } from "./remembered_checks.ts";

/** How many runs are kept, the newest first. */
const MAX_RUNS = 50;
/** Beside them: who verifies every minute still sees the last deploys. */
const MAX_VERIFICATIONS = 20;
const MAX_EVIDENCE_LINES = 20;
const MAX_TEXT = 1_000;
const MAX_UNPACKED_BYTES = 4 * 1024 * 1024;
/** The API server refuses a Secret of more than 1 MiB. */
const MAX_PACKED_BYTES = 1_000_000;
const ATTEMPTS = 5;
const DATA_KEY = "journal";

const text = z.string().transform((value) => value.slice(0, MAX_TEXT));
const source = z.object({ url: text, revision: text, ref: text.optional() });
/** A revision as it was meant: `key` tells the same files with the same parameters from others. */
const desired = source.extend({
  key: text.optional(),
  at: z.string(),
  /** Its Jobs, which have finished: the way back to it does not run them again. */
  jobs: z.array(z.object({ key: text, hash: text })).optional(),
});
const count = z.int().nonnegative();

const run = z.object({
  id: z.string(),
  command: z.enum(["reconcile", "undo", "rollback", "verify", "suspend", "resume"]),
  source,
  /** First line of the commit's message. */
  subject: text.optional(),
  /** Who ran it and where, as the lease says. */
  identity: text,
  /** RFC 3339. */
  started: z.string(),
  seconds: z.number(),
  result: z.enum([
    "applied",
    "in-sync",
    "failed",
    "undone",
    "rolled-back",
    "verified",
    "unverified",
    "suspended",
    "resumed",
  ]),
  /** In words. */
  message: text,
  /** How many objects each action changed; without what stayed. */
  changes: z.record(z.string(), count),
  /** Why it failed: reasons, events, last log lines. */
  evidence: z.array(text).transform((lines) => lines.slice(0, MAX_EVIDENCE_LINES)),
  /** Address of the pull request that takes it back in Git, too. */
  proposal: z.exactOptional(text),
  verified: z.object({
    passed: count,
    failed: z.array(text),
    notJudged: count,
    seconds: z.number(),
    /** Each check; in full of the last verification only. Journals of earlier versions have none. */
    checks: z.exactOptional(rememberedChecks),
  }).optional(),
});

const journal = z.object({
  format: z.literal(1),
  component: z.string(),
  runs: z.array(run),
  /** The last revision that was applied, became healthy, and passed its checks where they were asked for. */
  good: desired.optional(),
  /** The good one before it. */
  previous: desired.optional(),
  /** A revision that failed: it is not tried again until Git moves, or somebody says so. */
  rejected: desired.extend({ reason: text }).optional(),
  /** One was rejected before the good one: its revert may still be open as a pull request. */
  revertLeft: z.literal(true).optional(),
  /** Until `until`, or for good, no run writes to the component. */
  suspended: z.object({
    reason: text,
    by: text,
    since: z.string(),
    until: z.exactOptional(z.string()),
  }).optional(),
});

/** One run, as it is remembered. */
export type Run = Readonly<z.output<typeof run>>;

/** A revision as it was meant. */
export type DesiredRevision = Readonly<z.output<typeof desired>>;

/** What is remembered of a component. */
export type Journal = Readonly<Omit<z.output<typeof journal>, "format">>;

/** A journal in which nothing stands. */
export function emptyJournal(component: string): Journal {
  return { component, runs: [] };
}

/**
 * Adds a run; the oldest go. A failure that is met again and again stands once, with its last time.
 *
 * @example
 * ```ts
 * import { emptyJournal, withRun } from "./journal.ts";
 * import assert from "node:assert/strict";
 *
 * const journal = withRun(emptyJournal("web"), {
 *   id: "1", command: "reconcile", source: { url: "https://git.example.com/web.git", revision: "4f1c" },
 *   identity: "ci/1", started: "2026-01-01T00:00:00Z", seconds: 2, result: "applied",
 *   message: "The cluster is now as Git says", changes: { create: 3 }, evidence: [],
 * });
 * assert.equal(journal.runs[0]?.result, "applied");
 * ```
 */
export function withRun(before: Journal, added: Run): Journal {
  const [last, ...older] = before.runs;
  const others = last !== undefined && isRepetition(last, added) ? older : before.runs;
  const shown = added.verified?.checks === undefined ? others : others.map(withChecksInShort);
  return { ...before, runs: bounded([added, ...shown]) };
}

function withChecksInShort(run: Run): Run {
  const { verified } = run;
  if (verified?.checks === undefined) return run;
  return { ...run, verified: { ...verified, checks: inShort(verified.checks) } };
}

function bounded(runs: readonly Run[]): Run[] {
  let [verifications, others] = [0, 0];
  return runs.filter(({ command }) =>
    command === "verify" ? ++verifications <= MAX_VERIFICATIONS : ++others <= MAX_RUNS
  );
}

function isRepetition(last: Run, added: Run): boolean {
  return added.result === "failed" && last.result === "failed" &&
    last.command === added.command && last.source.revision === added.source.revision &&
    last.message === added.message && last.evidence[0] === added.evidence[0];
}

/** Notes that what Git wants is good now. Whatever was rejected is behind it, though perhaps not its revert. */
export function withGood(before: Journal, good: DesiredRevision): Journal {
  const { good: last, rejected, ...others } = before;
  const rest = rejected === undefined ? others : { ...others, revertLeft: true as const };
  const isSame = last?.revision === good.revision ||
    (good.key !== undefined && last?.key === good.key);
  if (last === undefined) return { ...rest, good };
  if (!isSame) return { ...rest, previous: last, good };
  return { ...rest, good: { ...(last.jobs === undefined ? {} : { jobs: last.jobs }), ...good } };
}

/** Notes the address of a pull request with the last undo. */
export function withProposal(before: Journal, proposal: string): Journal {
  const undo = before.runs.find(({ command }) => command === "undo");
  if (undo === undefined || undo.proposal === proposal) return before;
  return { ...before, runs: before.runs.map((run) => run === undo ? { ...run, proposal } : run) };
}

/** Name of the journal's Secret. */
export function journalName(component: string): string {
  return `journal-${component}`;
}

/**
 * Reads what is remembered of a component.
 *
 * @throws {ApplyError} `journal-unreadable`
 */
export async function readJournal(cluster: Cluster, component: string): Promise<Journal> {
  return (await read(cluster, component)).journal;
}

/**
 * Changes the journal, however many others write to it at the same time: `change` is called again with what
 * they wrote. A change that gives back what it was given writes nothing.
 *
 * @returns the journal as it is now.
 * @throws {ApplyError} `journal-unreadable`, or `moved` when others write all the time.
 */
export async function amendJournal(
  cluster: Cluster,
  component: string,
  change: (journal: Journal) => Journal,
): Promise<Journal> {
  for (let attempt = 1;; attempt++) {
    const { journal: before, resourceVersion } = await read(cluster, component);
    const after = change(before);
    if (after === before) return before;
    try {
      await write(cluster, after, resourceVersion);
      return after;
    } catch (error) {
      if (!(error instanceof ClusterError && error.status === 409)) throw error;
      if (attempt < ATTEMPTS) continue;
      throw new ApplyError("moved", "Others write to the journal all the time", {
        place: placeOf(component),
        hint: "Run again.",
        cause: error,
      });
    }
  }
}

async function write(
  cluster: Cluster,
  after: Journal,
  resourceVersion: string | undefined,
): Promise<void> {
  const secret = encodeJournal(after);
  if (resourceVersion === undefined) {
    await ensureSystemNamespace(cluster);
    await cluster.create(SECRETS, secret);
  } else {
    secret.metadata.resourceVersion = resourceVersion;
    await cluster.update(SECRETS, secret);
  }
}

async function read(
  cluster: Cluster,
  component: string,
): Promise<{ journal: Journal; resourceVersion: string | undefined }> {
  const name = journalName(component);
  const secret = await cluster.get(SECRETS, { namespace: SYSTEM_NAMESPACE, name });
  return secret === undefined
    ? { journal: emptyJournal(component), resourceVersion: undefined }
    : { journal: decodeJournal(secret), resourceVersion: secret.metadata.resourceVersion };
}

/** The Secret that holds a journal. Texts that are too long are cut, and of the oldest runs only those stay that fit. */
export function encodeJournal(content: Journal): KubernetesObject {
  const packed = pack(content);
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: journalName(content.component), namespace: SYSTEM_NAMESPACE },
    type: "plumb.thinkube.io/journal",
    data: { [DATA_KEY]: packed.toString("base64") },
  };
}

function pack(content: Journal): Buffer {
  const { runs } = content;
  const plain = Buffer.from(JSON.stringify(journal.parse({ format: 1, ...content })));
  const packed = gzipSync(plain);
  const fits = plain.length <= MAX_UNPACKED_BYTES && packed.length <= MAX_PACKED_BYTES;
  if (fits || runs.length < 2) return packed;
  return pack({ ...content, runs: runs.slice(0, Math.ceil(runs.length / 2)) });
}

/**
 * The journal that a Secret holds.
 *
 * @throws {ApplyError} `journal-unreadable`
 */
export function decodeJournal(secret: KubernetesObject): Journal {
  try {
    const data = z.object({ [DATA_KEY]: z.string() }).parse(secret["data"])[DATA_KEY] ?? "";
    const packed = Buffer.from(data, "base64");
    const unpacked = gunzipSync(packed, { maxOutputLength: MAX_UNPACKED_BYTES });
    const { format: _, ...content } = journal.parse(JSON.parse(unpacked.toString()));
    return content;
  } catch (cause) {
    throw new ApplyError("journal-unreadable", "The journal can't be read", {
      place: { object: `Secret ${SYSTEM_NAMESPACE}/${secret.metadata.name}` },
      hint:
        "It was changed by hand, or written by a newer Plumb. Delete it: the history and a suspension are lost, nothing else.",
      cause,
    });
  }
}

function placeOf(component: string): { object: string } {
  return { object: `Secret ${SYSTEM_NAMESPACE}/${journalName(component)}` };
}
