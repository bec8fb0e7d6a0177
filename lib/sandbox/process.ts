/**
 * Processes that cannot outlive the one that started them.
 *
 * Each program runs in a process group of its own, together with a guard: a shell that waits for the end of
 * a pipe whose other end only the starter holds. When the starter closes it, or dies in whatever way, the
 * guard kills the group. The group's number stays taken as long as the guard lives, so that no stranger can
 * be killed by mistake.
 * @module
 */

import { join } from "node:path";
import { SandboxError } from "./error.ts";

const GUARDED = `
exec 3<&0
(trap '' HUP INT TERM; read -r _ <&3; kill -s KILL -- -$$) >/dev/null 2>&1 &
log=$1; shift
exec "$@" </dev/null >>"$log" 2>&1 3<&-`;

/** How many bytes at the end of a log an error quotes at the most. */
const QUOTED = 2000;

/** What to run. */
export interface ProcessOptions {
  /** For messages, and the name of the log file. */
  readonly name: string;
  readonly command: readonly string[];
  /** The working directory, where the log file `NAME.log` is, too. */
  readonly folder: string;
  /** The whole environment of the program. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** A running program, or one that has ended. */
export class Process {
  readonly name: string;
  /** The process id of the program itself. */
  readonly id: number;
  readonly log: string;
  readonly #child: Deno.ChildProcess;
  #ended = false;

  constructor(options: ProcessOptions) {
    this.name = options.name;
    this.log = join(options.folder, `${options.name}.log`);
    this.#child = new Deno.Command("/bin/sh", {
      args: ["-c", GUARDED, "guard", this.log, ...options.command],
      cwd: options.folder,
      clearEnv: true,
      env: { ...options.environment },
      stdin: "piped",
      stdout: "null",
      stderr: "null",
      detached: true,
    }).spawn();
    this.#child.unref();
    this.id = this.#child.pid;
    this.#child.status.then(() => this.end());
  }

  /** True until the program has exited or been ended. */
  get running(): boolean {
    return !this.#ended;
  }

  /** Kills the program and everything that it started, and waits until it is gone. */
  async end(): Promise<void> {
    this.#child.ref();
    if (!this.#ended) {
      this.#ended = true;
      await this.#child.stdin.close();
    }
    await this.#child.status;
  }

  /**
   * Fails if the program is no longer running.
   *
   * @throws {SandboxError} `port-taken` or `component-exited`, with the end of its log.
   */
  async assertRunning(): Promise<void> {
    if (this.running) return;
    const text = (await Deno.readTextFile(this.log)).slice(-QUOTED);
    const taken = text.includes("address already in use");
    throw new SandboxError(
      taken ? "port-taken" : "component-exited",
      `${this.name} exited before it was ready:\n${text.trimEnd()}`,
      { place: { file: this.log } },
    );
  }
}
