/** `plumb diff --pull-request`: the plan is told where it is reviewed. @module */
import { join, relative, resolve } from "node:path/posix";
import { messageOf } from "../errors.ts";
import type { Event } from "../event.ts";
import { type Annotation, annotationsOf, noticePlan, type ParameterFile } from "../propose/mod.ts";
import { createDocument, verdictOf } from "../report/mod.ts";
import { openSource } from "../source/mod.ts";
import type { ReconcileOptions, RunContext } from "./command.ts";
import { repositoryOf } from "./github.ts";
import { folderOf, pathOf, readParameters } from "./reconcile.ts";

/** GitHub takes 65,536 characters; a marker comes before these. */
const MAX_COMMENT = 65_000;

/** Tells the pull request what a run has found. A plan that can't be told is none the worse: that is a warning. */
export async function noticePullRequest(
  options: ReconcileOptions,
  events: readonly Event[],
  context: RunContext,
): Promise<void> {
  const { emit } = context;
  const { pullRequest = 0, repository, source = "" } = options;
  const run = events.find((event) => event.type === "run");
  const component = run?.component ?? options.name ?? folderOf(options).folder;
  try {
    const where = await repositoryOf(source, repository, context);
    const { comment, refusals } = await noticePlan(where, {
      component,
      pullRequest,
      text: createDocument(events, {
        title: `Plan of ${component}`,
        room: MAX_COMMENT,
        whole: `There is more of it: see ${runOf(context)}.`,
      }),
      ...verdictOf(events),
      annotations: await annotationsIn(events, options, context),
    });
    if (comment !== undefined) emit({ type: "comment", ...comment });
    for (const message of refusals) emit({ type: "warning", message });
  } catch (error) {
    const message = `The pull request is not told the plan: ${messageOf(error)}`;
    emit({ type: "warning", message });
  }
}

/** Where the whole plan is: GitHub sets these variables in an Action. */
function runOf({ environment }: RunContext): string {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: name, GITHUB_RUN_ID: id } = environment;
  return server && name && id
    ? `[the summary and the report of the run](${server}/${name}/actions/runs/${id})`
    : "the output of the run";
}

async function annotationsIn(
  events: readonly Event[],
  options: ReconcileOptions,
  { cache, signal }: RunContext,
): Promise<Annotation[]> {
  const source = events.find((event) => event.type === "source");
  const plan = events.findLast((event) => event.type === "plan");
  if (source === undefined || plan?.base === undefined) return [];
  const path = pathOf(options);
  const textsAt = async (ref: string) => {
    const files = await (await openSource({ path, cache, signal, url: options.source, ref }))
      .files();
    return new Map(files.map(({ path, bytes }) => [path, new TextDecoder().decode(bytes)]));
  };
  const [base, proposed] = await Promise.all([
    // A component that is new has no base.
    textsAt(plan.base.revision).catch(() => new Map<string, string>()),
    textsAt(source.revision),
  ]);
  return annotationsOf(plan.changes, {
    base: (file) => base.get(file),
    proposed: (file) => proposed.get(file),
    pathOf: (file) => join(path, file),
    parameters: await parameterFile(options),
  });
}

/** The file of parameters, if it lies in the checkout that is the source. */
async function parameterFile(
  { source = "", parameters, baseParameters }: ReconcileOptions,
): Promise<ParameterFile | undefined> {
  if (parameters === undefined || baseParameters === undefined) return undefined;
  const path = relative(resolve(source), resolve(parameters));
  if (path.startsWith("../")) return undefined;
  const [base, proposed] = await Promise.all([baseParameters, parameters].map(readParameters));
  return base === undefined || proposed === undefined ? undefined : { path, base, proposed };
}
