/**
 * The routes of pull requests.
 * @module
 */
import { z } from "zod";
import { changedFiles } from "./commits.ts";
import { invalid, Refusal, type Routes } from "./exchange.ts";
import { changeState, checkTexts, merge, open, rebase } from "./pull_life.ts";
import { fullPull, simplePull } from "./pull_shapes.ts";
import { now } from "./shapes.ts";
import type { Pull, State } from "./state.ts";

const R = "/repos/{owner}/{repo}/pulls";
const ONE = `${R}/{pull_number}`;

const wanted = z.object({
  title: z.string().default(""),
  body: z.string().nullable().default(null),
  head: z.string(),
  base: z.string(),
  draft: z.boolean().default(false),
});
const edit = z.object({
  title: z.string(),
  body: z.string().nullable(),
  state: z.enum(["open", "closed"]),
  base: z.string(),
}).partial();
const review = z.object({
  reviewers: z.array(z.string()).default([]),
  team_reviewers: z.array(z.string()).default([]),
});
const merging = z.object({
  merge_method: z.enum(["merge", "squash", "rebase"]).default("merge"),
  commit_title: z.string().optional(),
  commit_message: z.string().optional(),
  sha: z.string().optional(),
});

/** The routes, for one repository. */
export function pullRoutes(state: State): Routes {
  const { place } = state;
  return {
    [`GET ${R}`]: ({ query }) => ({
      status: 200,
      items: list(state, query).map((pull) => simplePull(state, pull)),
    }),
    [`POST ${R}`]: async ({ body, who }) => {
      const { head, ...rest } = wanted.parse(body);
      const [owner, name] = head.includes(":") ? head.split(":") : [place.owner, head];
      if (owner !== place.owner) {
        throw invalid({ resource: "PullRequest", field: "head", code: "invalid" });
      }
      const pull = await open(state, { ...rest, head: name!, author: who.login });
      return { status: 201, body: await fullPull(state, pull) };
    },
    [`GET ${ONE}`]: async ({ parameters }) => ({
      status: 200,
      body: await fullPull(state, state.pull(parameters.pull_number)),
    }),
    [`PATCH ${ONE}`]: async ({ parameters, body }) => {
      const pull = state.pull(parameters.pull_number);
      const { title, base, state: to, ...rest } = edit.parse(body);
      checkTexts(title, rest.body);
      if (base !== undefined) await rebase(state, pull, base);
      if (to !== undefined) await changeState(state, pull, to);
      if (title !== undefined) pull.title = title;
      if (rest.body !== undefined) pull.body = rest.body;
      pull.updated = now();
      return { status: 200, body: await fullPull(state, pull) };
    },
    [`GET ${ONE}/files`]: async ({ parameters }) => {
      const { baseSha, headSha } = state.pull(parameters.pull_number);
      const common = await place.repository.mergeBase(baseSha, headSha);
      return { status: 200, items: await changedFiles(place, common, headSha) };
    },
    [`POST ${ONE}/requested_reviewers`]: ({ parameters, body }) => {
      const pull = state.pull(parameters.pull_number);
      requestReview(state, pull, review.parse(body ?? {}));
      return { status: 201, body: simplePull(state, pull) };
    },
    [`PUT ${ONE}/merge`]: async ({ parameters, body, who }) => {
      const { merge_method: how, commit_title: title, commit_message: message, sha } = merging
        .parse(body ?? {});
      const pull = state.pull(parameters.pull_number);
      const made = await merge(state, pull, { how, by: who.login, title, message, sha });
      return {
        status: 200,
        body: { sha: made, merged: true, message: "Pull Request successfully merged" },
      };
    },
  };
}

function list({ pulls, place }: State, query: Readonly<Record<string, string>>): Pull[] {
  const { state = "open", head, base, sort = "created", direction } = query;
  // A head without its owner is no filter: GitHub answers everything.
  const wantedHead = head?.includes(":") ? head : undefined;
  const found = pulls.filter((pull) =>
    (state === "all" || pull.state === state) && (base === undefined || pull.base === base) &&
    (wantedHead === undefined || wantedHead === `${place.owner}:${pull.head}`)
  );
  const key = (pull: Pull) => sort === "updated" ? pull.updated : pull.created;
  found.sort((one, other) => key(one).localeCompare(key(other)) || one.number - other.number);
  const ascending = (direction ?? (sort === "created" ? "desc" : "asc")) === "asc";
  return ascending ? found : found.reverse();
}

function requestReview(
  { collaborators, teams, place }: State,
  pull: Pull,
  { reviewers, team_reviewers: wantedTeams }: z.infer<typeof review>,
): void {
  if (reviewers.includes(pull.author)) {
    throw new Refusal(422, "Review cannot be requested from pull request author.");
  }
  if (
    reviewers.some((login) => !collaborators.has(login)) ||
    wantedTeams.some((slug) => !teams.has(slug))
  ) {
    throw new Refusal(
      422,
      "Reviews may only be requested from collaborators. One or more of the users or teams you specified " +
        `is not a collaborator of the ${place.owner}/${place.name} repository.`,
    );
  }
  pull.reviewers = [...new Set([...pull.reviewers, ...reviewers])];
  pull.teams = [...new Set([...pull.teams, ...wantedTeams])];
  pull.updated = now();
}
