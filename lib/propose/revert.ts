/** The revert of a revision that was undone, as a proposal: the component's folder as the good revision had it. @module */
import { createHash } from "node:crypto";
import { fenced, safeText } from "../report/mod.ts";
import { shortRevision } from "../revision.ts";
import type { Proposal } from "./pull_request.ts";

/** What was undone in the cluster. */
export interface Undone {
  readonly from: string;
  /** The good revision. */
  readonly to: string;
  readonly reason: string;
  /** Reasons, events, last log lines, and what is not undone. */
  readonly evidence: readonly string[];
}

/** Where it stands in Git. */
export interface RevertedFolder {
  readonly component: string;
  /** Commit that the revert goes on. */
  readonly revision: string;
  /** Path of the component's folder. */
  readonly folder: string;
  /** Git's id of that folder in the good revision. */
  readonly tree: string;
}

/**
 * The proposal to take back in Git what was undone in the cluster; without anything undone, that there is nothing to propose.
 * What comes from the cluster stands in code blocks, so that it means nothing.
 *
 * @example
 * ```ts
 * import { revertOf } from "./mod.ts";
 * import assert from "node:assert/strict";
 *
 * const folder = { component: "web", revision: "bad", folder: "manifests/web", tree: "4f1c" };
 * const undone = { from: "bad", to: "good", reason: "no image", evidence: [] };
 * const { files, title } = revertOf(undone, folder);
 * assert.deepEqual([...files], [["manifests/web", { tree: "4f1c" }]]);
 * assert.equal(title, "Revert web to good, since bad failed");
 * ```
 */
export function revertOf(undone: Undone | undefined, folder: RevertedFolder): Proposal {
  const { component, revision, folder: path, tree } = folder;
  const common = { about: "revert" as const, component, revision, draft: false };
  if (undone === undefined) return { ...common, files: new Map(), digest: "", title: "", body: "" };
  const { from, to, reason, evidence } = undone;
  return {
    ...common,
    files: new Map([[path, { tree }]]),
    digest: createHash("sha256").update(`${to} ${tree} ${reason}`).digest("base64url").slice(0, 22),
    title: `Revert ${component} to ${shortRevision(to)}, since ${shortRevision(from)} failed`,
    body: [
      `**${component}** failed at ${from}, and the cluster is back at ${to}. This makes Git say so, too. ` +
      "Until Git moves, the cluster is held there. Merge it, or commit what mends the failure.",
      "### Why it failed",
      fenced([reason, ...evidence.filter((line) => line !== reason)].map(safeText), "text").join(
        "\n",
      ),
    ].join("\n\n"),
  };
}
