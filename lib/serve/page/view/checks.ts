/** The board of a component's checks, which fills in while they run. @module */
import type { VNode } from "preact";
import { html } from "../html.ts";
import { api } from "../net/api.ts";
import { runAddress } from "../state/route.ts";
import { activeRun } from "../state/live.ts";
import { BoardSummary, CheckList, type ShownCheck } from "./check_list.ts";
import { useAnswer, useSession } from "./hooks.ts";
import { Empty, ProblemBox, Waiting, When } from "./parts.ts";
import { useProgress } from "./run.ts";

/** All checks, how they went last, and before. */
export function Checks({ name, version }: {
  readonly name: string;
  readonly version: string;
}): VNode {
  const { live } = useSession();
  const active = activeRun(live, name);
  const running = active?.state === "running" ? active.id : undefined;
  const { value: board, problem } = useAnswer((signal) => api.checks(name, signal), [
    name,
    version,
    running,
  ]);
  const { progress } = useProgress(board?.run ?? running);
  if (problem !== undefined) return html`<${ProblemBox} problem=${problem} />`;
  if (board === undefined) return html`<${Waiting}>Reading the checks…<//>`;
  const wrong = board.error === undefined ? null : html`<${ProblemBox} problem=${board.error} />`;
  if (board.checks.length === 0) {
    return wrong ?? html`
      <${Empty} title="This component has no check.">
        <p>Name some in <code>spec.verify</code> of its <code>component.yaml</code>.</p>
        <//>
    `;
  }
  const checks: ShownCheck[] = board.checks.map((check) => ({
    ...check,
    last: progress.checks.get(check.name) ?? check.last,
  }));
  const { runs } = board;
  const newest = runs.at(-1);
  return html`
    ${wrong}
    <${BoardSummary} checks=${checks} />
    ${running === undefined
      ? newest === undefined
        ? html`<p class="quiet">Not run yet. The action Verify runs them.</p>`
        : html`<p class="quiet">Last run <${When} time=${newest.time} />${
          newest.by === undefined ? "" : ` by ${newest.by}`
        }. ${runs.length === 1 ? "It is the only one" : `${runs.length} runs are kept`}.</p>`
      : html`<p class="quiet" role="status">They are being run now. <a href=${
        runAddress(running)
      }>Watch the run</a></p>`}
    <${CheckList} checks=${checks} />
  `;
}
