/** What the overview and a component's own page both show. @module */
import type { VNode } from "preact";
import { shortRevision } from "../../../revision.ts";
import { verdictInWords } from "../../../report/state.ts";
import type { Component, Run } from "../../contract.ts";
import { html } from "../html.ts";
import { runAddress } from "../state/route.ts";
import { ACTION, actionName, HEALTH, RESULT, RUN_STATE, type State, SYNC } from "../state/words.ts";
import { Badge, When, withCode } from "./parts.ts";

type Revision = NonNullable<Component["revision"]["git"]>;

/** In sync, healthy, verified, suspended. */
export function Badges({ component }: { readonly component: Component }): VNode {
  const { sync, health, verified, suspended } = component;
  return html`<p class="badges">
    <${Badge} what="Git" state=${SYNC[sync.state]} />
    ${
    sync.state === "not-deployed" || (sync.state === "unknown" && health.status === "unknown")
      ? null
      : html`<${Badge} what="Health" state=${HEALTH[health.status]} />`
  }
    ${verified === undefined ? null : html`<${Badge} what="Checks" ...${verdictBadge(verified)} />`}
    ${
    suspended === undefined ? null : html`<${Badge} what="Runs" state=${{
      tone: "warn",
      symbol: "‖",
      word: "suspended",
    }} />`
  }
  </p>`;
}

/** How a verification went, as a badge. */
export function verdictBadge(
  { passed, failed, notJudged }: Pick<
    NonNullable<Component["verified"]>,
    "passed" | "failed" | "notJudged"
  >,
): {
  readonly state: State;
} {
  const [tone, symbol] = failed > 0
    ? ["bad", "✗"] as const
    : notJudged > 0
    ? ["warn", "–"] as const
    : ["good", "✓"] as const;
  return { state: { tone, symbol, word: verdictInWords({ passed, failed, notJudged }) } };
}

/** Who is at work, where to look at it. */
export function Working({ component, run }: {
  readonly component: Component;
  readonly run: Run | undefined;
}): VNode | null {
  const { holder } = component;
  if (run !== undefined && run.state !== "done") {
    return html`<p class="working"><${Badge} state=${RUN_STATE[run.state]} word=${`${
      ACTION[run.action].name
    }: ${RUN_STATE[run.state].word}`} />
      ${" "}asked for by ${run.by}. <a href=${runAddress(run.id)}>${
      run.state === "waiting" ? "See the plan" : "Watch it"
    }</a></p>`;
  }
  if (holder === undefined) return null;
  return html`<p class="working"><${Badge} state=${RUN_STATE.running} word="at work" />
    ${" "}${holder.by}${
    holder.since === undefined ? "" : html`, since <${When} time=${holder.since} />`
  }.
    ${
    holder.run === undefined ? "" : html`
      <a href=${runAddress(holder.run)}>Watch it</a>
    `
  }</p>`;
}

/** Revisions and times. */
export function Facts({ component }: { readonly component: Component }): VNode {
  const { revision, schedule, verified, suspended, lastRun } = component;
  const same = revision.git !== undefined && revision.git.revision === revision.cluster?.revision;
  return html`<dl class="facts">
    ${
    same ? html`<${RevisionFact} label="Git and cluster" revision=${revision.git} />` : html`
      <${RevisionFact} label="Git" revision=${revision.git} />
      <${RevisionFact} label="Cluster" revision=${revision.cluster} />
    `
  }
    ${
    lastRun === undefined ? null : html`
      <div>
        <dt>Last run</dt>
        <dd>
            ${actionName(lastRun.action)} <${Badge} state=${RESULT[lastRun.outcome]} />${" "}
            <span class="quiet"><${When} time=${lastRun.time} /> by ${lastRun.by}</span></dd>
      </div>
    `
  }
    ${
    verified === undefined ? null : html`
      <div>
        <dt>Verified</dt>
        <dd>
          <${When} time=${verified.time} />
        </dd>
      </div>
    `
  }
    ${
    schedule === undefined ? null : html`
      <div>
        <dt>Next run</dt>
        <dd>
            ${schedule.suspended
              ? `never: ${schedule.job} is suspended`
              : schedule.next === undefined
              ? schedule.cron
              : html`<${When} time=${schedule.next} />`}</dd>
      </div>
    `
  }
    ${
    suspended === undefined ? null : html`
      <div>
        <dt>Suspended</dt>
        <dd>by ${suspended.by}, <${When} time=${suspended.since} />: ${suspended.reason}
            ${suspended.until === undefined
              ? null
              : [" (ends ", html`<${When} time=${suspended.until} />`, ")"]}</dd>
      </div>
    `
  }
  </dl>`;
}

function RevisionFact({ label, revision }: {
  readonly label: string;
  readonly revision: Revision | undefined;
}): VNode | null {
  if (revision === undefined) return null;
  return html`
    <div>
      <dt>${label}</dt>
      <dd>
        <code>${shortRevision(revision.revision)}</code>
        ${revision.subject === undefined ? "" : ` ${revision.subject}`}
        ${revision.author === undefined
          ? null
          : html`<span class="quiet"> by ${revision.author}</span>`}</dd>
    </div>
  `;
}

/** What to do about it next, in the words of `plumb status`. */
export function Next({ component: { next } }: { readonly component: Component }): VNode | null {
  if (next === undefined) return null;
  return html`<p class=${next.needed ? "" : "quiet"}>Next: ${withCode(next.words)}</p>`;
}
