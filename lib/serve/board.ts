/** The board of checks, from what the journal keeps and what runs of this server have told. Pure. @module */
import type { Backlog } from "./backlog.ts";
import type { Board, CheckEvent, Run, RunMessage } from "./contract.ts";
import type { Look } from "./look.ts";

const MAX_TREND = 20;

interface Verification {
  readonly run: Run;
  readonly time: string;
  readonly checks: readonly CheckEvent[];
  readonly verdict: Board["runs"][number] | undefined;
}

/** What is known of a component's checks. */
export function boardOf(
  { declared, journal }: Pick<Look, "declared" | "journal">,
  runs: readonly Run[],
  messagesOf: (run: string) => Pick<Backlog<RunMessage>, "kept">,
): Board {
  const verifications = runs.toReversed().flatMap((run): Verification[] => {
    const found = verificationIn(run, messagesOf(run.id).kept);
    return found === undefined ? [] : [found];
  });
  const going = verifications.findLast(({ run }) => run.state !== "done");
  return {
    checks: (declared?.checks ?? []).map((check) => {
      const results = verifications.flatMap(({ time, checks }) =>
        checks.filter(({ name }) => name === check.name).map((result) => ({ time, result }))
      );
      const last = results.at(-1)?.result;
      return {
        ...check,
        ...(last === undefined ? {} : { last }),
        trend: results.flatMap(({ time, result: { status, seconds } }) =>
          status === "running"
            ? []
            : [{ time, status, ...(seconds === undefined ? {} : { seconds }) }]
        ).slice(-MAX_TREND),
      };
    }),
    runs: verdictsOf(journal, verifications).slice(-MAX_TREND),
    ...(going === undefined ? {} : { run: going.run.id }),
  };
}

/** The last word on each check of a run, if it had any. */
function verificationIn(run: Run, messages: readonly RunMessage[]): Verification | undefined {
  const checks = new Map<string, CheckEvent>();
  let verdict: Verification["verdict"];
  for (const message of messages) {
    if (message.type !== "event") continue;
    const { event, time } = message;
    if (event.type === "check") checks.set(event.name, event);
    if (event.type === "verified") {
      const { passed, failed, notJudged, seconds } = event;
      verdict = { passed, failed, notJudged, seconds, time, run: run.id };
    }
  }
  if (checks.size === 0) return undefined;
  return { run, time: run.started ?? run.asked, checks: [...checks.values()], verdict };
}

/** Those of the journal, which outlive this server, and those of this server that it does not keep: of some checks only. */
function verdictsOf(
  journal: Look["journal"],
  verifications: readonly Verification[],
): Board["runs"] {
  const known = new Set<Verification>();
  const kept = journal.runs.flatMap(({ verified, started }) => {
    if (verified === undefined) return [];
    const at = new Date(started).toISOString();
    const here = verifications.find(({ run, time }) =>
      time <= at && (run.finished === undefined || at <= run.finished)
    );
    if (here !== undefined) known.add(here);
    return [{
      passed: verified.passed,
      failed: verified.failed.length,
      notJudged: verified.notJudged,
      seconds: verified.seconds,
      time: at,
      ...(here === undefined ? {} : { run: here.run.id }),
    }];
  });
  const others = verifications.filter((verification) => !known.has(verification))
    .flatMap(({ verdict }) => verdict ?? []);
  return [...kept, ...others].sort((left, right) => left.time.localeCompare(right.time));
}
