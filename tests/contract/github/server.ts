/**
 * A double of GitHub for tests: its REST API before a real bare repository, held against GitHub's own description.
 * @module
 */
import { Access, accessRoutes, type App } from "./app.ts";
import { checkRoutes } from "./checks.ts";
import { commitRoutes } from "./commits.ts";
import { Description } from "./description.ts";
import { type Faults, Front } from "./front.ts";
import { gitRoutes } from "./git.ts";
import { addComment, issueRoutes } from "./issues.ts";
import { follow, merge } from "./pull_life.ts";
import { pullRoutes } from "./pulls.ts";
import { type Person, Repository } from "./repository.ts";
import { personOf, type Place, repositoryShape } from "./shapes.ts";
import { State } from "./state.ts";

/** A pull request as tests look at it. */
export interface SeenPull {
  readonly number: number;
  readonly state: "open" | "closed";
  readonly merged: boolean;
  readonly draft: boolean;
  readonly title: string;
  readonly body: string;
  readonly head: string;
  readonly base: string;
  readonly labels: string[];
  /** Teams as `team:slug`. */
  readonly reviewers: string[];
  readonly comments: string[];
}

/** A check run as tests look at it. */
export interface SeenCheckRun {
  readonly name: string;
  readonly head_sha: string;
  readonly status: string;
  readonly conclusion: string | null;
  readonly annotations: readonly unknown[];
}

/** GitHub, with one private repository. */
export interface GitHubDouble extends AsyncDisposable {
  /** The API's base. */
  readonly url: string;
  /** The bare repository's folder. */
  readonly repository: string;
  readonly owner: string;
  readonly name: string;
  /** The only token that is accepted, beside those that an App gets. */
  readonly token: string;
  /** Every request and answer that doesn't fit GitHub's description. */
  readonly violations: readonly string[];
  readonly requests: readonly { readonly method: string; readonly path: string }[];
  readonly faults: Faults;
  pulls(): readonly SeenPull[];
  comments(issue: number): readonly { readonly id: number; readonly body: string }[];
  checkRuns(): readonly SeenCheckRun[];
  /** Somebody comments on the web page. */
  comment(issue: number, author: string, body: string): void;
  /** The repository's owner merges on the web page; yields the commit. */
  merge(number: number, how?: "merge" | "squash"): Promise<string>;
  /** Somebody pushes. `null` removes a file; a branch that isn't there starts at `main`. */
  commit(
    branch: string,
    files: Readonly<Record<string, string | null>>,
    author: { readonly name: string; readonly email: string },
  ): Promise<string>;
}

/** What the double begins with. */
export interface GitHubOptions {
  /** Of the first commit on `main`. */
  readonly files?: Readonly<Record<string, string>>;
  /** @default {"acme"} */
  readonly owner?: string;
  /** @default {"platform"} */
  readonly name?: string;
  /** The text of `.github/CODEOWNERS`; whoever it names may review. */
  readonly codeowners?: string;
  /** Who may review too. */
  readonly collaborators?: readonly string[];
  /** Whose token it is: a person's, or an App's like the one that an Action gets. @default {"user"} */
  readonly identity?: "user" | "app";
  readonly app?: App;
}

/**
 * Starts a double on a free port of loopback.
 *
 * @example
 * ```ts ignore
 * await using github = await startGitHub({ files: { "README.md": "# Readme\n" } });
 * const octokit = new Octokit({ auth: github.token, baseUrl: github.url });
 * ```
 */
export async function startGitHub(options: GitHubOptions = {}): Promise<GitHubDouble> {
  const { owner = "acme", name = "platform", codeowners, identity = "user", app } = options;
  const description = await Description.load();
  const repository = await Repository.create();
  let handle: (request: Request) => Promise<Response> = () =>
    Promise.reject(new Error("not ready"));
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => handle(request),
  );
  const place: Place = { api: `http://127.0.0.1:${server.addr.port}`, owner, name, repository };
  const state = new State(place, ...reviewersOf(owner, codeowners, options.collaborators));
  const token = `ghp_${crypto.randomUUID().replaceAll("-", "")}`;
  const login = identity === "user" ? "plumb-bot" : "github-actions[bot]";
  const access = new Access(token, { login, kind: identity }, app);
  const routes = {
    "GET /repos/{owner}/{repo}": () => ({ status: 200, body: repositoryShape(place) }),
    ...accessRoutes(place, access, app),
    ...gitRoutes(place, (reference) => follow(state, reference)),
    ...commitRoutes(place),
    ...pullRoutes(state),
    ...issueRoutes(state),
    ...checkRoutes(state),
  };
  const front = new Front({ state, access, description, routes });
  handle = (request) => front.handle(request);

  const commit: GitHubDouble["commit"] = (branch, files, author) =>
    front.alone(() => push(state, branch, files, author));
  const given = codeowners === undefined ? {} : { ".github/CODEOWNERS": codeowners };
  await commit("main", { "README.md": `# ${name}\n`, ...given, ...options.files }, personOf(owner));
  return {
    url: place.api,
    repository: repository.path,
    owner,
    name,
    token,
    violations: front.violations,
    requests: front.requests,
    faults: front.faults,
    pulls: () => seenPulls(state),
    comments: (number) =>
      state.comments.filter(({ issue }) => issue === number).map(({ id, body }) => ({ id, body })),
    checkRuns: () =>
      state.checks.map(({ name, head_sha, status, conclusion, output: { annotations } }) => ({
        name,
        head_sha,
        status,
        conclusion,
        annotations,
      })),
    comment: (issue, author, body) => addComment(state, { issue, author, body }),
    merge: (number, how = "merge") =>
      front.alone(() => merge(state, state.pull(String(number)), { how, by: owner })),
    commit,
    async [Symbol.asyncDispose]() {
      await server.shutdown();
      await repository[Symbol.asyncDispose]();
    },
  };
}

function reviewersOf(
  owner: string,
  codeowners = "",
  more: readonly string[] = [],
): [Set<string>, Set<string>] {
  const named = [...codeowners.matchAll(/(?<=\s)@([\w-]+)(?:\/([\w-]+))?/g)];
  const logins = named.filter(([, , slug]) => slug === undefined).map(([, login]) => login!);
  const teams = named.flatMap(([, , slug]) => slug === undefined ? [] : [slug]);
  return [new Set([owner, ...logins, ...more]), new Set(teams)];
}

async function push(
  state: State,
  branch: string,
  files: Readonly<Record<string, string | null>>,
  author: Person,
): Promise<string> {
  const { repository } = state.place;
  const reference = `refs/heads/${branch}`;
  const old = await repository.reference(reference);
  const parent = old ?? await repository.reference("refs/heads/main");
  const changes = await Promise.all(
    Object.entries(files).map(async ([path, content]) => ({
      path,
      mode: "100644",
      sha: content === null ? null : await repository.writeBlob(content),
    })),
  );
  const tree = await repository.writeTree(parent, changes);
  const message = `Change ${Object.keys(files).join(", ")}\n`;
  const sha = await repository.writeCommit(tree, parent ? [parent] : [], message, { author });
  if (!await repository.move(reference, sha, old)) {
    throw new Error(`${reference} could not be moved`);
  }
  await follow(state, reference);
  return sha;
}

function seenPulls({ pulls, comments }: State): SeenPull[] {
  return pulls.map(({ number, state, merged, draft, title, body, head, base, ...pull }) => ({
    number,
    state,
    merged: merged !== undefined,
    draft,
    title,
    body: body ?? "",
    head,
    base,
    labels: [...pull.labels],
    reviewers: [...pull.reviewers, ...pull.teams.map((slug) => `team:${slug}`)],
    comments: comments.filter(({ issue }) => issue === number).map((comment) => comment.body),
  }));
}
