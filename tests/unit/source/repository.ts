/**
 * Real repositories for tests.
 * @module
 */
import { join } from "node:path";

/** Runs git in a folder, as a person who has no configuration. */
export async function git(folder: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("git", {
    args: ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", ...args],
    cwd: folder,
    env: { GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: "/dev/null" },
  }).output();
  if (!success) throw new Error(`git ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout).trim();
}

/** A folder with a repository `work` and room for a cache; removed at the end. */
export class TestRepository implements AsyncDisposable {
  private constructor(readonly folder: string, readonly work: string, readonly cache: string) {}

  /** Makes a repository with a component `app` on the branch `main`. */
  static async create(): Promise<TestRepository> {
    const folder = await Deno.makeTempDir({ prefix: "plumb-source-" });
    const work = join(folder, "work");
    await Deno.mkdir(work);
    await git(work, "init", "--quiet", "--initial-branch=main");
    const repository = new TestRepository(folder, work, join(folder, "cache"));
    await repository.write("manifests/app/config.yaml", "a: 1\n");
    await repository.write("manifests/app/sub/more.yaml", "b: 2\n");
    await repository.write("README.md", "# Readme\n");
    await repository.commit("Add the app\n\nWith details.");
    return repository;
  }

  /** Writes a file of the work tree. */
  async write(path: string, content: string | Uint8Array): Promise<void> {
    const file = join(this.work, path);
    await Deno.mkdir(join(file, ".."), { recursive: true });
    await (typeof content === "string"
      ? Deno.writeTextFile(file, content)
      : Deno.writeFile(file, content));
  }

  /** Commits everything; yields the commit. */
  async commit(message: string, ...args: string[]): Promise<string> {
    await git(this.work, "add", "--all");
    await git(this.work, "commit", "--quiet", "--message", message, ...args);
    return await git(this.work, "rev-parse", "HEAD");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}
