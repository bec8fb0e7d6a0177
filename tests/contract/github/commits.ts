/**
 * Branches, content, commits and what lies between two of them.
 * @module
 */
import { type Answer, missing, Refusal, type Routes } from "./exchange.ts";
import type { Entry, Repository } from "./repository.ts";
import { addressOf, pageOf, type Place, repositoryCommit } from "./shapes.ts";

const R = "/repos/{owner}/{repo}";
const STATUSES: Readonly<Record<string, string>> = {
  A: "added",
  M: "modified",
  D: "removed",
  R: "renamed",
  T: "changed",
};

/** The routes, for one repository. */
export function commitRoutes(place: Place): Routes {
  const { repository } = place;
  const shape = async (sha: string) => repositoryCommit(place, await repository.readCommit(sha));
  const find = async (name: string): Promise<string> => {
    const sha = await repository.resolve(name);
    if (sha === undefined) throw missing();
    return sha;
  };
  return {
    [`GET ${R}/branches/{branch}`]: async ({ parameters: { branch = "" } }) => {
      const sha = await repository.reference(`refs/heads/${branch}`);
      if (sha === undefined) throw new Refusal(404, "Branch not found");
      const self = addressOf(place, `/branches/${branch}`);
      return {
        status: 200,
        body: {
          name: branch,
          commit: await shape(sha),
          _links: { self, html: pageOf(place, `/tree/${branch}`) },
          protected: false,
          protection: { enabled: false },
          protection_url: `${self}/protection`,
        },
      };
    },
    [`GET ${R}/contents/{path}`]: async ({ parameters: { path = "" }, query }) => {
      const ref = query.ref ?? "main";
      const commit = await repository.resolve(ref);
      if (commit === undefined) throw new Refusal(404, `No commit found for the ref ${ref}`);
      return await readContent(place, commit, path.replace(/\/$/, ""), ref);
    },
    [`GET ${R}/commits`]: async ({ query: { sha = "main", path } }) => {
      const found = await repository.log(await find(sha), path === undefined ? {} : { path });
      // Only what is shown is read: a history is long.
      const wrap = (page: readonly unknown[]) =>
        Promise.all(page.map((each) => shape(String(each))));
      return { status: 200, items: found, wrap };
    },
    [`GET ${R}/commits/{ref}`]: async ({ parameters: { ref = "" } }) => {
      const sha = await repository.resolve(ref);
      if (sha === undefined) throw new Refusal(422, `No commit found for SHA: ${ref}`);
      const { parents: [parent] } = await repository.readCommit(sha);
      const files = await changedFiles(place, parent, sha);
      const sum = (name: "additions" | "deletions" | "changes") =>
        files.reduce((total, file) => total + file[name], 0);
      const stats = {
        additions: sum("additions"),
        deletions: sum("deletions"),
        total: sum("changes"),
      };
      return { status: 200, body: { ...await shape(sha), stats, files } };
    },
    [`GET ${R}/compare/{basehead}`]: async ({ parameters: { basehead = "" } }) => {
      const [base = "", head] = basehead.split("...").map((name) =>
        name.slice(name.indexOf(":") + 1)
      );
      if (head === undefined) throw missing();
      return await compare(place, basehead, await find(base), await find(head));
    },
  };
}

async function compare(place: Place, names: string, base: string, head: string): Promise<Answer> {
  const { repository } = place;
  const common = await repository.mergeBase(base, head);
  if (common === undefined) throw new Refusal(404, `No common ancestor between ${names}.`);
  const shape = async (sha: string) => repositoryCommit(place, await repository.readCommit(sha));
  const ahead = (await repository.log(head, { without: base })).reverse();
  const behind = (await repository.log(base, { without: head })).length;
  const page = pageOf(place, `/compare/${names}`);
  return {
    status: 200,
    body: {
      url: addressOf(place, `/compare/${names}`),
      html_url: page,
      permalink_url: page,
      diff_url: `${page}.diff`,
      patch_url: `${page}.patch`,
      base_commit: await shape(base),
      merge_base_commit: await shape(common),
      status: ahead.length > 0
        ? behind > 0 ? "diverged" : "ahead"
        : behind > 0
        ? "behind"
        : "identical",
      ahead_by: ahead.length,
      behind_by: behind,
      total_commits: ahead.length,
      commits: await Promise.all(ahead.slice(0, 250).map(shape)),
      files: await changedFiles(place, common, head),
    },
  };
}

async function readContent(
  place: Place,
  commit: string,
  path: string,
  ref: string,
): Promise<Answer> {
  const entries = await place.repository.readTree(commit, true);
  const found = entries.find((entry) => entry.path === path);
  if (path !== "" && found === undefined) throw missing();
  if (found !== undefined && found.type !== "tree") {
    const bytes = await place.repository.readBlob(found.sha);
    const content = bytes.toBase64().replaceAll(/.{60}/g, "$&\n") + "\n";
    return {
      status: 200,
      body: { ...contentShape(place, found, ref), encoding: "base64", content },
    };
  }
  const parent = path === "" ? "" : `${path}/`;
  const inside = entries.filter((entry) =>
    entry.path.startsWith(parent) && !entry.path.slice(parent.length).includes("/")
  );
  return { status: 200, body: inside.map((entry) => contentShape(place, entry, ref)) };
}

function contentShape(place: Place, { path, sha, size = 0, type }: Entry, ref: string) {
  const kind = type === "tree" ? "tree" : "blob";
  const url = addressOf(place, `/contents/${encodeURI(path)}?ref=${encodeURIComponent(ref)}`);
  const git = addressOf(place, `/git/${kind}s/${sha}`);
  const html = pageOf(place, `/${kind}/${encodeURI(ref)}/${encodeURI(path)}`);
  return {
    name: path.slice(path.lastIndexOf("/") + 1),
    path,
    sha,
    size,
    type: kind === "tree" ? "dir" : "file",
    url,
    git_url: git,
    html_url: html,
    download_url: kind === "tree"
      ? null
      : pageOf(place, `/raw/${encodeURI(ref)}/${encodeURI(path)}`),
    _links: { self: url, git, html },
  };
}

/** A changed file as GitHub writes it. */
export interface ChangedFile {
  readonly filename: string;
  readonly status: string;
  readonly additions: number;
  readonly deletions: number;
  readonly changes: number;
}

const EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

/** The files in which one commit differs from another; from nothing when there is no other. */
export async function changedFiles(
  place: Place,
  from: string | undefined,
  to: string,
): Promise<ChangedFile[]> {
  const { repository } = place;
  const between = ["diff-tree", "-r", "-z", "-M", from ?? EMPTY_TREE, to];
  const [raw, counts] = await Promise.all([
    repository.git([...between, "--raw", "--no-abbrev"]).then((text) => text.split("\0")),
    countLines(repository, between),
  ]);
  const files: ChangedFile[] = [];
  for (let at = 0; at + 1 < raw.length;) {
    const [, , before = "", after = "", letters = ""] = raw[at++]!.split(" ");
    const letter = letters.charAt(0);
    const old = raw[at++]!;
    const filename = letter === "R" ? raw[at++]! : old;
    const { additions = 0, deletions = 0 } = counts.get(filename) ?? {};
    const sha = letter === "D" ? before : after;
    const paths = [...new Set([old, filename])].map((path) => `:(literal)${path}`);
    const patch = await repository.git([
      ...between.filter((each) => each !== "-z"),
      "-p",
      "--",
      ...paths,
    ]);
    const hunks = patch.indexOf("\n@@");
    files.push({
      filename,
      status: STATUSES[letter] ?? "changed",
      additions,
      deletions,
      changes: additions + deletions,
      ...{
        sha,
        ...(letter === "R" ? { previous_filename: old } : {}),
        ...(hunks < 0 ? {} : { patch: patch.slice(hunks + 1) }),
        blob_url: pageOf(place, `/blob/${to}/${encodeURI(filename)}`),
        raw_url: pageOf(place, `/raw/${to}/${encodeURI(filename)}`),
        contents_url: addressOf(place, `/contents/${encodeURI(filename)}?ref=${to}`),
      },
    });
  }
  return files;
}

async function countLines(repository: Repository, between: readonly string[]) {
  const parts = (await repository.git([...between, "--numstat"])).split("\0");
  const counts = new Map<string, { additions: number; deletions: number }>();
  for (let at = 0; at < parts.length; at++) {
    const [added, removed, path] = parts[at]!.split("\t");
    if (path === undefined) continue;
    // A renamed file has both of its names in parts of their own.
    const name = path === "" ? parts[at += 2]! : path;
    counts.set(name, { additions: Number(added) || 0, deletions: Number(removed) || 0 });
  }
  return counts;
}
