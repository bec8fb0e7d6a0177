/** The board of checks, from what the journal keeps and what runs of this server have told. Pure. @module */
import { whoInWords } from "../report/mod.ts";
import type { Backlog } from "./backlog.ts";
import type { Board, CheckEvent, Run, RunMessage } from "./contract.ts";
import { problemOf } from "./errors.ts";
import { runBehind, verdictOf } from "./history.ts";
import type { Look } from "./look.ts";

const MAX_TREND = 20;

interface Verification {
  /** When it began. */
  readonly time: string;
  readonly checks: readonly CheckEvent[];
  readonly verdict: Board["runs"][number] | undefined;
  /** Of this server. */
  readonly run: Run | undefined;
}

/** What is known of a component's checks, whoever has run them. */
export function boardOf(
  { declared, journal }: Pick<Look, "declared" | "journal">,
  runs: readonly Run[],
  messagesOf: (run: string) => Pick<Backlog<RunMessage>, "kept">,
): Board {
  const own = runs.flatMap((run) => verificationIn(run, messagesOf(run.id).kept) ?? []);
  const verifications = together(rememberedIn(journal, runs), own);
  const going = own.find(({ run }) => run?.state !== "done");
  return {
    checks: (declared?.checks ?? namesIn(verifications)).map((check) => {
      const results = verifications.flatMap(({ time, checks }) =>
        checks.filter(({ name }) => name === check.name).map((result) => ({ time, result }))
      );
      const last = results.at(-1)?.result;
      return {
        ...check,
        ...(last === undefined ? {} : { last: { ...last, title: check.title } }),
        trend: results.flatMap(({ time, result: { status, seconds } }) =>
          status === "running"
            ? []
            : [{ time, status, ...(seconds === undefined ? {} : { seconds }) }]
        ).slice(-MAX_TREND),
      };
    }),
    runs: verifications.flatMap(({ verdict }) => verdict ?? []).slice(-MAX_TREND),
    ...(declared?.checksError === undefined ? {} : { error: problemOf(declared.checksError) }),
    ...(going?.run === undefined ? {} : { run: going.run.id }),
  };
}

/** The last word on each check of a run of this server, if it had any. */
function verificationIn(run: Run, messages: readonly RunMessage[]): Verification | undefined {
  const checks = new Map<string, CheckEvent>();
  let verdict: Verification["verdict"];
  for (const message of messages) {
    if (message.type !== "event") continue;
    const { event, time } = message;
    if (event.type === "check") checks.set(event.name, event);
    if (event.type === "verified") {
      const { passed, failed, notJudged, seconds } = event;
      verdict = { passed, failed, notJudged, seconds, time, by: run.by, run: run.id };
    }
  }
  if (checks.size === 0) return undefined;
  return { run, time: run.started ?? run.asked, checks: [...checks.values()], verdict };
}

/** Those that the journal keeps. Of the newest alone it knows more than how each check ended. */
function rememberedIn(journal: Look["journal"], runs: readonly Run[]): Verification[] {
  return journal.runs.flatMap((entry): Verification[] => {
    const { verified, started, identity } = entry;
    if (verified === undefined) return [];
    const run = runBehind(entry, runs);
    const time = new Date(started).toISOString();
    const checks = (verified.checks ?? []).map((check): CheckEvent => (
      { type: "check", title: check.name, ...check }
    ));
    const verdict = {
      ...verdictOf(verified, time),
      by: whoInWords(identity),
      ...(run === undefined ? {} : { run: run.id }),
    };
    return [{ run, time, checks, verdict }];
  });
}

/** Each once, the newest last. Of its own runs the server adds those that the journal does not keep, or not yet. */
function together(
  remembered: readonly Verification[],
  own: readonly Verification[],
): Verification[] {
  const known = new Set(remembered.flatMap(({ run }) => run?.id ?? []));
  const others = own.filter(({ run }) => run !== undefined && !known.has(run.id));
  return [...remembered, ...others].sort((left, right) => left.time.localeCompare(right.time));
}

/** Where Git is not known, the checks are those of the last verification that names them. */
function namesIn(verifications: readonly Verification[]): Board["checks"][number][] {
  const last = verifications.findLast(({ checks }) => checks.length > 0);
  return (last?.checks ?? []).map(({ name, title }) => ({ name, title, trend: [] }));
}
