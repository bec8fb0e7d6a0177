/**
 * Check runs.
 * @module
 */
import { z } from "zod";
import { appShape } from "./app.ts";
import { type Ask, missing, Refusal, type Routes } from "./exchange.ts";
import { addressOf, nodeId, now, pageOf } from "./shapes.ts";
import type { CheckRun, State } from "./state.ts";

const R = "/repos/{owner}/{repo}";

const given = z.object({
  name: z.string(),
  status: z.enum(["queued", "in_progress", "completed", "waiting", "requested", "pending"]),
  conclusion: z.string(),
  started_at: z.string(),
  completed_at: z.string(),
  external_id: z.string(),
  details_url: z.string(),
  output: z.object({
    title: z.string(),
    summary: z.string(),
    text: z.string(),
    annotations: z.array(z.unknown()),
  }).partial(),
}).partial();
const LONGEST = 65_535;
const MOST_ANNOTATIONS = 50;

/** The routes, for one repository. */
export function checkRoutes(state: State): Routes {
  const find = (id: string | undefined): CheckRun => {
    const run = state.checks.find((each) => String(each.id) === id);
    if (run === undefined) throw missing();
    return run;
  };
  return {
    [`POST ${R}/check-runs`]: async ({ body, who }) => {
      onlyForApps(who);
      const { head_sha: sha, name } = z.object({ head_sha: z.string(), name: z.string() })
        .parse(body);
      if (await state.place.repository.typeOf(sha) !== "commit") {
        throw new Refusal(422, `No commit found for SHA: ${sha}`);
      }
      const run: CheckRun = {
        id: state.nextId(),
        head_sha: sha,
        name,
        status: "queued",
        conclusion: null,
        started_at: now(),
        completed_at: null,
        external_id: "",
        details_url: null,
        output: { title: null, summary: null, text: null, annotations: [] },
      };
      change(run, given.parse(body));
      state.checks.push(run);
      return { status: 201, body: shape(state, run) };
    },
    [`PATCH ${R}/check-runs/{check_run_id}`]: ({ parameters, body, who }) => {
      onlyForApps(who);
      const run = find(parameters.check_run_id);
      change(run, given.parse(body));
      return { status: 200, body: shape(state, run) };
    },
    [`GET ${R}/check-runs/{check_run_id}`]: ({ parameters }) => ({
      status: 200,
      body: shape(state, find(parameters.check_run_id)),
    }),
    [`GET ${R}/commits/{ref}/check-runs`]: async ({ parameters: { ref = "" }, query }) => {
      const sha = await state.place.repository.resolve(ref);
      if (sha === undefined) throw new Refusal(422, `No commit found for SHA: ${ref}`);
      const { check_name: name, status, filter = "latest" } = query;
      const all = state.checks.filter((run) => run.head_sha === sha).reverse();
      const found = all.filter((run, at) =>
        (name === undefined || run.name === name) &&
        (status === undefined || run.status === status) &&
        (filter === "all" || all.findIndex((other) => other.name === run.name) === at)
      );
      return {
        status: 200,
        items: found.map((run) => shape(state, run)),
        wrap: (page) => ({ total_count: found.length, check_runs: page }),
      };
    },
  };
}

// GitHub gives check runs to Apps alone; the token of an Action is one of an App.
function onlyForApps({ kind }: Ask["who"]): void {
  if (kind !== "app") throw new Refusal(403, "You must authenticate via a GitHub App.");
}

function change(run: CheckRun, { output, ...rest }: z.infer<typeof given>): void {
  if (rest.status === "completed" && rest.conclusion === undefined) {
    throw new Refusal(422, 'Invalid request.\n\n"conclusion" wasn\'t supplied.');
  }
  for (const text of [output?.summary, output?.text]) {
    if ([...text ?? ""].length > LONGEST) {
      throw new Refusal(422, `Invalid request.\n\nOnly ${LONGEST} characters are allowed.`);
    }
  }
  if ((output?.annotations?.length ?? 0) > MOST_ANNOTATIONS) {
    throw new Refusal(
      422,
      `Invalid request.\n\nNo more than ${MOST_ANNOTATIONS} items are allowed.`,
    );
  }
  Object.assign(run, rest);
  if (rest.conclusion !== undefined) {
    run.status = "completed";
    run.completed_at ??= now();
  }
  if (output === undefined) return;
  const { annotations = [], ...texts } = output;
  Object.assign(run.output, texts);
  run.output.annotations.push(...annotations);
}

function shape({ place }: State, { output, ...run }: CheckRun) {
  const url = addressOf(place, `/check-runs/${run.id}`);
  const { annotations, ...texts } = output;
  return {
    ...run,
    node_id: nodeId("CR", run.id),
    url,
    html_url: pageOf(place, `/runs/${run.id}`),
    details_url: run.details_url ?? pageOf(place, `/runs/${run.id}`),
    output: {
      ...texts,
      annotations_count: annotations.length,
      annotations_url: `${url}/annotations`,
    },
    check_suite: null,
    app: appShape(place, 1),
    pull_requests: [],
  };
}
