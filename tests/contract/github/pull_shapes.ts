/**
 * Pull requests, labels and comments as GitHub writes them.
 * @module
 */
import { changedFiles } from "./commits.ts";
import { addressOf, nodeId, numberOf, pageOf, repositoryShape, user } from "./shapes.ts";
import type { Comment, Pull, State } from "./state.ts";

type Shape = Record<string, unknown>;

/** The name of a pull request for GraphQL. */
export const pullNode = ({ number }: Pull): string => nodeId("PR", number);

/** A label. */
export const label = ({ place }: State, name: string): Shape => ({
  id: numberOf(name),
  node_id: nodeId("LA", name),
  url: addressOf(place, `/labels/${encodeURIComponent(name)}`),
  name,
  color: "ededed",
  default: false,
  description: "",
});

/** A team of the repository's owner. */
function team({ place }: State, slug: string): Shape {
  const url = `${place.api}/orgs/${place.owner}/teams/${slug}`;
  return {
    id: numberOf(slug),
    node_id: nodeId("T", slug),
    url,
    html_url: `https://github.com/orgs/${place.owner}/teams/${slug}`,
    members_url: `${url}/members{/member}`,
    repositories_url: `${url}/repos`,
    name: slug,
    slug,
    description: null,
    privacy: "closed",
    notification_setting: "notifications_enabled",
    permission: "push",
    type: "organization",
    organization_id: numberOf(place.owner),
    parent: null,
  };
}

const association = ({ place }: State, login: string) =>
  login === place.owner ? "OWNER" : login.endsWith("[bot]") ? "NONE" : "COLLABORATOR";

/** A pull request in a list. */
export function simplePull(state: State, pull: Pull): Shape {
  const { place } = state;
  const { number, author, labels, reviewers, merged, headSha, baseSha } = pull;
  const api = addressOf(place, `/pulls/${number}`);
  const issue = addressOf(place, `/issues/${number}`);
  const page = pageOf(place, `/pull/${number}`);
  const statuses = addressOf(place, `/statuses/${headSha}`);
  const end = (ref: string, sha: string) => ({
    label: `${place.owner}:${ref}`,
    ref,
    sha,
    user: user(place, place.owner),
    repo: repositoryShape(place),
  });
  const links = {
    self: api,
    html: page,
    issue,
    comments: `${issue}/comments`,
    review_comments: `${api}/comments`,
    review_comment: addressOf(place, "/pulls/comments{/number}"),
    commits: `${api}/commits`,
    statuses,
  };
  return {
    id: 1_000_000 + number,
    node_id: pullNode(pull),
    number,
    state: pull.state,
    locked: false,
    title: pull.title,
    body: pull.body,
    draft: pull.draft,
    user: user(place, author),
    author_association: association(state, author),
    labels: labels.map((name) => label(state, name)),
    requested_reviewers: reviewers.map((login) => user(place, login)),
    requested_teams: pull.teams.map((slug) => team(state, slug)),
    assignee: null,
    assignees: [],
    milestone: null,
    auto_merge: null,
    active_lock_reason: null,
    created_at: pull.created,
    updated_at: pull.updated,
    closed_at: pull.closed,
    merged_at: merged?.at ?? null,
    merge_commit_sha: merged?.sha ?? null,
    head: end(pull.head, headSha),
    base: end(pull.base, baseSha),
    url: api,
    html_url: page,
    diff_url: `${page}.diff`,
    patch_url: `${page}.patch`,
    issue_url: issue,
    comments_url: links.comments,
    commits_url: links.commits,
    review_comments_url: links.review_comments,
    review_comment_url: links.review_comment,
    statuses_url: statuses,
    _links: Object.fromEntries(Object.entries(links).map(([name, href]) => [name, { href }])),
  };
}

/** A pull request by itself. */
export async function fullPull(state: State, pull: Pull): Promise<Shape> {
  const { place: { repository }, place, comments } = state;
  const { baseSha, headSha, merged } = pull;
  const common = await repository.mergeBase(baseSha, headSha) ?? baseSha;
  const files = await changedFiles(place, common, headSha);
  const commits = await repository.log(headSha, { without: common });
  const mergeable = pull.state === "open"
    ? await repository.mergeTree(baseSha, headSha) !== undefined
    : null;
  return {
    ...simplePull(state, pull),
    merged: merged !== undefined,
    merged_by: merged === undefined ? null : user(place, merged.by),
    mergeable,
    rebaseable: mergeable,
    mergeable_state: mergeable === null
      ? "unknown"
      : pull.draft
      ? "draft"
      : mergeable
      ? "clean"
      : "dirty",
    comments: comments.filter(({ issue }) => issue === pull.number).length,
    review_comments: 0,
    maintainer_can_modify: false,
    commits: commits.length,
    additions: files.reduce((total, file) => total + file.additions, 0),
    deletions: files.reduce((total, file) => total + file.deletions, 0),
    changed_files: files.length,
  };
}

/** A pull request as the issue that it is too. */
export function issueShape(state: State, pull: Pull): Shape {
  const { place, comments } = state;
  const { number, author, labels } = pull;
  const issue = addressOf(place, `/issues/${number}`);
  const page = pageOf(place, `/pull/${number}`);
  return {
    id: 2_000_000 + number,
    node_id: pullNode(pull),
    number,
    url: issue,
    html_url: page,
    repository_url: addressOf(place),
    labels_url: `${issue}/labels{/name}`,
    comments_url: `${issue}/comments`,
    events_url: `${issue}/events`,
    state: pull.state,
    state_reason: null,
    title: pull.title,
    body: pull.body,
    draft: pull.draft,
    user: user(place, author),
    author_association: association(state, author),
    labels: labels.map((name) => label(state, name)),
    assignee: null,
    assignees: [],
    milestone: null,
    locked: false,
    active_lock_reason: null,
    comments: comments.filter((each) => each.issue === number).length,
    pull_request: {
      url: addressOf(place, `/pulls/${number}`),
      html_url: page,
      diff_url: `${page}.diff`,
      patch_url: `${page}.patch`,
      merged_at: pull.merged?.at ?? null,
    },
    created_at: pull.created,
    updated_at: pull.updated,
    closed_at: pull.closed,
  };
}

/** A comment. */
export function commentShape(state: State, comment: Comment): Shape {
  const { place } = state;
  const { id, issue, author, body, created, updated } = comment;
  return {
    id,
    node_id: nodeId("IC", id),
    url: addressOf(place, `/issues/comments/${id}`),
    html_url: pageOf(place, `/pull/${issue}#issuecomment-${id}`),
    issue_url: addressOf(place, `/issues/${issue}`),
    user: user(place, author),
    author_association: association(state, author),
    body,
    created_at: created,
    updated_at: updated,
  };
}
