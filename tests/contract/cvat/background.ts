/** What goes on in the background: requests in queues, as long as somebody serves them. */
import type { Faults, Queue } from "./faults.ts";
import type { Account, BackgroundRequest, Task } from "./model.ts";

/** Looks after requests. */
export class Background implements Disposable {
  readonly #faults: Faults;
  readonly #requests = new Map<string, BackgroundRequest>();
  readonly #waiting: { readonly queue: Queue; readonly run: () => void }[] = [];
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(faults: Faults) {
    this.#faults = faults;
    this.#timer = setInterval(() => this.#serve(), 15);
  }

  get(id: string): BackgroundRequest | undefined {
    return this.#faults.losesRequests ? undefined : this.#requests.get(id);
  }

  /** Those of an account. */
  of(owner: Account): BackgroundRequest[] {
    return [...this.#requests.values()].filter((request) => request.owner.id === owner.id);
  }

  /** Queues work. @returns undefined while the same is under way. */
  add(
    queue: Queue,
    { id, type, task, format = null, owner }: {
      readonly id: string;
      readonly type: string;
      readonly task: Task;
      readonly format?: string | null;
      readonly owner: Account;
    },
    work: () => { readonly file?: Uint8Array<ArrayBuffer>; readonly path?: string },
  ): BackgroundRequest | undefined {
    const same = this.#requests.get(id);
    if (same?.status === "queued" || same?.status === "started") return undefined;
    const now = () => new Date().toISOString();
    const request: BackgroundRequest = {
      id,
      type,
      task: task.id,
      format,
      owner,
      created: now(),
      status: "queued",
      started: null,
      finished: null,
      message: "",
      resultPath: null,
      file: undefined,
    };
    this.#requests.set(id, request);
    const run = () => {
      request.started = now();
      try {
        if (this.#faults.workerSays !== undefined) throw new Error(this.#faults.workerSays);
        const { file, path = null } = work();
        Object.assign(request, { file, resultPath: path, status: "finished" });
      } catch (error) {
        request.message = `${(error as Error).message}\n`;
        request.status = "failed";
      }
      request.finished = now();
    };
    this.#waiting.push({ queue, run });
    return request;
  }

  #serve(): void {
    const at = this.#waiting.findIndex(({ queue }) => !this.#faults.unserved.has(queue));
    if (at >= 0) this.#waiting.splice(at, 1)[0]?.run();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
