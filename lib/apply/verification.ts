/** Keeps how a verification ended in the journal, and tells how the last ones went. @module */
import { randomUUID } from "node:crypto";
import { type Cluster, ClusterError } from "../cluster/mod.ts";
import type { Emit } from "../event.ts";
import type { Account } from "./account.ts";
import { announce } from "./announce.ts";
import { findComponent } from "./components.ts";
import { ApplyError } from "./errors.ts";
import { amendJournal, type Journal, type Run, withRun } from "./journal.ts";

/** How a verification ended as a whole, and when. */
export type Verification = Omit<NonNullable<Run["verified"]>, "checks"> & {
  /** RFC 3339. */
  readonly at: string;
};

/**
 * Keeps a verification of all checks in the journal of a component that the cluster knows. Credentials that may not
 * write there are told, and fail nothing.
 *
 * @returns whether keeping the next one may work, too.
 */
export async function recordVerification(
  cluster: Cluster,
  component: string,
  { account, identity, emit }: {
    readonly account: Account;
    readonly identity: string;
    readonly emit: Emit;
  },
): Promise<boolean> {
  const run = account.toRun({
    id: randomUUID(),
    command: "verify",
    source: { url: "", revision: "" },
    identity,
    result: "verified",
    message: "",
  });
  const { verified } = run;
  if (verified === undefined) return true;
  try {
    const { source, namespace } = await findComponent(cluster, component);
    const good = isGood(verified);
    const added: Run = {
      ...run,
      source,
      result: good ? "verified" : "unverified",
      message: verificationInWords(verified),
    };
    await amendJournal(cluster, component, (journal) => withRun(journal, added));
    if (!good && namespace !== undefined) {
      const notice = { reason: "VerifyFailed", type: "Warning" as const, message: added.message };
      await announce(cluster, { component, namespace }, [notice]);
    }
    return true;
  } catch (error) {
    if (error instanceof ApplyError && error.code === "unknown-component") return false;
    if (!(error instanceof ClusterError || error instanceof ApplyError)) throw error;
    emit({ type: "warning", message: `The history does not keep this: ${error.message}` });
    return false;
  }
}

/** Whether all checks passed. */
export function isGood({ failed, notJudged }: Omit<Verification, "at">): boolean {
  return failed.length === 0 && notJudged === 0;
}

/**
 * How a verification ended, in words.
 *
 * @example
 * ```ts
 * import { verificationInWords } from "./verification.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(verificationInWords({ passed: 15, failed: [], notJudged: 0, seconds: 9 }), "15 checks passed");
 * assert.equal(
 *   verificationInWords({ passed: 13, failed: ["login"], notJudged: 1, seconds: 9 }),
 *   "13 of 15 checks passed, failed: login, not judged: 1",
 * );
 * ```
 */
export function verificationInWords(
  { passed, failed, notJudged }: Omit<Verification, "at">,
): string {
  const all = passed + failed.length + notJudged;
  if (passed === all) return `${passed} checks passed`;
  return [
    `${passed} of ${all} checks passed`,
    ...(failed.length === 0 ? [] : [`failed: ${failed.join(", ")}`]),
    ...(notJudged === 0 ? [] : [`not judged: ${notJudged}`]),
  ].join(", ");
}

/** The last verifications, the newest first. */
export function verificationsIn({ runs }: Journal): Verification[] {
  return runs.flatMap(({ verified, started }) => {
    if (verified === undefined) return [];
    const { checks: _, ...verdict } = verified;
    return [{ ...verdict, at: started }];
  });
}
