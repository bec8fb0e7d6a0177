/**
 * A real bare repository, and the git program that reads and writes it.
 * @module
 */
import { join } from "node:path";

/** Somebody at a time, as a commit names him. */
export interface Person {
  readonly name: string;
  readonly email: string;
  /** ISO 8601; absent for now. */
  readonly date?: string | undefined;
}

/** A commit object. */
export interface Commit {
  readonly sha: string;
  readonly tree: string;
  readonly parents: readonly string[];
  readonly author: Required<Person> & { readonly date: string };
  readonly committer: Required<Person> & { readonly date: string };
  readonly message: string;
}

/** An entry of a tree. */
export interface Entry {
  readonly mode: string;
  readonly type: string;
  readonly sha: string;
  /** Of a blob. */
  readonly size?: number;
  readonly path: string;
}

/** A change of a tree: an object at a path, or nothing. */
export interface Change {
  readonly path: string;
  readonly mode: string;
  readonly sha: string | null;
}

const NOTHING = "0".repeat(40);
const SHA = /^[0-9a-f]{40}$/;

/** The git program failed. */
export class GitFailure extends Error {
  override readonly name = "GitFailure";
}

interface Run {
  readonly input?: string | Uint8Array;
  readonly env?: Record<string, string>;
}

/** A bare repository in a folder of its own. */
export class Repository implements AsyncDisposable {
  #indexes = 0;
  private constructor(readonly folder: string, readonly path: string) {}

  /** Makes an empty one. */
  static async create(): Promise<Repository> {
    const folder = await Deno.makeTempDir({ prefix: "plumb-github-" });
    const repository = new Repository(folder, join(folder, "repository.git"));
    await Deno.mkdir(repository.path);
    await repository.git(["init", "--quiet", "--bare", "--initial-branch=main"]);
    return repository;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }

  /** Runs git, and yields what it prints. */
  async bytes(args: readonly string[], { input, env = {} }: Run = {}): Promise<Uint8Array> {
    const child = new Deno.Command("git", {
      args: [...args],
      cwd: this.path,
      env: { ...env, GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: "/dev/null", LC_ALL: "C" },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const bytes = typeof input === "string" ? new TextEncoder().encode(input) : input;
    const written = new Response((bytes ?? new Uint8Array()).slice()).body!.pipeTo(child.stdin);
    const [{ success, stdout, stderr }] = await Promise.all([
      child.output(),
      written.catch(() => {}),
    ]);
    if (!success) throw new GitFailure(new TextDecoder().decode(stderr).trim());
    return stdout;
  }

  /** Runs git, and yields the text that it prints, without the last end of line. */
  async git(args: readonly string[], run: Run = {}): Promise<string> {
    return new TextDecoder().decode(await this.bytes(args, run)).replace(/\n$/, "");
  }

  async #try(args: readonly string[], run: Run = {}): Promise<string | undefined> {
    return await this.git(args, run).catch((error) => {
      if (error instanceof GitFailure) return undefined;
      throw error;
    });
  }

  /** The kind of an object; absent when there is none. */
  async typeOf(sha: string): Promise<string | undefined> {
    return SHA.test(sha) ? await this.#try(["cat-file", "-t", sha]) : undefined;
  }

  /** What a branch, a tag, a full reference or an object's name stands for. */
  async resolve(name: string, type: "commit" | "tree" = "commit"): Promise<string | undefined> {
    const names = SHA.test(name)
      ? [name]
      : [`refs/heads/${name}`, `refs/tags/${name}`, ...(name.startsWith("refs/") ? [name] : [])];
    for (const each of names) {
      const sha = await this.#try(["rev-parse", "--verify", "--quiet", `${each}^{${type}}`]);
      if (sha !== undefined) return sha;
    }
    return undefined;
  }

  /** The object that a full reference points at. */
  async reference(name: string): Promise<string | undefined> {
    return await this.#try(["show-ref", "--verify", "--hash", name]);
  }

  /** Full references that begin with a prefix, in order. */
  async references(prefix: string): Promise<{ name: string; sha: string; type: string }[]> {
    const text = await this.git([
      "for-each-ref",
      "--format=%(refname) %(objectname) %(objecttype)",
    ]);
    return text.split("\n").filter((line) => line.startsWith(prefix)).map((line) => {
      const [name = "", sha = "", type = ""] = line.split(" ");
      return { name, sha, type };
    });
  }

  /** Whether git takes a name for a reference. */
  async isReferenceName(name: string): Promise<boolean> {
    return await this.#try(["check-ref-format", name]) !== undefined;
  }

  /** Moves, makes or removes a reference, if it still points where it is thought to; whether it did. */
  async move(name: string, to: string | undefined, from: string | undefined): Promise<boolean> {
    const args = to === undefined
      ? ["update-ref", "-d", name, from ?? NOTHING]
      : ["update-ref", name, to, from ?? NOTHING];
    return await this.#try(args) !== undefined;
  }

  /** Keeps content. */
  async writeBlob(content: string | Uint8Array): Promise<string> {
    return await this.git(["hash-object", "-w", "--stdin"], { input: content });
  }

  /** The content of a blob. */
  async readBlob(sha: string): Promise<Uint8Array> {
    return await this.bytes(["cat-file", "blob", sha]);
  }

  /** Writes a tree: another one with changes. An absent base is an empty tree. */
  async writeTree(base: string | undefined, changes: readonly Change[]): Promise<string> {
    // An index of its own: two requests may write at once.
    const index = join(this.folder, `index-${this.#indexes++}`);
    const env = { GIT_INDEX_FILE: index };
    try {
      await this.git(["read-tree", base ?? "--empty"], { env });
      const lines = async ({ path, mode, sha }: Change): Promise<string[]> => {
        const below = (await this.git(["ls-files", "-z"], { env })).split("\0")
          .filter((each) => each === path || each.startsWith(`${path}/`))
          .map((each) => `0 ${NOTHING}\t${each}`);
        if (sha === null) return below;
        if (mode !== "040000") return [`${mode} ${sha}\t${path}`];
        const added = (await this.readTree(sha, true)).filter(({ type }) => type !== "tree");
        return [...below, ...added.map((each) => `${each.mode} ${each.sha}\t${path}/${each.path}`)];
      };
      for (const change of changes) {
        const input = (await lines(change)).map((line) => `${line}\0`).join("");
        await this.git(["update-index", "--replace", "-z", "--index-info"], { env, input });
      }
      return await this.git(["write-tree"], { env });
    } finally {
      await Deno.remove(index).catch(() => {});
    }
  }

  /** The entries of a tree; with those below it if wanted. */
  async readTree(tree: string, recursive: boolean): Promise<Entry[]> {
    const flags = recursive ? ["-r", "-t"] : [];
    const text = await this.git(["ls-tree", "-l", "-z", ...flags, tree]);
    return text.split("\0").filter(Boolean).map((line) => {
      const [, mode = "", type = "", sha = "", size = "-", path = ""] =
        line.match(/^(\d+) (\w+) (\w+) +(\S+)\t([^]*)$/) ?? [];
      return { mode, type, sha, path, ...(size === "-" ? {} : { size: Number(size) }) };
    });
  }

  /** Writes a commit. */
  async writeCommit(
    tree: string,
    parents: readonly string[],
    message: string,
    { author, committer = author }: { author: Person; committer?: Person | undefined },
  ): Promise<string> {
    const dated = (date: string | undefined) =>
      `${Math.floor((date === undefined ? Date.now() : Date.parse(date)) / 1000)} +0000`;
    return await this.git(
      ["commit-tree", tree, ...parents.flatMap((parent) => ["-p", parent]), "-F", "-"],
      {
        input: message,
        env: {
          GIT_AUTHOR_NAME: author.name,
          GIT_AUTHOR_EMAIL: author.email,
          GIT_AUTHOR_DATE: dated(author.date),
          GIT_COMMITTER_NAME: committer.name,
          GIT_COMMITTER_EMAIL: committer.email,
          GIT_COMMITTER_DATE: dated(committer.date),
        },
      },
    );
  }

  /** Reads a commit. */
  async readCommit(sha: string): Promise<Commit> {
    const text = await this.git(["cat-file", "commit", sha]);
    const end = text.indexOf("\n\n");
    const headers = text.slice(0, end).split("\n");
    const all = (name: string) =>
      headers.filter((line) => line.startsWith(`${name} `)).map((l) => l.slice(name.length + 1));
    const person = (name: string) => {
      const [, who = "", email = "", seconds = "0"] =
        all(name)[0]?.match(/^(.*?) ?<(.*)> (\d+) [+-]\d{4}$/) ?? [];
      const date = new Date(Number(seconds) * 1000).toISOString().replace(".000Z", "Z");
      return { name: who, email, date };
    };
    return {
      sha,
      tree: all("tree")[0] ?? "",
      parents: all("parent"),
      author: person("author"),
      committer: person("committer"),
      message: text.slice(end + 2),
    };
  }

  /** Commits from new to old that one can reach from one place and not from another, which may touch a path. */
  async log(
    from: string,
    { without, path }: { without?: string; path?: string } = {},
  ): Promise<string[]> {
    const text = await this.git([
      "rev-list",
      from,
      ...(without === undefined ? [] : [`^${without}`]),
      "--",
      ...(path === undefined ? [] : [`:(literal)${path}`]),
    ]);
    return text.split("\n").filter(Boolean);
  }

  /** The newest commit that both have. */
  async mergeBase(one: string, other: string): Promise<string | undefined> {
    return await this.#try(["merge-base", one, other]);
  }

  /** Whether one can be reached from the other. */
  async isAncestor(one: string, other: string): Promise<boolean> {
    return await this.#try(["merge-base", "--is-ancestor", one, other]) !== undefined;
  }

  /** The tree of a merge; absent when there are conflicts. */
  async mergeTree(one: string, other: string): Promise<string | undefined> {
    return await this.#try(["merge-tree", "--write-tree", one, other]);
  }
}
