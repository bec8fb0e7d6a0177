/** One run: its plan, its confirmation, how it goes, and how it ended. @module */
import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Run, RunMessage } from "../../contract.ts";
import { html } from "../html.ts";
import { ApiError } from "../net/api.ts";
import { follow } from "../net/follow.ts";
import type { Connection } from "../net/retry.ts";
import { applyMessages, NO_PROGRESS, type Progress } from "../state/progress.ts";
import { componentAddress } from "../state/route.ts";
import { ACTION, RESULT, RUN_STATE } from "../state/words.ts";
import { Announcer } from "./announcer.ts";
import { ConnectionNote } from "./connection.ts";
import { useSession, useTitle } from "./hooks.ts";
import { Badge, Empty, ProblemBox, Waiting, When } from "./parts.ts";
import { Confirm } from "./confirm.ts";
import { RunEnd } from "./run_end.ts";
import { RunProgress, Stop } from "./run_progress.ts";

/** The progress of a run, as it goes, also after a reload and for whoever else looks. */
export function useProgress(id: string | undefined): {
  readonly progress: Progress;
  readonly connection: Connection;
  readonly refused: ApiError | undefined;
} {
  const [state, show] = useState<
    { id: string | undefined; progress: Progress; refused: ApiError | undefined }
  >({ id, progress: NO_PROGRESS, refused: undefined });
  const [connection, reach] = useState<Connection>({ state: "connecting" });
  useEffect(() => {
    show({ id, progress: NO_PROGRESS, refused: undefined });
    if (id === undefined) return;
    const stop = new AbortController();
    void follow<RunMessage>(`runs/${encodeURIComponent(id)}/events`, {
      position: { id: "" },
      signal: stop.signal,
      onMessages: (messages) =>
        show((before) => ({ ...before, progress: applyMessages(before.progress, messages) })),
      onConnection: reach,
      onRefused: (refused) => show((before) => ({ ...before, refused })),
      isLast: (message) => message.type === "state" && message.run.state === "done",
    });
    return () => stop.abort();
  }, [id]);
  const known = state.id === id ? state : { progress: NO_PROGRESS, refused: undefined };
  return { progress: known.progress, connection, refused: known.refused };
}

/** The page of a run. */
export function RunPage({ id }: { readonly id: string }): VNode {
  const { live } = useSession();
  const { progress, connection, refused } = useProgress(id);
  const run = progress.run ?? live.runs.get(id);
  useTitle(
    run === undefined ? "Run" : `${stateOf(run).word}: ${ACTION[run.action].name} ${run.component}`,
  );
  if (refused !== undefined) {
    return html`
      <main>
        <h1>Run</h1>
        <${Empty} title=${refused.problem.message}>
          <p>The server keeps only its newest runs. <a href="#/">All components</a></p>
          <//>
          </main>
    `;
  }
  if (run === undefined) {
    return html`
      <main>
        <h1>Run</h1>
        <${Waiting}>Reading what happened…<//></main>
    `;
  }
  return html`
    <main>
      <p class="crumbs"><a href=${componentAddress(run.component)}>${run.component}</a></p>
      <h1>${ACTION[run.action].name} <span class="quiet">${run.component}</span></h1>
      <p><${Badge} state=${stateOf(run)} /> <span class="quiet">asked for by ${run
        .by}, <${When} time=${run.asked} /></span></p>
      <${ConnectionNote} connection=${connection} />
      <${Announcer} text=${announcement(run, progress)} />
      <${Body} run=${run} progress=${progress} />
    </main>
  `;
}

const stateOf = (run: Run) =>
  run.state === "done" ? RESULT[run.result ?? "error"] : RUN_STATE[run.state];

function Body({ run, progress }: { readonly run: Run; readonly progress: Progress }): VNode {
  switch (run.state) {
    case "planning":
      return html`<${Waiting}>${PLANNING[progress.stage ?? "source"] ?? "Planning…"}<//>
        <${Stop} run=${run} label="Stop planning" />`;
    case "waiting":
      return html`<${Confirm} run=${run} progress=${progress} />`;
    case "running":
    case "stopping":
      return html`<${RunProgress} run=${run} progress=${progress} />`;
    case "done":
      return html`${run.error === undefined ? null : html`<${ProblemBox} problem=${run.error} />`}
        <${RunEnd} run=${run} progress=${progress} />`;
  }
}

const PLANNING: Readonly<Record<string, string>> = {
  source: "Reading Git…",
  render: "Reading the manifests…",
  requirements: "Asking for what the component needs…",
  observe: "Looking at the cluster…",
  plan: "Comparing the cluster with Git…",
  policy: "Asking the policies…",
};

/** What is read aloud: how far the run is, not each of its steps. */
function announcement(run: Run, { wave, stage }: Progress): string {
  if (run.state !== "running") return `${ACTION[run.action].name}: ${stateOf(run).word}`;
  if (stage === "verify") return "The checks are running";
  return wave === undefined ? "Running" : `Wave ${wave.wave} of ${wave.waves}`;
}
