/**
 * A data folder that is removed even if the process that made it dies.
 * @module
 */

/**
 * Waits for the end of its input, then removes the folder. The volumes of the cluster are empty folders
 * outside of it, whose paths stand as plain text in etcd's files. Processes that are just being killed may
 * still write: hence the repetition.
 */
const JANITOR = `
trap '' HUP INT TERM
read -r _
cd /
grep -raohE '/tmp/hostpath_pv/[0-9a-f-]{36}' "$1/etcd" 2>/dev/null | sort -u | xargs rmdir 2>/dev/null
for attempt in 1 2 3 4 5 6 7 8 9; do rm -rf -- "$1" && exit; sleep 0.2; done`;

/** A private folder, with a process beside it that removes it in the end. */
export class DataFolder implements AsyncDisposable {
  readonly path: string;
  readonly #janitor: Deno.ChildProcess;

  private constructor(path: string) {
    this.path = path;
    this.#janitor = new Deno.Command("/bin/sh", {
      args: ["-c", JANITOR, "janitor", path],
      stdin: "piped",
      stdout: "null",
      stderr: "null",
      detached: true,
    }).spawn();
    this.#janitor.unref();
  }

  /** Makes a new folder that only this user can read. */
  static async create(): Promise<DataFolder> {
    return new DataFolder(await Deno.makeTempDir({ prefix: "plumb-sandbox-" }));
  }

  /** Removes the folder and the folders of the volumes. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#janitor.ref();
    await this.#janitor.stdin.close();
    await this.#janitor.status;
  }
}
