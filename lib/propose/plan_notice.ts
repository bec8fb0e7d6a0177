/** The plan of a pull request: one comment that is kept up, and a check run with annotations. @module */
import type { Octokit } from "octokit";
import type { Annotation } from "./annotations.ts";
import { connectGitHub, type GitHubRepository, isForbidden, refusalOf } from "./github.ts";

/** What is told to a pull request. */
export interface PlanNotice {
  readonly component: string;
  /** Number of the pull request. */
  readonly pullRequest: number;
  /** Markdown of 65,000 characters at the most. */
  readonly text: string;
  readonly conclusion: "success" | "failure" | "neutral";
  /** The verdict in a line. */
  readonly title: string;
  readonly annotations: readonly Annotation[];
}

/** What became of it. */
export interface Noticed {
  /** Absent where GitHub did not take it. */
  readonly comment?: { readonly state: "created" | "updated" | "unchanged"; readonly url: string };
  /** What GitHub did not take, and why. */
  readonly refusals: readonly string[];
}

/** GitHub takes so many in one request. */
const ANNOTATIONS_AT_ONCE = 50;
/** Nobody reads more in the margin, and each request takes a second; the comment has all. */
const MAX_ANNOTATIONS = 250;
/** In characters; GitHub takes no longer titles, and messages of 64 KB. */
const MAX_TITLE = 255;
const MAX_MESSAGE = 16_000;

/** Tells a pull request what it would do. What GitHub refuses is told, and never thrown. */
export async function noticePlan(where: GitHubRepository, notice: PlanNotice): Promise<Noticed> {
  const { rest, graphql } = await connectGitHub(where);
  const at = { owner: where.owner, repo: where.name };
  const [comment, check] = await Promise.allSettled([
    keepComment({ rest, graphql, at }, notice),
    makeCheckRun({ rest, graphql, at }, notice),
  ]);
  return {
    ...(comment.status === "fulfilled" ? { comment: comment.value } : {}),
    refusals: [
      ...(comment.status === "fulfilled"
        ? []
        : [sentenceOf("comment", "pull-requests: write", comment.reason)]),
      ...(check.status === "fulfilled"
        ? []
        : [sentenceOf("check run", "checks: write", check.reason)]),
    ],
  };
}

interface GitHub {
  readonly rest: Octokit["rest"];
  readonly graphql: Octokit["graphql"];
  readonly at: { readonly owner: string; readonly repo: string };
}

function sentenceOf(what: string, right: string, error: unknown): string {
  const refusal = refusalOf(error);
  const { status, message } = refusal;
  const needed = isForbidden(refusal) ? `; the token needs ${right}` : "";
  return `The plan has no ${what}: GitHub says ${status ?? "nothing"}, ${message}${needed}`;
}

/** Writes the one comment of the component that is our own. Others may write the marker, too. */
async function keepComment(
  { rest, graphql, at }: GitHub,
  { component, pullRequest, text }: PlanNotice,
): Promise<NonNullable<Noticed["comment"]>> {
  const marker = `<!-- plumb: plan of ${component} -->`;
  const body = `${marker}\n${text}`;
  // An App can't ask REST who it is.
  const { viewer } = await graphql<{ viewer: { login: string } }>("query { viewer { login } }");
  const issue = { ...at, issue_number: pullRequest };
  const old = await findComment(
    rest,
    issue,
    (comment) => comment.user?.login === viewer.login && comment.body?.startsWith(marker) === true,
  );
  if (old === undefined) {
    const { data } = await rest.issues.createComment({ ...issue, body });
    return { state: "created", url: data.html_url };
  }
  if (old.body === body) return { state: "unchanged", url: old.html_url };
  const { data } = await rest.issues.updateComment({ ...at, comment_id: old.id, body });
  return { state: "updated", url: data.html_url };
}

type Comment = Awaited<ReturnType<Octokit["rest"]["issues"]["listComments"]>>["data"][number];

async function findComment(
  rest: Octokit["rest"],
  issue: { readonly owner: string; readonly repo: string; readonly issue_number: number },
  matches: (comment: Comment) => boolean,
): Promise<Comment | undefined> {
  for (let page = 1;; page++) {
    const { data } = await rest.issues.listComments({ ...issue, per_page: 100, page });
    const found = data.find(matches);
    if (found !== undefined || data.length < 100) return found;
  }
}

/** Says the verdict at the commit that was pushed, with annotations at its lines. */
async function makeCheckRun(
  { rest, at }: GitHub,
  { component, pullRequest, text, conclusion, annotations, ...notice }: PlanNotice,
): Promise<void> {
  const title = notice.title.slice(0, MAX_TITLE);
  const { data: pull } = await rest.pulls.get({ ...at, pull_number: pullRequest });
  const [first = [], ...more] = pagesOf(annotations);
  const { data: run } = await rest.checks.create({
    ...at,
    name: `Plan of ${component}`,
    head_sha: pull.head.sha,
    status: "completed",
    conclusion,
    output: { title, summary: text, annotations: first },
  });
  for (const page of more) {
    const output = { title, summary: text, annotations: page };
    await rest.checks.update({ ...at, check_run_id: run.id, output });
  }
}

function pagesOf(annotations: readonly Annotation[]) {
  const shaped = annotations.slice(0, MAX_ANNOTATIONS).map((
    { path, line, level, title, message },
  ) => ({
    path,
    start_line: line,
    end_line: line,
    annotation_level: level,
    title: title.slice(0, MAX_TITLE),
    message: message.slice(0, MAX_MESSAGE),
  }));
  return Array.from(
    { length: Math.ceil(shaped.length / ANNOTATIONS_AT_ONCE) },
    (_, page) => shaped.slice(page * ANNOTATIONS_AT_ONCE, (page + 1) * ANNOTATIONS_AT_ONCE),
  );
}
