/**
 * People, the repository and commits as GitHub writes them.
 * @module
 */
import { type Commit, type Person, Repository } from "./repository.ts";
import type { Identity } from "./exchange.ts";

/** Where the double is, and whose repository it has. */
export interface Place {
  /** The API's base. */
  readonly api: string;
  readonly owner: string;
  readonly name: string;
  readonly repository: Repository;
}

type Shape = Record<string, unknown>;

const WEB = "https://github.com";
/** The day on which everything that has no day of its own was made. */
const MADE = "2026-01-01T00:00:00Z";
const MAIL = "users.noreply.github.com";

/** The name of something for GraphQL. */
export const nodeId = (kind: string, id: number | string): string =>
  `${kind}_${btoa(String(id)).replaceAll("=", "")}`;

/** A number that is always the same for a text. */
export function numberOf(text: string): number {
  let hash = 7;
  for (const character of text) hash = (hash * 31 + character.codePointAt(0)!) % 1_000_000_007;
  return hash + 1;
}

/** This moment as GitHub writes it. */
export const now = (): string => new Date().toISOString().replace(/\.\d+Z$/, "Z");

/** The page for people of something in the repository. */
export const pageOf = ({ owner, name }: Place, rest = ""): string =>
  `${WEB}/${owner}/${name}${rest}`;
/** The address in the API of something in the repository. */
export const addressOf = ({ api, owner, name }: Place, rest = ""): string =>
  `${api}/repos/${owner}/${name}${rest}`;

/** As whom somebody commits who only has a login. */
export const personOf = (login: string): Person => ({
  name: login,
  email: `${numberOf(login)}+${login}@${MAIL}`,
});
/** GitHub itself, which commits what is done on its pages. */
export const GITHUB: Person = { name: "GitHub", email: "noreply@github.com" };

/** The account of an address; absent for an address that no account has. */
export function loginOf(email: string): string | undefined {
  if (email === GITHUB.email) return "web-flow";
  return email.match(/^(?:\d+\+)?([^@]+)@users\.noreply\.github\.com$/)?.[1];
}

/** An account. */
export function user({ api }: Place, login: string): Shape {
  const url = `${api}/users/${encodeURIComponent(login)}`;
  return {
    login,
    id: numberOf(login),
    node_id: nodeId("U", login),
    avatar_url: `https://avatars.githubusercontent.com/u/${numberOf(login)}?v=4`,
    gravatar_id: "",
    url,
    html_url: `${WEB}/${encodeURIComponent(login)}`,
    followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`,
    gists_url: `${url}/gists{/gist_id}`,
    starred_url: `${url}/starred{/owner}{/repo}`,
    subscriptions_url: `${url}/subscriptions`,
    organizations_url: `${url}/orgs`,
    repos_url: `${url}/repos`,
    events_url: `${url}/events{/privacy}`,
    received_events_url: `${url}/received_events`,
    type: login.endsWith("[bot]") ? "Bot" : "User",
    site_admin: false,
  };
}

/** The account of whoever asks, with what only he is told. */
export const ownUser = (place: Place, { login }: Identity): Shape => ({
  ...user(place, login),
  name: login,
  company: null,
  blog: "",
  location: null,
  email: null,
  hireable: null,
  bio: null,
  public_repos: 0,
  public_gists: 0,
  followers: 0,
  following: 0,
  created_at: MADE,
  updated_at: MADE,
});

// Each is an address of the API below the repository, some with a part to be filled in.
const ADDRESSES: Readonly<Record<string, string>> = {
  archive: "{archive_format}{/ref}",
  assignees: "{/user}",
  blobs: "/git/blobs{/sha}",
  branches: "{/branch}",
  collaborators: "{/collaborator}",
  comments: "{/number}",
  commits: "{/sha}",
  compare: "/compare/{base}...{head}",
  contents: "/contents/{+path}",
  contributors: "",
  deployments: "",
  downloads: "",
  events: "",
  forks: "",
  git_commits: "/git/commits{/sha}",
  git_refs: "/git/refs{/sha}",
  git_tags: "/git/tags{/sha}",
  hooks: "",
  issue_comment: "/issues/comments{/number}",
  issue_events: "/issues/events{/number}",
  issues: "{/number}",
  keys: "{/key_id}",
  labels: "{/name}",
  languages: "",
  merges: "",
  milestones: "{/number}",
  notifications: "{?since,all,participating}",
  pulls: "{/number}",
  releases: "{/id}",
  stargazers: "",
  statuses: "{/sha}",
  subscribers: "",
  subscription: "",
  tags: "",
  teams: "",
  trees: "/git/trees{/sha}",
};

/** The repository. */
export function repositoryShape(place: Place): Shape {
  const full = `${place.owner}/${place.name}`;
  const addresses = Object.entries(ADDRESSES).map(([name, rest]) => [
    `${name}_url`,
    addressOf(place, rest.startsWith("/") ? rest : `/${name}${rest}`),
  ]);
  return {
    ...Object.fromEntries(addresses),
    id: numberOf(full),
    node_id: nodeId("R", full),
    name: place.name,
    full_name: full,
    owner: user(place, place.owner),
    private: true,
    visibility: "private",
    html_url: pageOf(place),
    url: addressOf(place),
    description: null,
    fork: false,
    clone_url: pageOf(place, ".git"),
    git_url: `git://github.com/${full}.git`,
    ssh_url: `git@github.com:${full}.git`,
    svn_url: pageOf(place),
    default_branch: "main",
    has_issues: true,
    has_projects: true,
    has_wiki: false,
    has_pages: false,
    has_discussions: false,
    has_downloads: true,
    homepage: null,
    language: null,
    archived: false,
    disabled: false,
    mirror_url: null,
    license: null,
    size: 0,
    pushed_at: MADE,
    created_at: MADE,
    updated_at: MADE,
    allow_merge_commit: true,
    allow_squash_merge: true,
    allow_rebase_merge: false,
    ...Object.fromEntries(
      ["forks", "open_issues", "watchers"].flatMap((each) => [[each, 0], [`${each}_count`, 0]]),
    ),
    stargazers_count: 0,
    network_count: 0,
    subscribers_count: 0,
  };
}

const unsigned = {
  verified: false,
  reason: "unsigned",
  signature: null,
  payload: null,
  verified_at: null,
};

/** A commit of the Git data API. */
export const gitCommit = (place: Place, { sha, tree, parents, ...rest }: Commit): Shape => ({
  ...rest,
  sha,
  node_id: nodeId("C", sha),
  url: addressOf(place, `/git/commits/${sha}`),
  html_url: pageOf(place, `/commit/${sha}`),
  tree: { sha: tree, url: addressOf(place, `/git/trees/${tree}`) },
  parents: parents.map((parent) => ({
    sha: parent,
    url: addressOf(place, `/git/commits/${parent}`),
    html_url: pageOf(place, `/commit/${parent}`),
  })),
  verification: unsigned,
});

/** A commit with the accounts of those who made it. */
export function repositoryCommit(place: Place, commit: Commit): Shape {
  const { sha, tree, parents, author, committer, message } = commit;
  const account = (email: string) => {
    const login = loginOf(email);
    return login === undefined ? null : user(place, login);
  };
  return {
    sha,
    node_id: nodeId("C", sha),
    url: addressOf(place, `/commits/${sha}`),
    html_url: pageOf(place, `/commit/${sha}`),
    comments_url: addressOf(place, `/commits/${sha}/comments`),
    commit: {
      url: addressOf(place, `/git/commits/${sha}`),
      author,
      committer,
      message,
      comment_count: 0,
      tree: { sha: tree, url: addressOf(place, `/git/trees/${tree}`) },
      verification: unsigned,
    },
    author: account(author.email),
    committer: account(committer.email),
    parents: parents.map((parent) => ({
      sha: parent,
      url: addressOf(place, `/commits/${parent}`),
      html_url: pageOf(place, `/commit/${parent}`),
    })),
  };
}
